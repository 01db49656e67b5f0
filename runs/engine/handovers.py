"""Handover, from the request to the target's work: what comes of the requests of one turn, whether a request is
applied or cancelled when the run completes, and whether the case stays with the worker.

All of it is one transaction: `hold` locks the run and its case and reads what decides, `settle` and `apply` decide, and
what they write is committed at once. So a target is judged once, by what is true of it then.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from pydantic_ai.messages import ToolCallPart

from builder.models import Agent
from builder.procedures import passages
from builder.procedures.needs import NEEDS, Need
from cases.models import Case, Kind
from cases.timeline import timeline
from cases.work import lifecycle as case_lifecycle
from cases.work.people import People
from data import rows
from data.errors import Refused
from runs.models import Handover, Outcome, Run, Step
from runs.notifications import case_email, run_webhooks
from runs.opening import giving, receiving
from runs.opening.targets import TargetRow, as_now, find_target, hops_left, obstacle
from runs.prompts.arguments import with_ignored
from runs.record import claims, lifecycle
from runs.record.outcomes import Broken, HandedOver, HandedToPeople
from runs.record.steps import Work, tool_result
from runs.telemetry import counters
from runs.tools import decisions, people_targets, tools
from teams.audit.actors import BATON

from . import keeping
from .keeping import Keeping, Place

type Entry = tuple[Step.Kind, dict[str, Any]]
type Request = tuple[ToolCallPart, decisions.RequestHandover]

# The codes of refused requests, by which they are found again among a run's steps.
AMBIGUOUS, INVALID, HELD = "ambiguous_handover", "invalid_target", "held"
# After so many invalid targets in a row a person is asked.
_INVALID_IN_A_ROW = 3
# A pair of agents may exchange a case this often; once more needs new data or a new note.
_EXCHANGES = 2

# --- What decides ----------------------------------------------------------------------------


@dataclass
class Held:
    """The run and its case, locked unless they are lost, and what was read with them: whom each request means; the
    agents that are asked for, each with whether it works the case's queue and what it needs; the case's handovers since
    a person last acted; how the case could stay here.
    """

    found: Sequence[tuple[Any, ...]]
    meant: dict[str, TargetRow | None]  # by what the model wrote
    agents: dict[UUID, tuple[Agent, bool, list[Need]]]
    earlier: Sequence[Handover] = ()
    keeping: Keeping | None = None


def hold(work: Work, requests: Sequence[Request], place: Place | None = None) -> Held:
    """Lock and read all of it in one round trip. `place`: where the run is worked, if its case may stay there."""
    meant = {asked.target: find_target(asked.target, work.targets) for _, asked in requests}
    named = {row["agent_id"] for row in meant.values() if row and "kind" not in row}
    if not named:
        [found] = rows.read(claims.both(work.claim))
        return Held(found, meant, {})
    case_id, queue_id = (work.case.pk, work.case.queue_id) if work.case else (None, None)
    target_id = UUID(min(named))
    # Locks are taken in the order queue, case, run.
    may_stay = place and place.may_keep() and len(named) == 1
    first, then = keeping.questions(work, place, target_id) if place and may_stay else ([], [])
    asked = as_now(named, queue_id)
    answers = iter(rows.read(*first, claims.both(work.claim), asked, Handover.applied_on(case_id), *then))
    locks = [next(answers) for _ in first]
    found, agents, handed_over, *read = answers
    earlier = Handover.applied(handed_over)
    case = found[0][1] if found and work.claim.case_id else None
    if case and agents:
        case.queue = agents[0][1]
    hops = case.hops if case else 0
    return Held(
        found,
        meant,
        {agent.pk: (agent, consumes, NEEDS.validate_json(needs or "[]")) for agent, _, consumes, needs in agents},
        earlier=earlier[-hops:] if hops else [],
        keeping=keeping.judge(case, place, locks, read, earlier) if case and place and first else None,
    )


def _wanted(work: Work, asked: decisions.RequestHandover, held: Held) -> HandedOver | HandedToPeople:
    """Return what a request asks for. Refused, in words for the model, if it names no agent that could take over, or
    lacks what that agent needs.
    """
    row = held.meant[asked.target]
    if row is None:
        agent = work.agent
        own = {"key": agent.slug, "agent_id": str(agent.pk), "name": agent.name, "description": ""}
        if find_target(asked.target, [own]):
            raise Refused("You already own this.", INVALID)
        keys = ", ".join(row["key"] for row in work.targets)
        raise Refused(f"There is no target “{asked.target}”. Valid targets: {keys}.", INVALID)
    if "kind" in row:
        people = people_targets.people_of(row, work.run.team_id)
        if people is None:
            raise Refused(f"{row['name']} can no longer take cases. Decide otherwise.", INVALID)
        return HandedToPeople(people, asked.reason, asked.note)
    if work.run.has_no_effect:
        # Nothing comes of it. A try may choose an agent that its sample case could have waited for; a test only names
        # one, which may be made only when what is checked is saved. What it needs is what the run was told.
        named = Agent(pk=UUID(row["agent_id"]), team_id=work.run.team_id, name=row["name"])
        agent = named if work.run.is_test else held.agents[named.pk][0]
        told = NEEDS.validate_python(row.get("needs", []))
        given = receiving.check(work.case, agent, told, asked.fields)
        return HandedOver(agent, asked.reason, asked.note, fields=given)
    target, consumes, needs = held.agents[UUID(row["agent_id"])]
    if why_not := obstacle(target, work.case, consumes=consumes):
        raise Refused(f"{why_not} Decide otherwise.", INVALID)
    given = receiving.check(work.case, target, needs, asked.fields) if work.case and needs else {}
    return HandedOver(target, asked.reason, asked.note, fields=given)


# --- The requests of one turn ----------------------------------------------------------------

_RECORDED, _ALREADY = "Recorded.", "Already recorded."
_CHOOSE_TARGET = (
    "You asked to hand over to several agents. Nothing was recorded. Choose one and call request_handover once."
)
_HELD = "Not recorded, because {names} failed in the same turn. Fix that, or call request_handover again."


def settle(
    work: Work,
    held: Held,
    requests: Sequence[Request],
    *,
    failed: Sequence[ToolCallPart],
    text: str,
    entries: list[Entry],
) -> HandedOver | HandedToPeople | Broken | None:
    """Return what the requests of a turn come to, None for another turn of the model; add their answers to `entries`.

    `failed` are the turn's other calls that went wrong, `text` is what the model wrote beside them.
    """
    valid: list[tuple[ToolCallPart, decisions.RequestHandover, HandedOver | HandedToPeople]] = []
    for call, arguments in requests:
        try:
            valid.append((call, arguments, _wanted(work, arguments, held)))
        except Refused as refusal:
            if isinstance(refusal, receiving.Incomplete):
                work.incomplete = refusal.data
            entries.append(tool_result(call, f"Error: {refusal.message}", ok=False, code=refusal.code))
    if not valid:
        return None
    (call, arguments, wanted), *repeats = valid
    if any(other.target != wanted.target for *_, other in repeats):
        again = bool(work.results(AMBIGUOUS))
        entries += [tool_result(request, _CHOOSE_TARGET, ok=False, code=AMBIGUOUS) for request, *_ in valid]
        names = " and ".join(sorted({other.target.name for *_, other in valid}))
        return Broken(AMBIGUOUS, f"{work.agent.name} asked to hand over to {names} at once, twice.") if again else None
    before = work.results(HELD)
    # Only once: a call that keeps failing must not keep the case from who can deal with that.
    if failed and not before:
        answer = _HELD.format(names=", ".join(item.tool_name for item in failed))
        entries += [tool_result(request, answer, ok=False, code=HELD) for request, *_ in valid]
        return None
    entries.append(tool_result(call, with_ignored(_RECORDED, call.tool_name, arguments)))
    entries += [tool_result(repeat, _ALREADY, code="repeat") for repeat, *_ in repeats]
    # A request that was held once goes through, and the target learns what had failed.
    note = "\n".join([wanted.note, *_failures_before(work, before[0])]).strip() if before else wanted.note
    meant = wanted.target.pk
    passage = passages.cited(work.revision.aop, meant, arguments.because) if meant else None
    place = (passage.start, passage.end) if passage else None
    work.intended = replace(wanted, note=note, text=text, passage=place)
    return work.intended


def _failures_before(work: Work, held: Step) -> list[str]:
    results = [step.data for step in work.steps if step.kind == Step.Kind.TOOL_RESULT and step.seq < held.seq]
    failed = [result for result in results if not result["ok"] and result["tool"] not in tools.OUTCOMES]
    return [f"{result['tool']}: {result['content']}" for result in failed]


def given_up(work: Work) -> Broken | None:
    """Return how a run ends whose model names nothing but invalid targets, or keeps leaving out what a target needs."""
    if incomplete := receiving.given_up(work):
        return incomplete
    results = [step for step in work.steps if step.kind == Step.Kind.TOOL_RESULT]
    last = results[-_INVALID_IN_A_ROW:]
    if len(last) < _INVALID_IN_A_ROW or any(step.data["code"] != INVALID for step in last):
        return None
    return Broken(INVALID, last[-1].data["content"].removeprefix("Error: "))


# --- Applied or cancelled --------------------------------------------------------------------


def apply(run: Run, case: Case | None, wanted: HandedOver | HandedToPeople, held: Held) -> Broken | None:
    """Complete the run with what it requested. Both rows are locked, and the target was judged when they were `held`.

    A case that was handed over too often stays where it is: cancel the request, and return why the run cannot end so.
    What a try or a test requests stays recorded, and nothing comes of it.
    """
    handover, target = requested(run, wanted), wanted.target
    if run.has_no_effect:
        # A test may name an agent that is made only when what is checked is saved.
        if not (run.is_test and isinstance(target, Agent)) or Agent.objects.filter(pk=target.pk).exists():
            handover.save()
        lifecycle.complete(run, Outcome.HANDED_OVER, wanted.text)
        return None
    earlier = held.earlier if case else _chain(run)
    about: dict[str, Any] = {"agent_id": run.agent_id, "run_id": run.pk}
    if isinstance(target, People):
        assert case, "only a case can go to people"
        said = "\n\n".join(filter(None, [wanted.reason, wanted.note]))
        case_lifecycle.hand_over_to_people(case, target, said, **about)
        case_email.assigned(case, BATON)
    elif broken := _why_cancelled(handover, run, case, earlier):
        cancel(handover, run, case, broken.code, broken.message)
        return broken
    elif case:
        starts = held.keeping is not None
        case_lifecycle.hand_over(case, target, wanted.reason, wanted.note, wanted.fields, starts=starts, **about)
    else:
        handover.next_run = giving.start_afresh(target, run)
    handover.status, handover.applied_at = Handover.Status.APPLIED, rows.NOW
    back = (handover.target_id, handover.source_agent_id)
    handover.is_return = [(row.source_agent_id, row.target_id) for row in earlier[-1:]] == [back]
    rows.insert([handover])
    run_webhooks.handed_over(handover, run)
    transaction.on_commit(partial(counters.count, "handovers"), robust=True)
    lifecycle.complete(run, Outcome.HANDED_OVER, wanted.text)
    if case and held.keeping:
        held.keeping.start(case, handover)
    return None


def requested(run: Run, wanted: HandedOver | HandedToPeople) -> Handover:
    """Return the handover as the run asked for it, not saved yet."""
    to = {"target": wanted.target} if isinstance(wanted, HandedOver) else people_targets.receiver(wanted.target)
    return Handover(
        team_id=run.team_id,
        source=run,
        source_agent_id=run.agent_id,
        **to,
        target_name=wanted.target.name[:80],
        reason=wanted.reason,
        note=wanted.note,
        fields=wanted.fields,
        passage_start=wanted.passage and wanted.passage[0],
        passage_end=wanted.passage and wanted.passage[1],
    )


def _why_cancelled(handover: Handover, run: Run, case: Case | None, earlier: Sequence[Handover]) -> Broken | None:
    if hops_left(run, case) == 0:
        return Broken("hop_limit", "It reached the limit of handovers.")
    # Ping-pong: the two agents have exchanged it before, and there is nothing new to say.
    pair = {run.agent_id, handover.target_id}
    between = [row for row in earlier if {row.source_agent_id, row.target_id} == pair]
    if len(between) < _EXCHANGES or handover.note.strip() not in {"", *(row.note.strip() for row in between)}:
        return None
    if case and case.events.filter(kind=Kind.UPDATED, at__gt=between[-1].applied_at).exists():
        return None
    said = f"{run.agent.name}: “{handover.reason}” · {handover.target_name}: “{between[-1].reason}”"
    return Broken("loop", said)


def _chain(run: Run) -> list[Handover]:
    """Return the handovers that were applied since the first of a chain of standalone runs, oldest first."""
    chain = Handover.objects.filter(status=Handover.Status.APPLIED).select_related("source").order_by("applied_at")
    root = run.root_id or run.pk
    return list(chain.filter(source_id=root)) + list(chain.filter(source__root_id=root))


def cancel(handover: Handover, run: Run, case: Case | None, code: str, message: str) -> None:
    """Cancel the request, and say why in the case's timeline."""
    handover.status = Handover.Status.CANCELLED
    rows.insert([handover])
    if case is not None:
        target = {"target_name": handover.target_name}
        target |= {"target_id": str(handover.target_id)} if handover.target_id else {}
        said: dict[str, Any] = {"reason": code, "text": message, "data": target}
        timeline.record(case, Kind.HANDOVER_CANCELLED, agent_id=run.agent_id, run_id=run.pk, **said)


def cancel_after_stop(run: Run, case: Case | None, wanted: HandedOver | HandedToPeople) -> None:
    """Cancel what a run requested at the moment in which a person stopped it."""
    if not Handover.objects.filter(source=run).exists():
        handover = requested(run, wanted)
        cancel(handover, run, case, "run_stopped", "The run was stopped first.")
