"""The work: queues, their cases, and the append-only events that make a case's timeline."""

from .case import CLOSED, OPEN, Case, CaseQuerySet, CaseWords, Label, Reason, Status
from .company import Attachment, Comment, Watch, _file_place
from .event import QUIET, UNMOVING, CaseEvent, Kind
from .queue import DEFAULT_HOP_LIMIT, Queue, QueueQuerySet
from .upload import AgentUpload, CaseUpload, CaseUploadQuerySet, UploadRow

__all__ = [
    "CLOSED",
    "DEFAULT_HOP_LIMIT",
    "OPEN",
    "QUIET",
    "UNMOVING",
    "AgentUpload",
    "Attachment",
    "Case",
    "CaseEvent",
    "CaseQuerySet",
    "CaseUpload",
    "CaseUploadQuerySet",
    "CaseWords",
    "Comment",
    "Kind",
    "Label",
    "Queue",
    "QueueQuerySet",
    "Reason",
    "Status",
    "UploadRow",
    "Watch",
    "_file_place",
]
