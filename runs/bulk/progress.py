"""How far bulk actions are, and which cases they left alone."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, QuerySet

from runs.models import BulkAction, BulkItem

State = BulkItem.State


@dataclass(frozen=True)
class Progress:
    waiting: int = 0
    done: int = 0
    skipped: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        return self.waiting + self.done + self.skipped + self.failed

    @property
    def settled(self) -> int:
        return self.total - self.waiting


def progress(actions: list[BulkAction]) -> dict[UUID, Progress]:
    counts: dict[UUID, dict[str, int]] = {action.pk: {} for action in actions}
    rows = BulkItem.objects.filter(action__in=counts).order_by().values_list("action_id", "state").annotate(Count("pk"))
    for action_id, state, number in rows:
        counts[action_id][state] = number
    return {action_id: Progress(**found) for action_id, found in counts.items()}


def outcomes(action: BulkAction) -> QuerySet[BulkItem]:
    """Return the cases that were left alone or failed."""
    rows = action.items.exclude(state__in=[State.DONE, State.WAITING]).select_related("case")
    return rows.defer("before", "case__data", "case__detail")
