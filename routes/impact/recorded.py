"""The decided runs of an agent, and what replaying them would cost."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from pydantic_ai.messages import ModelResponse

from builder.models import Agent
from cases.models import Queue
from routes.checks import costs
from routes.models import Correction
from routes.routing_tests import routing_tests
from routes.routing_tests.decisions import Decision
from runs.engine import trials
from runs.models import WITHOUT_EFFECT, HumanRequest, Outcome, Run, Step
from runs.offline import similarity
from runs.opening import samples
from runs.opening.samples import Sample
from runs.prompts import prompts
from runs.record.steps import response_of

_DECIDED = [
    Outcome.ANSWERED,
    Outcome.HANDED_OVER,
    Outcome.CASE_COMPLETED,
    Outcome.CASE_FAILED,
    Outcome.CASE_POSTPONED,
]
_ASKS = ("ask_person", "request_approval")


@dataclass(frozen=True)
class Chosen:
    """Which runs are replayed: the last ones, at most `last`; with `seconds` only what the stand-in can read in so much
    CPU.
    """

    last: int = 50
    days: int | None = None
    label: str = ""
    only_corrected: bool = False
    seconds: float | None = None


@dataclass(frozen=True)
class Recorded:
    """A run with what it saw and decided. `told` has the characters of what each of its requests up to its decision was
    told and asked, and `tokens` what these requests took, in and out; zeros if its model counts none.
    """

    run: Run
    sample: Sample
    decision: Decision
    queue: Queue | None
    requests: int
    told: tuple[int, int]
    tokens: tuple[int, int]


def recorded(agents: Collection[UUID], chosen: Chosen) -> list[Recorded]:
    """The last decided runs of these agents, newest first. Those of which too little was kept are left out."""
    runs = list(_runs(agents, chosen))
    steps = _steps(runs)
    found = [one for run in runs if (one := _recorded(run, steps[run.pk]))]
    return found if chosen.seconds is None else list(_readable(found, chosen.seconds))


def _readable(found: Sequence[Recorded], seconds: float) -> Iterator[Recorded]:
    """The first of them, as many as the stand-in can compare in the time."""
    for one, takes in zip(found, similarity.seconds([_text(one.sample) for one in found]), strict=True):
        seconds -= takes
        if seconds < 0:
            return
        yield one


def _text(sample: Sample) -> str:
    return prompts.case_text(Run(input=sample.get("text", "")), samples.case_of(Run(sample=sample)))


def _runs(agents: Collection[UUID], chosen: Chosen) -> QuerySet[Run]:
    asked = Exists(HumanRequest.objects.filter(run=OuterRef("pk")))
    found = Run.objects.filter(Q(outcome__in=_DECIDED) | Q(asked), agent__in=agents).exclude(trigger__in=WITHOUT_EFFECT)
    if chosen.days:
        found = found.filter(created_at__gte=timezone.now() - timedelta(days=chosen.days))
    if chosen.label:
        found = found.filter(case__labels__contains=[chosen.label])
    if chosen.only_corrected:
        standing = Correction.objects.standing()
        found = found.filter(
            Exists(standing.filter(source=OuterRef("pk"))) | Exists(standing.filter(source=None, run=OuterRef("pk")))
        )
    found = found.select_related("agent__team", "revision", "handover", "case__queue", "queue")
    return found.prefetch_related("human_requests").order_by("-created_at", "-id")[: chosen.last]


def _steps(runs: Sequence[Run]) -> dict[UUID, list[Step]]:
    found: dict[UUID, list[Step]] = defaultdict(list)
    for step in Step.objects.filter(run__in=runs).order_by("run", "seq"):
        found[step.run_id].append(step)
    return found


def _recorded(run: Run, steps: list[Step]) -> Recorded | None:
    if not steps or steps[0].kind != Step.Kind.PROMPT:
        return None
    try:
        sample = {**samples.of_run(run, steps[0]), "calls": trials.recording(steps)}
    except ValueError:  # a prompt from before prompts told of their case in this way
        return None
    queue = run.case.queue if run.case else run.queue
    if sample["mode"] == samples.CASE and queue is None:
        return None
    [decision] = routing_tests.decided(run)
    used = [response.usage for response in _until_decided(steps)]
    tokens = sum(one.input_tokens for one in used), sum(one.output_tokens for one in used)
    told = len(steps[0].data["instructions"]), len(steps[0].data["prompt"])
    return Recorded(run, sample, decision, queue, max(len(used), 1), told, tokens)


def _until_decided(steps: Sequence[Step]) -> Iterator[ModelResponse]:
    """A run that asked a person goes on when that is answered; what came then is not replayed."""
    for step in steps:
        if step.kind == Step.Kind.RESPONSE:
            yield (response := response_of(step))
            if any(call.tool_name in _ASKS for call in response.tool_calls):
                return


def estimate(rows: Sequence[Recorded], told: Mapping[UUID, dict[str, Any]]) -> Decimal | None:
    """Return what replaying these costs in US dollars, with the models that each is told. None where a price is not
    known.
    """
    total = Decimal(0)
    for row in rows:
        price = costs.dollars(str(told[row.run.pk]["model"]), *_tokens(row, told[row.run.pk]))
        if price is None:
            return None
        total += price
    return total.quantize(Decimal("0.000001"))


def _tokens(row: Recorded, told: Mapping[str, Any]) -> tuple[int, int]:
    """In and out: what the run took, and as much more or less as it is now told more or less."""
    more = len(told["instructions"])
    if row.tokens[0]:
        more -= row.told[0]
    else:
        more += row.told[1] + len(json.dumps(told["tools"]))
    taken = row.tokens[0] + more * row.requests // costs.CHARACTERS
    return max(taken, 0), row.tokens[1] or costs.ANSWER * row.requests


def agents_of(agent: Agent, changes: dict[str, Any]) -> list[UUID]:
    """Whose runs the change concerns: the agent's own, and with another name or description those of agents that
    mention it.
    """
    if not ({"name", "description"} & changes.keys()):
        return [agent.pk]
    mentioning = Agent.objects.live().filter(revisions__status="live", revisions__mentions__target=agent)
    return [agent.pk, *mentioning.values_list("pk", flat=True).distinct()]
