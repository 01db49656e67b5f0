"""The work: queues, their cases, and the append-only events that make a case's timeline."""

from cases.collaboration.models import Attachment, Comment, Watch
from cases.correspondence.models import CaseMessage, MessageDirection, MessageStatus
from cases.imports.models import AgentUpload, CaseUpload, CaseUploadQuerySet, UploadRow
from cases.notifications.models import Notification, NotificationQuerySet
from cases.queues.models import DEFAULT_HOP_LIMIT, Label, Queue, QueueQuerySet
from cases.search.models import CaseWords
from cases.timeline.models import QUIET, UNMOVING, CaseEvent, Kind
from cases.work.models import CLOSED, OPEN, Case, CaseQuerySet, Reason, Status

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
    "CaseMessage",
    "CaseQuerySet",
    "CaseUpload",
    "CaseUploadQuerySet",
    "CaseWords",
    "Comment",
    "Kind",
    "Label",
    "MessageDirection",
    "MessageStatus",
    "Notification",
    "NotificationQuerySet",
    "Queue",
    "QueueQuerySet",
    "Reason",
    "Status",
    "UploadRow",
    "Watch",
]
