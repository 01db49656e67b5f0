"""Statistics of queues: since when cases wait, and a small chart of the cases completed in each of the last hours."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.utils import timezone

HOURS = 24
# Nobody counts on beyond that in an hour: a busy queue completes more than a page could count.
MOST_IN_AN_HOUR = 1000
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
        if most > MOST_IN_AN_HOUR:
            return f"More than {self.completed - 1:,} completed in 24 hours, more than {MOST_IN_AN_HOUR:,} in an hour"
        return f"{self.completed:,} completed in 24 hours, at most {most:,} in an hour"


def _path(heights: Mapping[int, float]) -> str:
    """Return bars of these heights, by hour, as the path of an SVG."""
    return "".join(f"M{at * (BAR + GAP)} {HEIGHT}v-{height:g}h{BAR}v{height:g}z" for at, height in heights.items())


# Both look into an index, once for each queue and hour; what is far away is not read.
_FLOWS = """
    select queue, (
        select moved_at from cases_case
        where queue_id = queue and status = 'pending' and deleted_at is null order by moved_at limit 1
    ), array(
        select (
            select count(*) from (
                select from cases_case
                where queue_id = queue and status = 'completed' and deleted_at is null
                    and moved_at >= hour and moved_at < hour + interval '1 hour'
                limit %(most)s
            ) found
        ) from unnest(%(hours)s::timestamptz[]) with ordinality wanted (hour, place) order by place
    ) from unnest(%(queues)s::uuid[]) queue
"""


def flows(queue_ids: Collection[UUID]) -> dict[UUID, Flow]:
    """Return the statistics of each queue. Hours are counted up to one more than MOST_IN_AN_HOUR."""
    this_hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    hours = [this_hour - timedelta(hours=ago) for ago in reversed(range(HOURS))]
    with connection.cursor() as cursor:
        cursor.execute(_FLOWS, {"queues": list(queue_ids), "hours": hours, "most": MOST_IN_AN_HOUR + 1})
        return {queue_id: Flow(tuple(counts), oldest) for queue_id, oldest, counts in cursor.fetchall()}
