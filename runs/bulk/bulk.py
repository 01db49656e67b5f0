"""Bulk actions: previewing, starting, undoing and stopping one act on many cases. `processing` does the work."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import IntegrityError, connection, transaction
from django.db.models import Case as Choose
from django.db.models import CharField, Count, QuerySet, UUIDField, Value, When
from django.db.models.functions import Now

from cases.models import Case
from cases.models import Status as CaseStatus
from data.errors import Refused
from runs.models import BulkAction, BulkItem
from teams.audit import audit
from teams.audit.actors import Actor
from teams.models import Team

from .actions import Verb, can_undo, with_reasons, words
from .processing import announce

LIMIT = 50_000

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
    """Return the preview. Without arguments it is not known yet which cases are left alone."""
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
    """Start the action on the cases as chosen now; cases that fit the filter later are not in it."""
    action = BulkAction.objects.create(team=team, user=by.user, actor=by.label, verb=verb, arguments=dict(arguments))
    state = Choose(When(why="", then=Value(State.WAITING)), default=Value(State.SKIPPED), output_field=CharField())
    rows = with_reasons(cases.order_by(), team, verb, arguments).annotate(
        for_action=Value(action.pk, UUIDField()), state=state
    )
    number = _insert(rows.values_list("for_action", "pk", "state", "why")[: LIMIT + 1])
    if number > LIMIT:
        raise Refused(f"These are more than {LIMIT:,} cases. Narrow them down.", "too_many")
    audit.record(team.pk, "bulk_started", words(action), f"Cases: {number:,}", by=by, of=action)
    announce(action)
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
        raise Refused("This has already been undone.", "undone") from error
    done = action.items.filter(state=State.DONE).annotate(
        for_action=Value(back.pk, UUIDField()), new=Value(State.WAITING, CharField()), no=Value("", CharField())
    )
    number = _insert(done.order_by().values_list("for_action", "case_id", "new", "no"))
    audit.record(action.team_id, "bulk_undone", words(action), f"Cases: {number:,}", by=by, of=back)
    announce(back)
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
    """Stop the action. What is done stays done, and the rest is left alone."""
    stopped = {"status": BulkAction.Status.STOPPED, "ended_at": Now()}
    if BulkAction.objects.running().filter(pk=action.pk).update(**stopped):
        audit.record(action.team_id, "bulk_stopped", words(action), of=action)
    announce(action)
