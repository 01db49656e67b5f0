"""What can be done to many cases at once, each by the verb that does it to one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case as Choose
from django.db.models import CharField, Q, QuerySet, Value, When

from builder.models import Agent, QueueConnection
from cases.models import CLOSED, Case
from cases.models import Status as CaseStatus
from cases.search.search import having
from cases.work.changes import change_case
from cases.work.people import People
from data.errors import Refused
from runs.models import BulkAction
from runs.people import moves
from runs.people.briefing import Given
from runs.tools.people_targets import people_of
from teams.audit.actors import Actor
from teams.models import Team

type Arguments = Mapping[str, Any]
# What undoing needs to know of a case.
type Before = dict[str, Any]
type Skips = list[tuple[Q, str]]

Verb = BulkAction.Verb


@dataclass(frozen=True)
class Act:
    """One act. `skips`: which cases are left alone, and why. `undo` gets what `do` gave back; without it nothing is
    undone.
    """

    do: Callable[[Case, Arguments, Actor], Before]
    skips: Callable[[Team, Arguments], Skips]
    undo: Callable[[Case, Before, Arguments, Actor], None] | None = None


def with_reasons(cases: QuerySet[Case], team: Team, verb: str, arguments: Arguments) -> QuerySet[Any]:
    """Annotate the cases with `why` each is left alone, which is empty for those that are not."""
    rules = ACTS[verb].skips(team, arguments)
    whens = [When(rule, then=Value(why)) for rule, why in rules]
    return cases.annotate(why=Choose(*whens, default=Value(""), output_field=CharField()))


# --- What a case says ------------------------------------------------------------------------


def _set_priority(case: Case, arguments: Arguments, by: Actor) -> Before:
    before = {"priority": case.priority}
    change_case(case, priority=arguments["priority"], by=by)
    return before


def _reset_priority(case: Case, before: Before, arguments: Arguments, by: Actor) -> None:
    if case.priority != arguments["priority"]:
        raise Refused("Its priority was changed since.", "changed_since")
    change_case(case, priority=before["priority"], by=by)


def _put_on(case: Case, arguments: Arguments, by: Actor) -> None:
    change_case(case, labels=[*case.labels, arguments["label"]], by=by)


def _take_off(case: Case, arguments: Arguments, by: Actor) -> None:
    change_case(case, labels=[label for label in case.labels if label != arguments["label"]], by=by)


def _add_label(case: Case, arguments: Arguments, by: Actor) -> Before:
    _put_on(case, arguments, by)
    return {}


def _remove_label(case: Case, arguments: Arguments, by: Actor) -> Before:
    _take_off(case, arguments, by)
    return {}


def _rename_label(case: Case, arguments: Arguments, by: Actor) -> Before:
    others = [label for label in case.labels if label != arguments["label"]]
    change_case(case, labels=[*others, arguments["to"]], by=by)
    return {}


def _has_label(team: Team, arguments: Arguments) -> Q:
    return Q(having(team.pk, None, arguments["label"]))


# --- Where it is -----------------------------------------------------------------------------


def _undo(case: Case, before: Before, arguments: Arguments, by: Actor) -> None:
    moves.undo(case, before["seq"], by)


# A bulk action has no fields: the agent looks for them in the case.
_TOGETHER = Given(without_reason="Reassigned together with other cases.")


def _reassign(case: Case, arguments: Arguments, by: Actor) -> Before:
    """Reassign the case to an agent or to people, or to any agent of its queue if none is chosen."""
    id = arguments["agent"]
    if ":" in id:
        return {"seq": moves.assign_to_people(case, by, _people(case, id)).last_seq}
    agent = Agent.objects.live().filter(team=case.team_id, pk=id).first() if id else None
    if id and agent is None:
        raise Refused("The agent has been deleted.", "not_found")
    return {"seq": moves.reassign(case, by, agent, given=_TOGETHER).last_seq}


def _people(case: Case, wanted: str) -> People:
    kind, _, id = wanted.partition(":")
    found = people_of({"kind": kind, "agent_id": id}, case.team_id)
    if found is None:
        raise Refused("They can no longer take cases.", "not_found")
    return found


def _postpone(case: Case, arguments: Arguments, by: Actor) -> Before:
    return {"seq": moves.postpone(case, datetime.fromisoformat(arguments["until"]), by).last_seq}


def _retry(case: Case, arguments: Arguments, by: Actor) -> Before:
    return {"seq": moves.retry(case, by).last_seq}


def _complete(case: Case, arguments: Arguments, by: Actor) -> Before:
    return {"seq": moves.complete(case, arguments["text"], by).last_seq}


def _fail(case: Case, arguments: Arguments, by: Actor) -> Before:
    return {"seq": moves.fail(case, arguments["text"], by).last_seq}


def _delete(case: Case, arguments: Arguments, by: Actor) -> Before:
    moves.delete(case, by)
    return {}


_CLOSED = (Q(status__in=CLOSED), "Is closed already")


def _not_for_agent(team: Team, arguments: Arguments) -> Skips:
    if not arguments["agent"] or ":" in arguments["agent"]:
        return [_CLOSED]
    agent = UUID(arguments["agent"])
    role = QueueConnection.Role.CONSUMER
    queues = QueueConnection.objects.filter(agent=agent, agent__team=team, role=role)
    waiting = Q(assignee=agent, status__in=[CaseStatus.PENDING, CaseStatus.IN_PROGRESS])
    return [
        _CLOSED,
        (waiting, "Is with this agent already"),
        (~Q(queue__in=queues.values("queue")), "Its queue is not worked by this agent"),
    ]


ACTS: Mapping[str, Act] = {
    Verb.RETRY: Act(
        _retry,
        lambda team, arguments: [
            (Q(status=CaseStatus.PENDING), "Waits for an agent already"),
            (Q(status=CaseStatus.IN_PROGRESS), "Is being worked on"),
            (Q(status=CaseStatus.POSTPONED), "Is postponed"),
            (Q(status=CaseStatus.COMPLETED), "Is completed"),
        ],
        _undo,
    ),
    Verb.REASSIGN: Act(_reassign, _not_for_agent, _undo),
    Verb.PRIORITY: Act(
        _set_priority,
        lambda team, arguments: [(Q(priority=arguments["priority"]), "Has this priority already")],
        _reset_priority,
    ),
    Verb.ADD_LABEL: Act(
        _add_label,
        lambda team, arguments: [(_has_label(team, arguments), "Has the label already")],
        lambda case, before, arguments, by: _take_off(case, arguments, by),
    ),
    Verb.REMOVE_LABEL: Act(
        _remove_label,
        lambda team, arguments: [(~_has_label(team, arguments), "Does not have the label")],
        lambda case, before, arguments, by: _put_on(case, arguments, by),
    ),
    Verb.RENAME_LABEL: Act(
        _rename_label,
        lambda team, arguments: [(~_has_label(team, arguments), "Does not have the label")],
    ),
    Verb.POSTPONE: Act(_postpone, lambda team, arguments: [_CLOSED], _undo),
    Verb.COMPLETE: Act(_complete, lambda team, arguments: [_CLOSED], _undo),
    Verb.FAIL: Act(_fail, lambda team, arguments: [_CLOSED], _undo),
    Verb.DELETE: Act(_delete, lambda team, arguments: []),
}


def can_undo(verb: str) -> bool:
    return verb in ACTS and ACTS[verb].undo is not None


# --- In words ---------------------------------------------------------------------------------

_SAID = {
    Verb.RETRY: "Retried",
    Verb.REASSIGN: "Reassigned to {name}",
    Verb.PRIORITY: "Priority set to {name}",
    Verb.ADD_LABEL: "Label “{label}” added",
    Verb.REMOVE_LABEL: "Label “{label}” removed",
    Verb.RENAME_LABEL: "Label “{label}” renamed to “{to}”",
    Verb.POSTPONE: "Postponed until {name}",
    Verb.COMPLETE: "Completed",
    Verb.FAIL: "Marked as failed",
    Verb.DELETE: "Deleted",
}


def words(action: BulkAction) -> str:
    if action.undoes:
        return f"Undone: {words(action.undoes)}"
    return _SAID[Verb(action.verb)].format(**{"name": "…", **action.arguments})
