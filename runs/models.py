"""The working: runs, their steps, the handovers they ask for and the questions they wait on."""

from runs.bulk.models import BulkAction, BulkActionQuerySet, BulkItem
from runs.engine.handover_models import Handover
from runs.engine.models import (
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
    Step,
)
from runs.people.models import HumanRequest, HumanRequestQuerySet, RequestEmail
from runs.providers.models import ToolCalling
from runs.schedules.models import Schedule

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
