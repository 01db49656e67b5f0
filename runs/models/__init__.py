"""The working: runs, their steps, the handovers they ask for and the questions they wait on."""

from .bulk import BulkAction, BulkActionQuerySet, BulkItem
from .handover import Correction, CorrectionQuerySet, Handover
from .human_request import HumanRequest, HumanRequestQuerySet, Letter
from .run import ENDED, LENGTH, LIVE, MAX_LOSSES, STATE, Outcome, Run, RunQuerySet, RunWords, Status, Step
from .schedule import Schedule
from .tool_calling import ToolCalling

__all__ = [
    "ENDED",
    "LENGTH",
    "LIVE",
    "MAX_LOSSES",
    "STATE",
    "BulkAction",
    "BulkActionQuerySet",
    "BulkItem",
    "Correction",
    "CorrectionQuerySet",
    "Handover",
    "HumanRequest",
    "HumanRequestQuerySet",
    "Letter",
    "Outcome",
    "Run",
    "RunQuerySet",
    "RunWords",
    "Schedule",
    "Status",
    "Step",
    "ToolCalling",
]
