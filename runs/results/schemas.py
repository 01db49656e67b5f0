"""What the API says of runs, their steps and their questions."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.db.models import F, OuterRef, QuerySet
from django.db.models.functions import Coalesce
from pydantic import BaseModel, Field

from builder.agents.schemas import RevisionName, name_of
from builder.procedures import mentions
from data.texts.text import storable
from runs.models import Handover, HumanRequest, Outcome, Run, Status, Step
from runs.record import steps
from teams.keys.api import Named

_RETRYING = "retrying"


class RunError(BaseModel):
    code: Annotated[str, Field(description=f"`{_RETRYING}`: the model did not answer, and is asked again.")]
    message: str


class RunUsage(BaseModel):
    requests: int
    input_tokens: int
    output_tokens: int
    cost_usd: Annotated[float | None, Field(description="Null for models without a known price.")]


class PassageOut(BaseModel):
    revision_id: UUID
    revision_number: int
    start: Annotated[int, Field(description="In characters of the stored procedure, with its tokens.")]
    end: int
    text: Annotated[str, Field(description="The sentence, with names in place of tokens.")]


class HandoverOut(BaseModel):
    target_agent_id: UUID | None
    target_user_id: UUID | None
    target_group_id: UUID | None
    target_name: Annotated[str, Field(description="As it was called then.")]
    reason: str
    note: str
    fields: Annotated[dict[str, str | int | float | bool], Field(description="What the target needed, by name.")]
    status: Handover.Status
    run_id: Annotated[UUID | None, Field(description="The run that continues, as soon as there is one.")]
    case_id: UUID | None
    passage: Annotated[
        PassageOut | None, Field(description="The sentence of the procedure that sent it, where that is known.")
    ]


class HumanRequestOut(BaseModel):
    id: UUID
    run_id: UUID
    agent_id: UUID
    case_id: UUID | None
    kind: HumanRequest.Kind
    question: str
    details: str
    choices: list[str]
    content_hash: Annotated[str, Field(description="Of question, details and choices: send it along with the answer.")]
    status: HumanRequest.Status
    answer: Annotated[str | None, Field(description="Of a question.")]
    approved: Annotated[bool | None, Field(description="Of a request for approval.")]
    comment: Annotated[str | None, Field(description="Of a request for approval.")]
    actor: Annotated[str | None, Field(description="Who answered.")]
    actor_id: Annotated[UUID | None, Field(description="Of the person who answered, as among members.")]
    actor_email: Annotated[str | None, Field(description="Of the person who answered, whatever their name.")]
    assignee: Annotated[str | None, Field(description="Who has taken it on; anyone may answer.")]
    due_at: datetime | None
    created_at: datetime
    answered_at: Annotated[datetime | None, Field(description="When it was answered or closed.")]
    closed_because: Annotated[str | None, Field(description="Why it needs no answer any more.")]


class RunOut(BaseModel):
    id: UUID
    agent_id: UUID
    agent: Named
    revision: RevisionName
    trigger: Run.Trigger
    input: str
    status: Status
    outcome: Annotated[Outcome | None, Field(description="Of a completed run.")]
    result: str
    truncated: Annotated[bool, Field(description="Its answer was cut off at the token limit, twice.")]
    error: RunError | None
    stopped_by: Annotated[str | None, Field(description="Who stopped it: a person or an API key.")]
    stopped_by_id: Annotated[UUID | None, Field(description="Of the person who stopped it, as among members.")]
    stopped_by_email: Annotated[str | None, Field(description="Of the person who stopped it, whatever their name.")]
    stopped_because: Annotated[str | None, Field(description="Why it was stopped, in a sentence.")]
    case_id: UUID | None
    queue_id: UUID | None
    parent_run_id: UUID | None
    root_run_id: Annotated[UUID | None, Field(description="The first of a chain of handovers; null for the first.")]
    hop: int
    attempt: Annotated[int, Field(description="1, and one more each time its worker was lost.")]
    usage: RunUsage
    handover: HandoverOut | None
    human_requests: list[HumanRequestOut]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class ToolCall(BaseModel):
    id: str
    tool: str
    arguments: dict[str, Any]


class ToolResult(BaseModel):
    call_id: str
    tool: str
    ok: bool
    content: str


class StepOut(BaseModel):
    """A prompt has `instructions` and `text`, a response `text` and `calls`, a tool result `result`, a note `text`."""

    seq: int
    at: datetime
    kind: Step.Kind
    text: str = ""
    instructions: str | None = None
    calls: list[ToolCall] = []
    result: ToolResult | None = None


def with_details(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Runs that `run_out` takes, in a constant number of queries.

    `continued_by` is the run that took over: standalone the fresh one, on a case the target's next.
    """
    target = OuterRef("handover__target")
    on_case = Run.objects.filter(case=OuterRef("case"), agent=target, created_at__gt=OuterRef("created_at"))
    return (
        runs.select_related("agent", "revision", "handover", "stopped_by_user")
        .prefetch_related("human_requests__assignee__user", "human_requests__answered_by")
        .annotate(
            continued_by=Coalesce(F("handover__next_run"), on_case.order_by("created_at").values("pk")[:1]),
        )
    )


def run_out(run: Run) -> RunOut:
    """Return what the API answers about a run from `with_details`."""
    return RunOut(
        id=run.pk,
        agent_id=run.agent_id,
        agent=name_of(run.agent),
        revision=RevisionName(id=run.revision.pk, number=run.revision.number),
        trigger=Run.Trigger(run.trigger),
        input=run.input,
        status=Status(run.status),
        outcome=Outcome(run.outcome) if run.outcome else None,
        result=run.result,
        truncated=run.truncated,
        error=_error(run),
        stopped_by=run.stopped_by or None,
        stopped_by_id=run.stopped_by_user.uuid if run.stopped_by_user else None,
        stopped_by_email=run.stopped_by_user.email if run.stopped_by_user else None,
        stopped_because=run.stopped_because or None,
        case_id=run.case_id,
        queue_id=run.queue_id,
        parent_run_id=run.parent_id,
        root_run_id=run.root_id,
        hop=run.hop,
        attempt=run.attempt,
        usage=RunUsage(
            requests=run.requests,
            input_tokens=run.input_tokens,
            output_tokens=run.output_tokens,
            cost_usd=None if run.cost_usd is None else float(run.cost_usd),
        ),
        handover=_handover(run),
        human_requests=[human_request_out(row) for row in run.human_requests.all()],
        created_at=run.created_at,
        started_at=run.started_at,
        ended_at=run.ended_at,
    )


def _error(run: Run) -> RunError | None:
    if run.status == Status.FAILED:
        return RunError(code=run.error_code, message=run.error)
    if run.status == Status.QUEUED and run.retries:
        return RunError(code=_RETRYING, message=run.error)
    return None


def _handover(run: Run) -> HandoverOut | None:
    handover: Handover | None = getattr(run, "handover", None)
    if handover is None:
        return None
    is_applied = handover.status == Handover.Status.APPLIED
    return HandoverOut(
        target_agent_id=handover.target_id,
        target_user_id=handover.person.uuid if handover.person else None,
        target_group_id=handover.group_id,
        target_name=handover.target_name,
        reason=handover.reason,
        note=handover.note,
        fields=handover.fields,
        status=Handover.Status(handover.status),
        run_id=run.continued_by if is_applied else None,  # type: ignore[attr-defined]
        case_id=run.case_id,
        passage=_passage(run, handover),
    )


def _passage(run: Run, handover: Handover) -> PassageOut | None:
    if handover.passage_start is None or handover.passage_end is None:
        return None
    source = run.revision.aop[handover.passage_start : handover.passage_end]
    return PassageOut(
        revision_id=run.revision.pk,
        revision_number=run.revision.number,
        start=handover.passage_start,
        end=handover.passage_end,
        text=mentions.plain(source),
    )


def human_request_out(row: HumanRequest) -> HumanRequestOut:
    """Return what the API answers about a request with its run and assignee."""
    is_question = row.kind == HumanRequest.Kind.QUESTION
    return HumanRequestOut(
        id=row.pk,
        run_id=row.run_id,
        agent_id=row.run.agent_id,
        case_id=row.run.case_id,
        kind=HumanRequest.Kind(row.kind),
        question=row.question,
        details=row.details,
        choices=row.choices,
        content_hash=row.fingerprint,
        status=HumanRequest.Status(row.status),
        answer=(row.answer or None) if is_question else None,
        approved=row.approved,
        comment=None if is_question else row.answer or None,
        actor=row.actor or None,
        actor_id=row.answered_by.uuid if row.answered_by else None,
        actor_email=row.answered_by.email if row.answered_by else None,
        assignee=str(row.assignee.user) if row.assignee else None,
        due_at=row.due_at,
        created_at=row.created_at,
        answered_at=row.answered_at,
        closed_because=row.closed_because or None,
    )


def step_out(step: Step) -> StepOut:
    about = {"seq": step.seq, "at": step.at, "kind": Step.Kind(step.kind)}
    match step.kind:
        case Step.Kind.PROMPT:
            return StepOut(**about, text=step.data["prompt"], instructions=step.data["instructions"])
        case Step.Kind.RESPONSE:
            response = steps.response_of(step)
            calls = [
                ToolCall(id=call.tool_call_id, tool=call.tool_name, arguments=storable(call.args_as_dict()))
                for call in response.tool_calls
            ]
            return StepOut(**about, text=response.text or "", calls=calls)
        case Step.Kind.TOOL_RESULT:
            result = ToolResult(
                call_id=step.data["call_id"],
                tool=step.data["tool"],
                ok=step.data["ok"],
                content=str(step.data["content"]),
            )
            return StepOut(**about, result=result)
        case Step.Kind.INTENT:
            return StepOut(**about, text=f"Calls {step.data['tool']}.")
    return StepOut(**about, text=step.data["text"])
