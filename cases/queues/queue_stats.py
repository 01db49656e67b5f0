"""Statistics of queues: since when cases wait, and a small chart of the cases completed in each of the last hours."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import TruncHour
from django.utils import timezone

from cases.models import Case, Queue, Status

HOURS = 24
# Of the picture: a bar for each hour.
BAR, GAP, HEIGHT = 3, 1, 20
WIDTH = HOURS * (BAR + GAP) - GAP


@dataclass(frozen=True)
class Flow:
    """How a queue does. `oldest`: since when the case waits that waits longest. `hours`: completed in each hour, the
    present one last.
    """

    hours: tuple[int, ...] = (0,) * HOURS
    oldest: datetime | None = None

    @property
    def completed(self) -> int:
        return sum(self.hours)

    @property
    def bars(self) -> str:
        """The bars of the hours in which cases were completed: one path, as a page may show fifty charts."""
        most = max(self.hours) or 1
        return _path({at: max(2.0, round(HEIGHT * number / most, 1)) for at, number in enumerate(self.hours) if number})

    @property
    def gaps(self) -> str:
        """The other hours."""
        return _path({at: 1.0 for at, number in enumerate(self.hours) if not number})

    @property
    def words(self) -> str:
        most = max(self.hours)
        if not most:
            return "None completed in 24 hours"
        return f"{self.completed:,} completed in 24 hours, at most {most:,} in an hour"


def _path(heights: Mapping[int, float]) -> str:
    """Return bars of these heights, by hour, as the path of an SVG."""
    return "".join(f"M{at * (BAR + GAP)} {HEIGHT}v-{height:g}h{BAR}v{height:g}z" for at, height in heights.items())


def flows(queue_ids: Collection[UUID]) -> dict[UUID, Flow]:
    """Return the statistics of each queue, with two queries."""
    present = Case.objects.present().filter(queue__in=queue_ids).order_by()
    waiting = Case.objects.present().pending().filter(queue=OuterRef("pk")).order_by("moved_at")
    queues = Queue.objects.filter(pk__in=queue_ids).annotate(oldest=Subquery(waiting.values("moved_at")[:1]))
    oldest = dict(queues.order_by().values_list("pk", "oldest"))
    this_hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    first = this_hour - timedelta(hours=HOURS - 1)
    done = present.filter(status=Status.COMPLETED, moved_at__gte=first)
    hours: dict[UUID, list[int]] = defaultdict(lambda: [0] * HOURS)
    for queue_id, hour, number in done.values_list("queue", TruncHour("moved_at")).annotate(Count("pk")):
        hours[queue_id][min(max(int((hour - first) / timedelta(hours=1)), 0), HOURS - 1)] += number
    return {pk: Flow(tuple(hours[pk]), oldest.get(pk)) for pk in queue_ids}
