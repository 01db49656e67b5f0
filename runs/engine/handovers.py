"""Handover: whom a run may hand over to, recording its request, and applying it when the run completes."""

import re
from collections.abc import Callable, Iterable
from uuid import UUID

from builder.models import Agent, Revision
from builder.procedures import targets as builder_targets
from builder.usage.limits import overspent
from cases.models import DEFAULT_HOP_LIMIT, Case, Queue
from cases.work import lifecycle as case_lifecycle
from data import rows
from data.redis import bell
from runs.models import Handover, Run
from runs.notifications import run_webhooks
from runs.prompts.arguments import as_key, plain

type TargetRow = dict[str, str]

# A pair of agents may exchange a case this often; once more needs new data or a new note.
_EXCHANGES = 2


class Undeliverable(Exception):
    """A recorded handover cannot be applied. `code` is the reason the case is parked with."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def frozen_targets(agent: Agent, revision: Revision, case: Case | None) -> list[TargetRow]:
    """The agents that the revision mentions and that could take over now, each with a short key for the model."""
    found: list[TargetRow] = []
    for target in _available(agent, revision, case):
        key = _unique(target.slug, {row["key"] for row in found})
        found.append({"key": key, "agent_id": str(target.pk), "name": target.name, "description": target.description})
    return found


def _available(agent: Agent, revision: Revision, case: Case | None) -> list[Agent]:
    """In the order of the text."""
    queue_id = case.queue_id if case else None
    mentioned = rows.join(_MENTIONED, [queue_id, revision.pk, agent.pk], target=Agent, consumes=_CONSUMES)
    obstacles = [
        (target, _why_not_on_case(target, consumes) if case else why_not(target, None))
        for target, consumes in mentioned
    ]
    return [target for target, obstacle in obstacles if obstacle is None]


_CONSUMES = "connection.id is not null"
_MENTIONED = """
    from builder_mention mention
    join builder_agent target on target.id = mention.target_id
    left join builder_queueconnection connection
        on connection.agent_id = target.id and connection.queue_id = %s and connection.role = 'consumer'
    where mention.revision_id = %s and target.id <> %s
    order by mention.position
"""
_QUEUE = """
    from cases_queue queue
    left join builder_queueconnection connection
        on connection.agent_id = %s and connection.queue_id = queue.id and connection.role = 'consumer'
    where queue.id = %s
"""


def _unique(key: str, taken: set[str]) -> str:
    number, found = 1, key
    while found in taken:
        number += 1
        found = f"{key}-{number}"
    return found


def why_not(target: Agent, case: Case | None) -> str | None:
    """Why the target could not take over now; None when it can."""
    if case is not None:
        [(case.queue, consumes)] = rows.join(_QUEUE, [target.pk, case.queue_id], queue=Queue, consumes=_CONSUMES)
        return _why_not_on_case(target, consumes)
    if target.is_deleted:
        return f"{target.name} was deleted."
    if target.is_paused:
        return f"{target.name} is paused."
    if any(problem.blocking for problem in builder_targets.problems(target)):
        return f"{target.name} cannot start: its procedure mentions a deleted agent."
    if found := overspent([target]).get(target.pk):
        return f"{target.name} starts nothing new: {found.words}."
    return None


def _why_not_on_case(target: Agent, consumes: bool) -> str | None:
    if target.is_deleted:
        return f"{target.name} was deleted."
    # Paused, held up or out of money, it finds the case waiting.
    return None if consumes else f"{target.name} does not work this queue."


def find_target(wanted: str, rows: Iterable[TargetRow]) -> TargetRow | None:
    """By key, by id or by name; however it is written, where only one target can be meant."""
    rows, id = list(rows), _id_in(wanted)
    if id:  # whatever name stands beside it
        return next((row for row in rows if row["agent_id"] == id), None)
    ways: list[Callable[[TargetRow], bool]] = [
        lambda row: row["key"] == wanted,
        lambda row: row["name"] == wanted,
        lambda row: plain(wanted) in (plain(row["key"]), plain(row["name"])),
        lambda row: as_key(wanted) in (row["key"], as_key(row["name"])),
    ]
    for is_meant in ways:
        if found := [row for row in rows if is_meant(row)]:
            return found[0] if len(found) == 1 else None
    return None


def names(wanted: str, agent: Agent) -> bool:
    """Whether a target that was asked for is this agent."""
    row = {"key": agent.slug, "agent_id": str(agent.pk), "name": agent.name, "description": ""}
    return find_target(wanted, [row]) is not None


_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def _id_in(wanted: str) -> str | None:
    """Of an agent's token as it stands in procedures, or of an id alone."""
    written = plain(wanted)
    token = re.fullmatch(rf"\[.*\]\(agent:({_ID.pattern})\)|(?:agent:)?({_ID.pattern})", written, re.DOTALL)
    return (token[1] or token[2]) if token else None


def hops_left(run: Run, case: Case | None) -> int:
    if case is not None:
        return max(0, case.queue.hop_limit - case.hops)
    return max(0, DEFAULT_HOP_LIMIT - run.hop)


def requested(run: Run, target: Agent, reason: str, note: str) -> Handover:
    """As the run asked for it, not saved yet."""
    return Handover(
        team_id=run.team_id,
        source=run,
        source_agent_id=run.agent_id,
        target=target,
        target_name=target.name,
        reason=reason,
        note=note,
    )


def deliver(handover: Handover, run: Run, case: Case | None) -> None:
    """Checks the request against how things are now, applies and saves it; both rows are locked. Or Undeliverable."""
    target = handover.target
    if obstacle := why_not(target, case):
        raise Undeliverable("target_unavailable", obstacle)
    if hops_left(run, case) == 0:
        raise Undeliverable("hop_limit", "It was handed over as often as allowed.")
    earlier = _earlier(run, case)
    _check_exchanges(handover, run, case, earlier)
    if case is not None:
        case_lifecycle.hand_over(case, target, handover.reason, handover.note, agent_id=run.agent_id, run_id=run.pk)
    else:
        handover.next_run = _fresh_run(target, run)
    handover.status = Handover.Status.APPLIED
    handover.applied_at = rows.NOW
    handover.is_return = _is_return(handover, earlier)
    rows.insert([handover])
    run_webhooks.handed_over(handover, run)


def resulting_run(handover: Handover) -> Run | None:
    """The run of the target that an applied handover led to, if it has begun."""
    if handover.source.case_id is None:
        return handover.next_run
    later = Run.objects.filter(case=handover.source.case_id, created_at__gt=handover.source.created_at)
    run = later.order_by("created_at").first()
    return run if run and run.agent_id == handover.target_id else None


def cancel(handover: Handover) -> None:
    handover.status = Handover.Status.CANCELLED
    rows.insert([handover])


def _fresh_run(target: Agent, source: Run) -> Run:
    """A new run of the target without any context: no input, no note."""
    bell.ring()  # whoever works the source may be about to leave
    return Run.objects.create(
        team_id=source.team_id,
        agent=target,
        revision=target.live_revision,
        parent=source,
        root_id=source.root_id or source.pk,
        hop=source.hop + 1,
        trigger=Run.Trigger.HANDOVER,
    )


def _is_return(handover: Handover, earlier: list[Handover]) -> bool:
    """Whoever got it hands it straight back."""
    there = [(row.source_agent_id, row.target_id) for row in earlier[-1:]]
    return there == [(handover.target_id, handover.source_agent_id)]


def _check_exchanges(handover: Handover, run: Run, case: Case | None, earlier: list[Handover]) -> None:
    """Parks ping-pong: what two agents already exchanged twice, with nothing new to say."""
    between = [row for row in earlier if {row.source_agent_id, row.target_id} == _pair(handover, run)]
    if len(between) < _EXCHANGES:
        return
    notes = {row.note.strip() for row in between} | {""}
    if handover.note.strip() not in notes or (case and _changed_since(case, between[-1])):
        return
    raise Undeliverable(
        "loop",
        f"{run.agent.name}: “{handover.reason}” · {handover.target_name}: “{between[-1].reason}”",
    )


def _pair(handover: Handover, run: Run) -> set[UUID]:
    return {run.agent_id, handover.target_id}


def _earlier(run: Run, case: Case | None) -> list[Handover]:
    """The handovers applied so far, oldest first: on a case since a person last acted, else of the chain of runs."""
    if case is not None:
        return Handover.objects.applied_on(case.pk)[-case.hops :] if case.hops else []
    chain = Handover.objects.filter(status=Handover.Status.APPLIED).select_related("source").order_by("applied_at")
    root = run.root_id or run.pk
    return list(chain.filter(source_id=root)) + list(chain.filter(source__root_id=root))


def _changed_since(case: Case, handover: Handover) -> bool:
    return case.events.filter(kind="updated", at__gt=handover.applied_at).exists()
