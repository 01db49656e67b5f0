"""The only code that moves a run from one status to another; `claims` alone moves queued runs to running.

Every verb takes a run whose row the caller has locked, inside a transaction, after its case's row.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from channels.email import replies
from data import rows
from data.errors import Refused
from data.redis import bell
from data.texts.text import storable
from runs.models import ENDED, MAX_LOSSES, HumanRequest, Outcome, Run, Status
from runs.notifications import request_email, run_webhooks
from runs.telemetry import counters, logs, tracing
from teams.access import live
from teams.audit.actors import BATON, Actor

logger = logging.getLogger(__name__)

MOVES: Mapping[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.RUNNING, Status.FAILED, Status.STOPPED}),
    Status.RUNNING: frozenset({Status.QUEUED, Status.WAITING, Status.COMPLETED, Status.FAILED, Status.STOPPED}),
    Status.WAITING: frozenset({Status.QUEUED, Status.FAILED, Status.STOPPED}),
    Status.COMPLETED: frozenset(),
    Status.FAILED: frozenset(),
    Status.STOPPED: frozenset(),
}


# Seconds that a run waits when one worker after another was lost with it.
_LONGEST_WAIT = 5


class IllegalMove(Refused):
    """The run cannot move from its status to the requested one."""


def _move(run: Run, to: Status, **changes: Any) -> None:
    if to not in MOVES[Status(run.status)]:
        raise IllegalMove(f"This run is {run.status}, so it cannot become {to.label.lower()}.", "illegal_move")
    # Wherever the run goes, no worker holds it any more. Only a claim sets these two.
    fields = {**changes, "status": to, "worker": "", "lease_until": None}
    # Waits for people and for a free place are no work.
    if run.status == Status.RUNNING:
        fields["worked"] = run.worked + run.in_hand_for
    for name, value in fields.items():
        setattr(run, name, value)
    rows.update(run, list(fields))
    run_webhooks.moved(run)
    live.announce(run.team_id, "run", run.pk)
    # Nothing is counted or traced that may yet be rolled back.
    if to in ENDED:
        transaction.on_commit(partial(_tell_end, run), robust=True)


def _tell_end(run: Run) -> None:
    with logs.about(run_id=run.pk, case_id=run.case_id, team_id=run.team_id):
        tracing.run_ended(run)
        counters.count("runs_ended", run.status, run.outcome, run.error_code)
        logger.info("the run %s", " ".join(filter(None, [run.status, run.outcome, run.error_code])))


def complete(run: Run, outcome: Outcome, result: str) -> None:
    _move(run, Status.COMPLETED, outcome=outcome, result=storable(result), ended_at=rows.NOW)


def fail(run: Run, code: str, error: str) -> None:
    _end(run, Status.FAILED, "The run failed.", error_code=code, error=storable(error))


def stop(run: Run, why: str, by: Actor = BATON) -> None:
    """Stop the run for a person or the API. This raises the fence, so the worker's next write changes nothing.

    `why` is a sentence for those who read the run, and who were asked something that needs no answer any more.
    """
    said = {"stopped_by": by.label[:100], "stopped_by_user": by.user, "stopped_because": storable(why)[:300]}
    _end(run, Status.STOPPED, why, fence=run.fence + 1, **said)


def _end(run: Run, to: Status, why: str, **changes: Any) -> None:
    _move(run, to, ended_at=rows.NOW, **changes)
    closed = run.human_requests.open().update(
        status=HumanRequest.Status.CLOSED, answered_at=Now(), closed_because=storable(why)[:300]
    )
    if closed:
        # What waited for approval must not be sent when nobody is left to answer for it.
        replies.drop(run.pk)
        unanswered = run.human_requests.filter(status=HumanRequest.Status.CLOSED)
        request_email.settled(unanswered.values_list("pk", flat=True), run.team_id)
        run_webhooks.closed(unanswered, run)
        live.announce(run.team_id, "request", run.pk)


def wait(run: Run) -> None:
    """Make the run wait for a person. The reverse is `wake`."""
    _move(run, Status.WAITING)


def wake(run: Run) -> None:
    _move(run, Status.QUEUED, available_at=rows.NOW)
    bell.ring()


def release(run: Run) -> None:
    """Give the run back because its worker shuts down. Another worker can claim it at once."""
    _move(run, Status.QUEUED, available_at=rows.NOW)
    bell.ring()


def take_from_worker(run: Run) -> None:
    """Take the run from a worker that does not know. As with `release` another one goes on, and since the fence is
    raised, whatever the first still writes is refused.
    """
    _move(run, Status.QUEUED, available_at=rows.NOW, fence=run.fence + 1)
    bell.ring()


def retry_later(run: Run, delay: timedelta, error: str) -> None:
    """Retry later, since the model's provider is not available. Until then the run does not count as running."""
    # The first counts failures in a row and starts again with the next answer, the second counts them all.
    again = {"retries": run.retries + 1, "retried": run.retried + 1}
    _move(run, Status.QUEUED, available_at=rows.in_time(delay), error=error, **again)


def lose(run: Run) -> bool:
    """Take the run from a worker that is gone, or whose fence is. Return True when another may go on, False when the
    run was lost too often and has failed.
    """
    losses, fence = run.losses + 1, run.fence + 1
    transaction.on_commit(partial(_tell_loss, run), robust=True)
    if losses >= MAX_LOSSES:
        why = f"Its worker was lost {losses} times."
        _end(run, Status.FAILED, why, losses=losses, fence=fence, error_code="run_lost", error=why)
        return False
    # The first time another worker goes on at once. Where one after another is lost, the next would be, too: a machine
    # that is too busy, or a run that ends its workers.
    waits = timedelta(seconds=min(settings.BATON_LEASE_SECONDS / 3, _LONGEST_WAIT)) * (losses - 1)
    _move(run, Status.QUEUED, losses=losses, fence=fence, available_at=rows.in_time(waits))
    bell.ring()
    return True


def _tell_loss(run: Run) -> None:
    with logs.about(run_id=run.pk, case_id=run.case_id, team_id=run.team_id):
        counters.count("lease_losses")
        logger.warning("the run's worker was lost, loss %s", run.losses)
