"""The work of a bulk action: one case after another, each in a transaction that also writes on its item what happened.

A process that works may be killed at any moment, and still nothing is done twice or forgotten. The first cases are done
in the request that starts the action, the others in a background task of the clock.
"""

import logging
import time
from datetime import timedelta
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.db.models.functions import Now

from cases.models import Case
from cases.queues import labels
from cases.work import lifecycle as case_lifecycle
from data.errors import Refused
from data.threads import BackgroundTask
from data.tidying import delete_old
from runs.models import BulkAction, BulkItem
from teams.access import live
from teams.audit import audit
from teams.audit.actors import Actor

from .actions import ACTS, Verb, with_reasons

logger = logging.getLogger(__name__)

# How long a request works before it leaves the rest to the background task.
AT_ONCE_SECONDS = 1.0
_TURN_SECONDS = 2.0
# How often the pages that show the action are told.
_ANNOUNCE_SECONDS = 0.3
_KEEP = timedelta(days=30)

State = BulkItem.State


def background_task() -> BackgroundTask:
    return BackgroundTask("bulk actions", has_work, process_all, forget_old)


def has_work() -> bool:
    return BulkAction.objects.running().exists()


def process_all() -> None:
    """Work on all running actions in turns, so that a long action does not delay a short one."""
    while found := list(BulkAction.objects.running().order_by("created_at").values_list("pk", flat=True)):
        for action_id in found:
            process(action_id, _TURN_SECONDS)


def process(action_id: UUID, seconds: float) -> None:
    """Work on one case after another, until all are done or the time is over."""
    ends = time.monotonic() + seconds
    announced_at = 0.0
    while time.monotonic() < ends:
        action = process_next(action_id)
        if action is None:
            _finish(action_id)
            return
        # A message for each case would keep every open page busy.
        if time.monotonic() - announced_at > _ANNOUNCE_SECONDS:
            announced_at = time.monotonic()
            announce(action)


@transaction.atomic
def process_next(action_id: UUID) -> BulkAction | None:
    """Work on the next case. Return None when no case waits, or other processes work on all that do."""
    waiting = BulkItem.objects.filter(action=action_id, state=State.WAITING, action__status=BulkAction.Status.RUNNING)
    item = (
        waiting.select_for_update(skip_locked=True, no_key=True, of=("self",))
        .select_related("action__team", "action__user", "action__undoes")
        .order_by("id")
        .first()
    )
    if item is None:
        return None
    try:
        with transaction.atomic():
            item.state, item.text = _process_item(item)
    except Refused as refusal:
        item.state, item.text = State.FAILED, refusal.message[:300]
    except (OperationalError, InterfaceError):
        raise  # the item keeps waiting until the database is back
    except Exception:
        logger.exception("case %s of bulk action %s", item.case_id, action_id)
        item.state, item.text = State.FAILED, "Something went wrong. The log has the error."
    item.save(update_fields=["state", "text", "before"])
    return item.action


def _process_item(item: BulkItem) -> tuple[State, str]:
    action = item.action
    by = Actor(action.actor, action.user)
    case = case_lifecycle.lock(item.case_id)
    if case.deleted_at:
        return State.SKIPPED, "Has been deleted"
    if action.undoes:
        undo_one = ACTS[action.undoes.verb].undo
        assert undo_one
        undo_one(case, action.undoes.items.get(case=case).before, action.undoes.arguments, by)
        return State.DONE, ""
    # Look again under the lock: the case may have moved since it was chosen.
    row = with_reasons(Case.objects.filter(pk=case.pk), action.team, action.verb, action.arguments)
    if why := row.values_list("why", flat=True).get():
        return State.SKIPPED, why
    item.before = ACTS[action.verb].do(case, action.arguments, by)
    return State.DONE, ""


@transaction.atomic
def _finish(action_id: UUID) -> None:
    waiting = BulkItem.objects.filter(action=action_id, state=State.WAITING)
    action = BulkAction.objects.select_for_update(no_key=True).filter(pk=action_id).first()
    if action is None or action.status != BulkAction.Status.RUNNING or waiting.exists():
        return
    action.status = BulkAction.Status.DONE
    action.save(update_fields=["status"])
    # By the database's clock, which also decides when the action is forgotten.
    BulkAction.objects.filter(pk=action_id).update(ended_at=Now())
    if action.arguments.get("forget"):
        labels.forget(action.team_id, action.arguments["label"])
        if action.verb == Verb.REMOVE_LABEL:
            label = action.arguments["label"]
            audit.record(action.team_id, "label_deleted", label, by=Actor(action.actor, action.user))
    announce(action)


def announce(action: BulkAction) -> None:
    live.announce(action.team_id, "bulk", action.pk)


def forget_old() -> bool:
    return delete_old(BulkAction.objects.filter(ended_at__lt=Now() - _KEEP))
