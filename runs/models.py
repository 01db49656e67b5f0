"""The working: runs, their steps, the handovers they ask for and the questions they wait on."""

from runs.bulk.models import BulkAction, BulkActionQuerySet, BulkItem
from runs.people.models import HumanRequest, HumanRequestQuerySet, RequestEmail
from runs.schedules.models import Schedule

from .engine.handover_models import Handover
from .engine.models import (
    ENDED,
    LENGTH,
    LIVE,
    MAX_LOSSES,
    STATE,
    WITHOUT_EFFECT,
    Outcome,
    Run,
    RunQuerySet,
    RunWords,
    Status,
)
from .providers.models import ToolCalling
from .record.models import Step

__all__ = [
    "ENDED",
    "LENGTH",
    "LIVE",
    "MAX_LOSSES",
    "STATE",
    "WITHOUT_EFFECT",
    "BulkAction",
    "BulkActionQuerySet",
    "BulkItem",
    "Handover",
    "HumanRequest",
    "HumanRequestQuerySet",
    "Outcome",
    "RequestEmail",
    "Run",
    "RunQuerySet",
    "RunWords",
    "Schedule",
    "Status",
    "Step",
    "ToolCalling",
]
