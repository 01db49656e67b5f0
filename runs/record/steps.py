"""What a run has done so far, step by step: written under the claim's fence, read to go on from the last step."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from pydantic_ai.messages import (
    ModelMessagesTypeAdapter,
    ModelResponse,
    ModelResponsePart,
    ToolCallPart,
)

from builder.models import Agent, Purpose, Revision, ServerTool
from builder.usage import usage
from builder.usage.usage import Amount
from cases.models import Case, Queue
from data import rows
from data.texts.text import storable
from runs.models import Run, Step
from runs.providers.providers import OFFLINE
from teams.access import live
from teams.models import Credential

from . import claims
from .claims import Claim
from .outcomes import HandedOver, HandedToPeople

# The note that the model failed, and the run goes on with the fallback. For people: no model is told.
FALLBACK = "fallback"
# The note that an answer was cut off at the token limit, and is to go on.
CUT_OFF = "cut_off"
# The mark of a response whose text was read as a call. No provider is told of it.
READ = "read_from_text"

_COUNTED = (
    *("requests", "input_tokens", "output_tokens", "cached_tokens", "unpriced_requests", "cost_usd"),
    *("retries", "error", "truncated"),
)


@dataclass
class Work:
    """A claimed run while it is being worked. `produces` are the queues its agent may add cases to."""

    claim: Claim
    run: Run
    agent: Agent
    revision: Revision
    case: Case | None
    may_hand_over: bool = True
    may_decline: bool = False
    produces: list[Queue] = field(default_factory=list)
    # Of MCP servers; and the calls of these that people approved, by id, with what they said.
    server_tools: list[ServerTool] = field(default_factory=list)
    approved: dict[str, str] = field(default_factory=dict)
    # Of its models: those that call their tools by JSON that a schema holds them to.
    by_schema: frozenset[str] = frozenset()
    steps: list[Step] = field(default_factory=list)
    # Of these: the first one, until it is written.
    unwritten: list[Step] = field(default_factory=list)
    # Of one that has just begun: when it was handed to this run.
    handed_over_at: datetime | None = None
    # The handover this run asks for, told when its last write comes too late.
    intended: HandedOver | HandedToPeople | None = None
    # Of the last one that was refused for want of fields: for whom it was, and what it did bring.
    incomplete: Mapping[str, Any] = field(default_factory=dict)
    # What the model said last, until it is written.
    said: "Answer | None" = None
    # The team's keys by provider, until the first request: a changed key holds from the next request on.
    keys: dict[str, Credential] | None = None

    @property
    def model(self) -> str:
        """The name of the one that is asked next."""
        return self.revision.fallback if self.notes(FALLBACK) else self.revision.model

    @property
    def targets(self) -> list[dict[str, Any]]:
        return list(self.run.targets or []) if self.may_hand_over else []

    def server_tool(self, name: str) -> ServerTool | None:
        return next((tool for tool in self.server_tools if tool.key == name), None)

    def results(self, code: str) -> list[Step]:
        """Return the tool results marked with this code."""
        return [step for step in self.steps if step.kind == Step.Kind.TOOL_RESULT and step.data.get("code") == code]

    def has_begun(self, call: ToolCallPart) -> bool:
        """Return whether the call was begun before, by an earlier worker of this run."""
        return any(step.kind == Step.Kind.INTENT and step.data["call_id"] == call.tool_call_id for step in self.steps)

    def notes(self, code: str) -> list[Step]:
        return [step for step in self.steps if step.kind == Step.Kind.NOTE and step.data.get("code") == code]


@dataclass(frozen=True)
class Answer:
    """What a model said, and what it took."""

    model: str
    data: dict[str, Any]
    amount: Amount


def append(work: Work, *entries: tuple[Step.Kind, dict[str, Any]]) -> None:
    """Write the next steps, or raise LostRun and write nothing."""
    with transaction.atomic():
        claims.lock(work.claim)
        with rows.at_once(commits=True):
            insert(work, *entries)


def receive(work: Work, response: ModelResponse, model: str) -> ModelResponse:
    """Return the response as it will be kept. It is written before the next step, or together with it."""
    amount = _count(work, response, model)
    run = work.run
    # An answer ends the row of failed requests.
    run.retries, run.error = 0, ""
    run.truncated = response.finish_reason == "length" and not response.tool_calls and bool(work.notes(CUT_OFF))
    data = ModelMessagesTypeAdapter.dump_python([_with_own_ids(work, response)], mode="json")[0]
    # The run goes on from what is stored, as another worker would after a crash.
    work.said = Answer(model, storable(data), amount)
    return _response(work.said.data)


def count_dropped(work: Work, response: ModelResponse, model: str) -> None:
    """Count what an answer took that is asked for again, or led to nothing: it was paid for too. Raise LostRun when the
    run is another's.
    """
    if not (response.usage.input_tokens or response.usage.output_tokens):
        return  # nobody knows what it took
    with transaction.atomic():
        claims.lock(work.claim)
        amount = _count(work, response, model)
        rows.update(work.run, _COUNTED)
        usage.add(work.agent, model, amount)


def _count(work: Work, response: ModelResponse, model: str) -> Amount:
    """Return what an answer took, which is also added up on the run in hand."""
    run, took, cost = work.run, response.usage, _cost(response)
    # The stand-in costs nothing, and reports no tokens.
    unpriced = cost is None and model != OFFLINE
    amount = Amount(
        runs=int(run.requests == 0),
        requests=1,
        input_tokens=took.input_tokens,
        output_tokens=took.output_tokens,
        cached_tokens=took.cache_read_tokens,
        cost_usd=cost or Decimal(0),
        unpriced_runs=int(unpriced and run.unpriced_requests == 0),
        unpriced_requests=int(unpriced),
    )
    # Only who holds the claim changes these, so what was read when it was opened still stands.
    for name in ("requests", "input_tokens", "output_tokens", "cached_tokens", "unpriced_requests"):
        setattr(run, name, getattr(run, name) + getattr(amount, name))
    run.cost_usd = run.cost_usd if cost is None else (run.cost_usd or Decimal(0)) + cost
    return amount


def flush(work: Work) -> None:
    """Write the first step and what the model said, unless they are written. Raise LostRun if the run is another's."""
    if work.unwritten or work.said:
        append(work)


def count_in(work: Work, run: Run) -> None:
    """Set on the locked run what was added up since the run was opened."""
    for name in _COUNTED:
        setattr(run, name, getattr(work.run, name))


def fall_back(work: Work, why: str) -> None:
    """Let the run go on with its other model from where it stands, with retries of its own. Raise LostRun if it is
    another's.
    """
    words = f"{why} The run goes on with {work.revision.fallback}."
    with transaction.atomic():
        claims.change_run(work.claim, retries=0, error="")
        insert(work, note(words, FALLBACK))
    work.run.retries, work.run.error = 0, ""


def _with_own_ids(work: Work, response: ModelResponse) -> ModelResponse:
    """Return the response with ids of calls that are unique within the run. Some models number their calls from scratch
    in every turn.
    """
    taken = {step.data["call_id"] for step in work.steps if step.kind == Step.Kind.TOOL_RESULT}
    parts: list[ModelResponsePart] = []
    for part in response.parts:
        if isinstance(part, ToolCallPart):
            if part.tool_call_id in taken:
                part = replace(part, tool_call_id=f"{part.tool_call_id}-{len(work.steps)}-{len(parts)}")  # noqa: PLW2901
            taken.add(part.tool_call_id)
        parts.append(part)
    return replace(response, parts=parts)


def insert(work: Work, *entries: tuple[Step.Kind, dict[str, Any]]) -> None:
    """Write the next steps, after the first one and what the model said if these are not written yet. The run is
    locked, or was just changed under its fence, in the same transaction.
    """
    first, work.unwritten = work.unwritten, []
    said, work.said = work.said, None
    if first:
        # The targets are frozen with the first step, so both are written together.
        rows.update(work.run, ["targets"])
    if said:
        rows.update(work.run, _COUNTED)
        entries = ((Step.Kind.RESPONSE, said.data), *entries)
    seq = work.steps[-1].seq if work.steps else 0
    steps = [
        Step(team_id=work.run.team_id, run=work.run, seq=seq + number, kind=kind, data=storable(data))
        for number, (kind, data) in enumerate(entries, 1)
    ]
    rows.insert([*first, *steps])
    if said:
        purpose = Purpose((work.run.sample or {}).get("purpose") or _PURPOSES.get(work.run.trigger, Purpose.WORK))
        usage.add(work.agent, said.model, said.amount, purpose)
    work.steps += steps
    live.announce(work.run.team_id, "run", work.run.pk)


# Of runs without an effect; the sample of a test may say more closely what it is for.
_PURPOSES: Mapping[str, Purpose] = {Run.Trigger.TEST: Purpose.TEST, Run.Trigger.TRY: Purpose.TRY}


def _cost(response: ModelResponse) -> Decimal | None:
    """Return the cost in US dollars; None for models without a known price."""
    model = (response.model_name, response.provider_name, response.provider_url)
    if model in _without_price:
        return None
    try:
        return response.cost().total_price
    except LookupError:
        _without_price.add(model)
    except (ValueError, AssertionError):
        pass
    return None


# That a model has no price takes longest to find out: it is compared with all that are known.
_without_price: set[tuple[str | None, str | None, str | None]] = set()


def tool_result(
    call: ToolCallPart, content: str, *, ok: bool = True, code: str = "", said: str = ""
) -> tuple[Step.Kind, dict[str, Any]]:
    """Return the step of a result. `said`: the part of the content that is others' words, which the model gets between
    marks.
    """
    data = {"tool": call.tool_name, "call_id": call.tool_call_id, "content": content, "ok": ok, "code": code}
    return Step.Kind.TOOL_RESULT, data | said_in(content, said)


def said_in(content: str, said: str) -> dict[str, list[int]]:
    at = content.find(said)
    return {"said": [at, at + len(said)]} if said and at >= 0 else {}


def intent(call: ToolCallPart) -> tuple[Step.Kind, dict[str, Any]]:
    """Return the step that a call begins whose effect lies outside of the database."""
    return Step.Kind.INTENT, {"tool": call.tool_name, "call_id": call.tool_call_id}


def note(text: str, code: str) -> tuple[Step.Kind, dict[str, Any]]:
    """Return the step of a word of the runner to the model."""
    return Step.Kind.NOTE, {"text": text, "code": code}


def said_before_cut(work: Work) -> str:
    """Return the text that the answer to the note goes on with, when the note is the last thing the model was told."""
    told = [step for step in work.steps if step.kind in (Step.Kind.NOTE, Step.Kind.TOOL_RESULT, Step.Kind.RESPONSE)]
    if work.said is None and told and told[-1].kind == Step.Kind.RESPONSE:
        told.pop()  # the answer itself, already written
    if len(told) < 2 or told[-1].data.get("code") != CUT_OFF or told[-2].kind != Step.Kind.RESPONSE:
        return ""
    return response_of(told[-2]).text or ""


def response_of(step: Step) -> ModelResponse:
    return _response(step.data)


def _response(data: dict[str, Any]) -> ModelResponse:
    message = ModelMessagesTypeAdapter.validate_python([data])[0]
    assert isinstance(message, ModelResponse)
    return message


def unsettled(work: Work) -> ModelResponse | None:
    """Return the last response when its turn is not over: it has calls without a result, or nothing followed it."""
    at = next((i for i in range(len(work.steps) - 1, -1, -1) if work.steps[i].kind == Step.Kind.RESPONSE), None)
    if at is None:
        return None
    response = response_of(work.steps[at])
    return response if at == len(work.steps) - 1 or open_calls(work, response) else None


def open_calls(work: Work, response: ModelResponse) -> list[ToolCallPart]:
    """Return the response's tool calls that have no result yet, in order."""
    done = {step.data["call_id"] for step in work.steps if step.kind == Step.Kind.TOOL_RESULT}
    return [call for call in response.tool_calls if call.tool_call_id not in done]
