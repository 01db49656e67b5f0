"""Handover, from the request to the target's work: whom a run may hand over to, which agent a model means, what comes
of the requests of one turn, and whether a request is applied or cancelled when the run completes.

A target is judged by one function, `judge`: when it is requested, so that the model can decide otherwise, and again
when the request is applied, since the agent may have been deleted or disconnected in the meantime.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from pydantic_ai.messages import ToolCallPart

from builder.models import Agent, Revision
from builder.procedures import passages
from builder.procedures import targets as builder_targets
from builder.procedures.needs import NEEDS, Need
from builder.usage.limits import overspent
from cases.models import DEFAULT_HOP_LIMIT, Case, Kind, Queue
from cases.timeline import timeline
from cases.work import lifecycle as case_lifecycle
from data import rows
from data.errors import Refused
from data.redis import bell
from runs.models import Handover, Outcome, Run, Step
from runs.notifications import run_webhooks
from runs.prompts.arguments import as_key, plain, with_ignored
from runs.record import lifecycle
from runs.record.outcomes import Broken, HandedOver
from runs.record.steps import Work, tool_result
from runs.telemetry import counters
from runs.tools import tools

from . import receiving

type TargetRow = dict[str, Any]
type Entry = tuple[Step.Kind, dict[str, Any]]
type Request = tuple[ToolCallPart, tools.RequestHandover]

# The codes of refused requests, by which they are found again among a run's steps.
AMBIGUOUS, INVALID, HELD = "ambiguous_handover", "invalid_target", "held"
# After so many invalid targets in a row a person is asked.
_INVALID_IN_A_ROW = 3
# A pair of agents may exchange a case this often; once more needs new data or a new note.
_EXCHANGES = 2

# --- Whom a run may hand over to -------------------------------------------------------------


def frozen_targets(agent: Agent, revision: Revision, case: Case | None) -> list[TargetRow]:
    """The agents that the revision mentions and that could take over now, in the order of the text, each with a short
    key for the model.
    """
    [found] = rows.read(mentioned(agent.pk, case.queue_id if case else None, revision.pk))
    return target_rows(found, case)


def target_rows(mentioned: Iterable[tuple[Agent, bool, str]], case: Case | None) -> list[TargetRow]:
    """Of these agents, each with whether it works the case's queue and what it needs."""
    found: dict[str, TargetRow] = {}
    for target, consumes, needs in mentioned:
        if _obstacle(target, case, consumes=consumes):
            continue
        number, key = 1, target.slug
        while key in found:  # two names may shorten to the same key
            number += 1
            key = f"{target.slug}-{number}"
        found[key] = {
            "key": key,
            "agent_id": str(target.pk),
            "name": target.name,
            "description": target.description,
        }
        if case is not None and (needed := json.loads(needs)):
            found[key]["needs"] = needed
    return list(found.values())


def mentioned(agent_id: UUID, queue_id: UUID | None, revision_id: UUID | None) -> rows.Joined:
    """To read the agents that a revision mentions, its own left out, and whether each works the queue. Without a
    revision: those of the agent's live one.
    """
    about = [queue_id, revision_id, agent_id, agent_id]
    return rows.Joined(_MENTIONED, about, {"target": Agent, "consumes": _CONSUMES, "needs": "live.needs"})


_CONSUMES = "connection.id is not null"
_MENTIONED = """
    from builder_mention mention
    join builder_agent target on target.id = mention.target_id
    join builder_revision live on live.agent_id = target.id and live.status = 'live'
    left join builder_queueconnection connection
        on connection.agent_id = target.id and connection.queue_id = %s and connection.role = 'consumer'
    where mention.revision_id = coalesce(
        %s::uuid, (select id from builder_revision where agent_id = %s and status = 'live')
    ) and target.id <> %s
    order by mention.position
"""
_QUEUE = """
    from cases_queue queue
    join builder_revision live on live.agent_id = %s and live.status = 'live'
    left join builder_queueconnection connection
        on connection.agent_id = %s and connection.queue_id = queue.id and connection.role = 'consumer'
    where queue.id = %s
"""


def judge(target: Agent, case: Case | None) -> tuple[str | None, list[Need]]:
    """Why the target could not take over now, None when it can; and what it needs to be told."""
    if case is None:
        return _obstacle(target, case), []
    about = [target.pk, target.pk, case.queue_id]
    found = rows.join(_QUEUE, about, queue=Queue, consumes=_CONSUMES, needs="live.needs")
    [(case.queue, consumes, needs)] = found
    return _obstacle(target, case, consumes=consumes), NEEDS.validate_json(needs)


def _obstacle(target: Agent, case: Case | None, *, consumes: bool = False) -> str | None:
    """`consumes`: whether it works the case's queue."""
    if target.is_deleted:
        return f"{target.name} was deleted."
    if case is not None:
        # A target that is paused, blocked or out of money finds the case waiting.
        return None if consumes else f"{target.name} does not work this queue."
    # Without a case nothing would wait: the target's run would start at once.
    if target.is_paused:
        return f"{target.name} is paused."
    if any(problem.blocking for problem in builder_targets.problems(target)):
        return f"{target.name} cannot start: its procedure mentions a deleted agent."
    if found := overspent([target]).get(target.pk):
        return f"{target.name} starts nothing new: {found.words}."
    return None


def hops_left(run: Run, case: Case | None) -> int:
    if case is not None:
        return max(0, case.queue.hop_limit - case.hops)
    return max(0, DEFAULT_HOP_LIMIT - run.hop)


# --- Which agent is meant --------------------------------------------------------------------


def wanted_of(work: Work, asked: tools.RequestHandover) -> HandedOver:
    """What a request asks for. Refused, in words for the model, when it names no agent that could take over, or lacks
    what that agent needs.
    """
    wanted = asked.target
    row = find_target(wanted, work.targets)
    if row is None:
        agent = work.agent
        own = {"key": agent.slug, "agent_id": str(agent.pk), "name": agent.name, "description": ""}
        if find_target(wanted, [own]):
            raise Refused("You already own this.", INVALID)
        keys = ", ".join(row["key"] for row in work.targets)
        raise Refused(f"There is no target “{wanted}”. Valid targets: {keys}.", INVALID)
    [target] = rows.fetch_all(Agent, "where id = %s", [row["agent_id"]])
    # Nothing comes of a try, so it may choose whom its sample case could have waited for.
    if work.run.is_try:
        return HandedOver(target, asked.reason, asked.note)
    obstacle, needs = judge(target, work.case)
    if obstacle:
        raise Refused(f"{obstacle} Decide otherwise.", INVALID)
    checked = receiving.check(work.case, target, needs, asked.fields)
    return HandedOver(target, asked.reason, asked.note, fields=checked.values)


_ID = r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
# An agent's token as it stands in procedures, or an id alone.
_TOKEN = re.compile(rf"\[.*\]\(agent:{_ID}\)|(?:agent:)?{_ID}", re.DOTALL)


def find_target(wanted: str, rows: Iterable[TargetRow]) -> TargetRow | None:
    """By key, by id or by name; however it is written, where only one target can be meant."""
    rows = list(rows)
    if token := _TOKEN.fullmatch(plain(wanted)):  # whatever name stands beside the id
        return next((row for row in rows if row["agent_id"] in token.groups()), None)
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


# --- The requests of one turn ----------------------------------------------------------------

_RECORDED, _ALREADY = "Recorded.", "Already recorded."
_CHOOSE_TARGET = (
    "You asked to hand over to several agents. Nothing was recorded. Choose one and call request_handover once."
)
_HELD = "Not recorded, because {names} failed in the same turn. Fix that, or call request_handover again."


def settle(
    work: Work, requests: Sequence[Request], failed: Sequence[ToolCallPart], text: str, entries: list[Entry]
) -> HandedOver | Broken | None:
    """What the requests of a turn come to; their answers are added to `entries`. None: the model gets another turn.

    `failed` are the turn's other calls that went wrong, `text` is what the model wrote beside them.
    """
    valid: list[tuple[ToolCallPart, tools.RequestHandover, HandedOver]] = []
    for call, arguments in requests:
        try:
            valid.append((call, arguments, wanted_of(work, arguments)))
        except Refused as refusal:
            entries.append(tool_result(call, f"Error: {refusal.message}", ok=False, code=refusal.code))
    if not valid:
        return None
    (call, arguments, wanted), *repeats = valid
    if any(other.target != wanted.target for *_, other in repeats):
        again = bool(work.results(AMBIGUOUS))
        entries += [tool_result(request, _CHOOSE_TARGET, ok=False, code=AMBIGUOUS) for request, *_ in valid]
        names = " and ".join(sorted({other.target.name for *_, other in valid}))
        return Broken(AMBIGUOUS, f"{work.agent.name} asked to hand over to {names} at once, twice.") if again else None
    held = work.results(HELD)
    if failed and not held:
        answer = _HELD.format(names=", ".join(item.tool_name for item in failed))
        entries += [tool_result(request, answer, ok=False, code=HELD) for request, *_ in valid]
        return None
    entries.append(tool_result(call, with_ignored(_RECORDED, call.tool_name, arguments)))
    entries += [tool_result(repeat, _ALREADY, code="repeat") for repeat, *_ in repeats]
    # A request that was held once goes through, and the target learns what had failed.
    note = "\n".join([wanted.note, *_failures_before(work, held[0])]).strip() if held else wanted.note
    passage = passages.cited(work.revision.aop, wanted.target.pk, arguments.because)
    place = (passage.start, passage.end) if passage else None
    work.intended = replace(wanted, note=note, text=text, passage=place)
    return work.intended


def _failures_before(work: Work, held: Step) -> list[str]:
    results = [step for step in work.steps if step.kind == Step.Kind.TOOL_RESULT and step.seq < held.seq]
    return [
        f"{step.data['tool']}: {step.data['content']}"
        for step in results
        if not step.data["ok"] and step.data["tool"] not in tools.OUTCOMES
    ]


def given_up(work: Work) -> Broken | None:
    """How the run ends whose model names nothing but invalid targets, or keeps leaving out what a target needs."""
    if incomplete := receiving.given_up(work):
        return incomplete
    results = [step for step in work.steps if step.kind == Step.Kind.TOOL_RESULT]
    last = results[-_INVALID_IN_A_ROW:]
    if len(last) < _INVALID_IN_A_ROW or any(step.data["code"] != INVALID for step in last):
        return None
    return Broken(INVALID, last[-1].data["content"].removeprefix("Error: "))


# --- Applied or cancelled --------------------------------------------------------------------


def apply(run: Run, case: Case | None, wanted: HandedOver) -> Broken | None:
    """Completes the run with what it requested, if that is possible as things are now; both rows are locked.

    Otherwise the request is cancelled, and what is returned says why the run cannot end so.
    """
    handover = requested(run, wanted)
    if run.is_try:
        handover.save()  # it stays recorded: nothing comes of a try
        lifecycle.complete(run, Outcome.HANDED_OVER, wanted.text)
        return None
    earlier = _earlier(run, case)
    if broken := _why_cancelled(handover, run, case, earlier):
        cancel(handover, run, case, broken.code, broken.message)
        return broken
    if case is not None:
        said = (wanted.reason, wanted.note, wanted.fields)
        case_lifecycle.hand_over(case, wanted.target, *said, agent_id=run.agent_id, run_id=run.pk)
    else:
        handover.next_run = _fresh_run(wanted.target, run)
    handover.status, handover.applied_at = Handover.Status.APPLIED, rows.NOW
    back = (handover.target_id, handover.source_agent_id)
    handover.is_return = [(row.source_agent_id, row.target_id) for row in earlier[-1:]] == [back]
    rows.insert([handover])
    run_webhooks.handed_over(handover, run)
    transaction.on_commit(partial(counters.count, "handovers"), robust=True)
    lifecycle.complete(run, Outcome.HANDED_OVER, wanted.text)
    return None


def requested(run: Run, wanted: HandedOver) -> Handover:
    """As the run asked for it, not saved yet."""
    return Handover(
        team_id=run.team_id,
        source=run,
        source_agent_id=run.agent_id,
        target=wanted.target,
        target_name=wanted.target.name,
        reason=wanted.reason,
        note=wanted.note,
        fields=wanted.fields,
        passage_start=wanted.passage and wanted.passage[0],
        passage_end=wanted.passage and wanted.passage[1],
    )


def _why_cancelled(handover: Handover, run: Run, case: Case | None, earlier: list[Handover]) -> Broken | None:
    obstacle, needs = judge(handover.target, case)
    if obstacle:
        return Broken("target_unavailable", obstacle)
    if incomplete := receiving.why_incomplete(handover.target, needs, handover.fields):
        return incomplete
    if hops_left(run, case) == 0:
        return Broken("hop_limit", "It was handed over as often as allowed.")
    # Ping-pong: the two agents have exchanged it before, and there is nothing new to say.
    pair = {run.agent_id, handover.target_id}
    between = [row for row in earlier if {row.source_agent_id, row.target_id} == pair]
    if len(between) < _EXCHANGES or handover.note.strip() not in {"", *(row.note.strip() for row in between)}:
        return None
    if case and case.events.filter(kind=Kind.UPDATED, at__gt=between[-1].applied_at).exists():
        return None
    said = f"{run.agent.name}: “{handover.reason}” · {handover.target_name}: “{between[-1].reason}”"
    return Broken("loop", said)


def _earlier(run: Run, case: Case | None) -> list[Handover]:
    """The handovers applied so far, oldest first: on a case since a person last acted, else of the chain of runs."""
    if case is not None:
        return Handover.applied(*rows.read(Handover.applied_on(case.pk)))[-case.hops :] if case.hops else []
    chain = Handover.objects.filter(status=Handover.Status.APPLIED).select_related("source").order_by("applied_at")
    root = run.root_id or run.pk
    return list(chain.filter(source_id=root)) + list(chain.filter(source__root_id=root))


def _fresh_run(target: Agent, source: Run) -> Run:
    """A new run of the target without any context: no input, no note."""
    bell.ring()  # the worker of the source may be about to leave
    return Run.objects.create(
        team_id=source.team_id,
        agent=target,
        revision=target.live_revision,
        parent=source,
        root_id=source.root_id or source.pk,
        hop=source.hop + 1,
        trigger=Run.Trigger.HANDOVER,
    )


def cancel(handover: Handover, run: Run, case: Case | None, code: str, message: str) -> None:
    """The request comes to nothing, and the case's timeline says why."""
    handover.status = Handover.Status.CANCELLED
    rows.insert([handover])
    if case is not None:
        target = {"target_id": str(handover.target_id), "target_name": handover.target_name}
        about = {"agent_id": run.agent_id, "run_id": run.pk, "reason": code, "text": message, "data": target}
        timeline.record(case, Kind.HANDOVER_CANCELLED, **about)


def cancel_after_stop(run: Run, case: Case | None, wanted: HandedOver) -> None:
    """What a run requested at the moment in which a person stopped it."""
    if not Handover.objects.filter(source=run).exists():
        handover = requested(run, wanted)
        cancel(handover, run, case, "run_stopped", "The run was stopped first.")


def resulting_run(handover: Handover) -> Run | None:
    """The run of the target that an applied handover led to, if it has begun."""
    if handover.source.case_id is None:
        return handover.next_run
    later = Run.objects.filter(case=handover.source.case_id, created_at__gt=handover.source.created_at)
    run = later.order_by("created_at").first()
    return run if run and run.agent_id == handover.target_id else None
