"""Bulk actions. One act on many cases. A case after another, each in a transaction of its own that also says on its
item what became of it: whoever works may be killed at any moment, and nothing is done twice or forgotten.

The first cases are done in the request that starts the action, the others by the clock's hand.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import Case as Choose
from django.db.models import CharField, Count, QuerySet, UUIDField, Value, When
from django.db.models.functions import Now

from cases.models import Case
from cases.models import Status as CaseStatus
from cases.queues import labels
from cases.work import lifecycle as case_lifecycle
from data.errors import Refused
from data.threads import BackgroundTask
from runs.models import BulkAction, BulkItem
from teams.access import live
from teams.audit import audit
from teams.audit.actors import Actor
from teams.models import Team

from .actions import ACTS, Verb, can_undo, with_reasons, words

logger = logging.getLogger(__name__)

LIMIT = 50_000
# How long a request works before it leaves the rest to the clock's hand.
AT_ONCE_SECONDS = 1.0
_TURN_SECONDS = 2.0
_KEEP = timedelta(days=30)

State = BulkItem.State


# --- Looking ahead ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Preview:
    """What an action would do: to how many, how many it would leave alone by the reason, and whose runs would stop."""

    total: int
    left_alone: list[tuple[str, int]]
    working: int
    too_many: bool

    @property
    def acts_on(self) -> int:
        return self.total - sum(number for _, number in self.left_alone)


def preview(team: Team, verb: str, arguments: Mapping[str, Any] | None, cases: QuerySet[Case]) -> Preview:
    """Without arguments nobody knows yet which cases are left alone."""
    some = Case.objects.filter(pk__in=cases.order_by().values("pk")[: LIMIT + 1])
    judged: QuerySet[Any] = (
        some.annotate(why=Value("")) if arguments is None else with_reasons(some, team, verb, arguments)
    )
    rows = judged.order_by().values_list("why", "status").annotate(Count("pk"))
    left_alone: dict[str, int] = {}
    total = working = 0
    for why, status, number in rows:
        total += number
        if why:
            left_alone[why] = left_alone.get(why, 0) + number
        elif status == CaseStatus.IN_PROGRESS:
            working += number
    return Preview(min(total, LIMIT), sorted(left_alone.items()), working, total > LIMIT)


# --- Starting --------------------------------------------------------------------------------


@transaction.atomic
def start(team: Team, verb: str, arguments: Mapping[str, Any], cases: QuerySet[Case], by: Actor) -> BulkAction:
    """On the cases as they are chosen now: what fits the filter later is not in it. `cases` are the team's."""
    action = BulkAction.objects.create(team=team, user=by.user, actor=by.label, verb=verb, arguments=dict(arguments))
    state = Choose(When(why="", then=Value(State.WAITING)), default=Value(State.SKIPPED), output_field=CharField())
    rows = with_reasons(cases.order_by(), team, verb, arguments).annotate(
        for_action=Value(action.pk, UUIDField()), state=state
    )
    number = _insert(rows.values_list("for_action", "pk", "state", "why")[: LIMIT + 1])
    if number > LIMIT:
        raise Refused(f"These are more than {LIMIT:,} cases. Please narrow them down.", "too_many")
    audit.record(team.pk, "bulk_started", words(action), f"Cases: {number:,}", by=by, of=action)
    _announce(action)
    return action


@transaction.atomic
def undo(action: BulkAction, by: Actor) -> BulkAction:
    if not can_undo(action.verb):
        raise Refused("This cannot be undone.", "cannot_undo")
    BulkAction.objects.select_for_update(no_key=True).get(pk=action.pk)
    if BulkAction.objects.running().filter(pk=action.pk).exists():
        raise Refused("This is not done yet. Stop it first.", "running")
    try:
        with transaction.atomic():
            back = BulkAction.objects.create(
                team_id=action.team_id, user=by.user, actor=by.label, verb=Verb.UNDO, undoes=action
            )
    except IntegrityError as error:
        raise Refused("This was undone already.", "undone") from error
    done = action.items.filter(state=State.DONE).annotate(
        for_action=Value(back.pk, UUIDField()), new=Value(State.WAITING, CharField()), no=Value("", CharField())
    )
    number = _insert(done.order_by().values_list("for_action", "case_id", "new", "no"))
    audit.record(action.team_id, "bulk_undone", words(action), f"Cases: {number:,}", by=by, of=back)
    _announce(back)
    return back


def _insert(rows: QuerySet[Any, Any]) -> int:
    try:
        sql, values = rows.query.sql_with_params()
    except EmptyResultSet:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(f"insert into runs_bulkitem (action_id, case_id, state, text) {sql}", values)
        return int(cursor.rowcount)


@transaction.atomic
def stop(action: BulkAction) -> None:
    """What is done is done; the rest is left alone."""
    stopped = {"status": BulkAction.Status.STOPPED, "ended_at": Now()}
    if BulkAction.objects.running().filter(pk=action.pk).update(**stopped):
        audit.record(action.team_id, "bulk_stopped", words(action), of=action)
    _announce(action)


# --- Working ---------------------------------------------------------------------------------


def process(action_id: UUID, seconds: float) -> None:
    """One case after another, until all are done or the time is over."""
    ends = time.monotonic() + seconds
    told = 0.0
    while time.monotonic() < ends:
        action = _work_next(action_id)
        if action is None:
            _finish(action_id)
            return
        if time.monotonic() - told > 0.3:
            told = time.monotonic()
            _announce(action)


@transaction.atomic
def _work_next(action_id: UUID) -> BulkAction | None:
    """None when there is nothing to do, or another one does it."""
    waiting = BulkItem.objects.filter(action=action_id, state=State.WAITING, action__status=BulkAction.Status.RUNNING)
    item = (
        waiting.select_for_update(skip_locked=True, no_key=True, of=("self",))
        .select_related("action__team", "action__user", "action__undoes")
        .order_by("id")
        .first()
    )
    if item is None:
        return None
    item.state, item.text = State.DONE, ""
    try:
        with transaction.atomic():
            _do(item)
    except Refused as refusal:
        item.state, item.text = State.FAILED, refusal.message[:300]
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("case %s of bulk action %s", item.case_id, action_id)
        item.state, item.text = State.FAILED, "Something went wrong. It is in the log."
    item.save(update_fields=["state", "text", "before"])
    return item.action


def _do(item: BulkItem) -> None:
    action = item.action
    by = Actor(action.actor, action.user)
    case = case_lifecycle.lock(item.case_id)
    if case.deleted_at:
        item.state, item.text = State.SKIPPED, "Was deleted meanwhile"
        return
    if action.undoes:
        done = action.undoes.items.get(case=case)
        undo_one = ACTS[action.undoes.verb].undo
        assert undo_one
        undo_one(case, done.before, action.undoes.arguments, by)
        return
    # Seen again under the lock: it may have moved since it was chosen.
    row = with_reasons(Case.objects.filter(pk=case.pk), action.team, action.verb, action.arguments)
    if why := row.values_list("why", flat=True).get():
        item.state, item.text = State.SKIPPED, why
        return
    item.before = ACTS[action.verb].do(case, action.arguments, by)


@transaction.atomic
def _finish(action_id: UUID) -> None:
    waiting = BulkItem.objects.filter(action=action_id, state=State.WAITING)
    action = BulkAction.objects.select_for_update(no_key=True).filter(pk=action_id).first()
    if action is None or action.status != BulkAction.Status.RUNNING or waiting.exists():
        return
    action.status = BulkAction.Status.DONE
    action.save(update_fields=["status"])
    BulkAction.objects.filter(pk=action_id).update(ended_at=Now())
    if action.arguments.get("forget"):
        labels.forget(action.team_id, action.arguments["label"])
        if action.verb == Verb.REMOVE_LABEL:
            label = action.arguments["label"]
            audit.record(action.team_id, "label_deleted", label, by=Actor(action.actor, action.user))
    _announce(action)


def _announce(action: BulkAction) -> None:
    live.announce(action.team_id, "bulk", action.pk)


def background_task() -> BackgroundTask:
    return BackgroundTask("bulk actions", has_work, process_all, forget_old)


def has_work() -> bool:
    return BulkAction.objects.running().exists()


def process_all() -> None:
    """By turns, so that a long action holds up no short one."""
    while found := list(BulkAction.objects.running().order_by("created_at").values_list("pk", flat=True)):
        for action_id in found:
            process(action_id, _TURN_SECONDS)


def forget_old() -> None:
    BulkAction.objects.filter(ended_at__lt=Now() - _KEEP).delete()


# --- What became of it -----------------------------------------------------------------------


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
    """The cases that were left alone or failed."""
    rows = action.items.exclude(state__in=[State.DONE, State.WAITING]).select_related("case")
    return rows.defer("before", "case__data", "case__detail")
