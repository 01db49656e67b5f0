"""What tests and replays leave behind, forgotten in time: answers, runs of tests, and revisions that were only tried.

What is typed is replayed whenever the words rest, so this is bounded by age. The results of checks stay for good, only
the runs that they lead to go.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from builder.models import Revision
from data import rows
from data.ids import first_id_at
from routes.models import Impact, Trial
from runs.models import Run

# How long an answer is kept that no check asked for; and one that a check would else have to pay for again.
REPLAYS_KEPT, TESTS_KEPT = timedelta(days=7), timedelta(days=90)
_MANY = 500

_OLD = """
    select trial.id, trial.run_id from routes_trial trial
    where trial.id < %s and trial.status <> 'running'
        and not exists (
            select from routes_impactcase replay where replay.team_id = trial.team_id and replay.key = trial.key
        )
        and (trial.id < %s or (trial.team_id, trial.key) not in (
            select result.team_id, unnest(array[result.before_key, result.after_key]) from routes_checkresult result
        ))
    order by trial.id limit %s
"""


@transaction.atomic
def forget(now: datetime) -> int:
    """Forget what is too old by then, up to a few hundred answers; how many it were."""
    Impact.objects.filter(created_at__lt=now - REPLAYS_KEPT).delete()
    found = rows.select(_OLD, [first_id_at(now - REPLAYS_KEPT), first_id_at(now - TESTS_KEPT), _MANY])
    runs = Run.objects.filter(pk__in=[run for _, run in found if run], trigger=Run.Trigger.TEST)
    tried = set(runs.values_list("agent", "revision"))
    runs.delete()
    Trial.objects.filter(pk__in=[id for id, _ in found]).delete()
    _forget_tried(tried)
    return len(found)


def _forget_tried(tried: set[tuple[UUID, UUID]]) -> None:
    """Those of the revisions that nobody follows any more, and nobody is about to."""
    ids = {revision for _, revision in tried}
    followed = Run.objects.filter(agent__in={agent for agent, _ in tried}, revision__in=ids)
    waiting = Trial.objects.filter(
        status__in=[Trial.Status.WAITING, Trial.Status.FAILED], question__revision__in=[str(id) for id in ids]
    )
    asked = {UUID(id) for id in waiting.values_list("question__revision", flat=True)}
    kept = asked.union(followed.values_list("revision", flat=True))
    Revision.objects.filter(pk__in=ids - kept, status=Revision.Status.TRIED).delete()
