"""What the API says of cases."""

from datetime import datetime
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from django.utils import timezone
from pydantic import BaseModel, Field, create_model

from builder.agents.schemas import name_of
from cases.models import Case, CaseEvent, CaseMessage, Kind, MessageDirection, MessageStatus, Status
from cases.queues.schemas import Priority
from cases.timeline import shares, timeline
from cases.timeline.shares import HolderKind
from teams.keys.api import Named

# A case says its last events; all of them are a list of their own.
EVENTS_SHOWN = 200
MESSAGES_SHOWN = 100


# What `case_fields` reads besides the case.
SHOWN = ("queue", "assignee", "owner", "group")


class Owner(BaseModel):
    id: UUID
    name: str
    email: str


class GoalTimes(BaseModel):
    """What the goals of its queue mean for the case. A missed goal stays missed."""

    first_look_by: Annotated[datetime | None, Field(description="When someone should have started on it.")]
    first_looked_at: Annotated[datetime | None, Field(description="When an agent or a person first did.")]
    first_look_missed: bool
    done_by: Annotated[datetime | None, Field(description="When it should be closed.")]
    done_missed: bool


class CaseOut(BaseModel):
    id: UUID
    number: int
    title: str
    data: Annotated[Any, Field(description="JSON or text.")]
    priority: Priority
    labels: list[str]
    external_id: str | None
    queue_id: UUID
    queue: Named
    status: Status
    reason: Annotated[str | None, Field(description="Why it needs input.")]
    detail: Annotated[str, Field(description="The reason in words; of a closed case, the result.")]
    assignee_id: UUID | None
    assignee: Named | None
    owner: Annotated[Owner | None, Field(description="The member who has it; no agent gets it then.")]
    group: Annotated[Named | None, Field(description="The group it is with, or whose member has it.")]
    take_by: Annotated[datetime | None, Field(description="When someone of the group should have taken it.")]
    goals: GoalTimes
    overdue: Annotated[bool, Field(description="It is open, and past a goal of its queue or the time of its group.")]
    taken_over_by: Annotated[str | None, Field(description="The person who has it; no agent gets it then.")]
    hops: Annotated[int, Field(description="Handovers since a person or program last acted.")]
    postpone_until: datetime | None
    created_at: datetime
    moved_at: Annotated[datetime, Field(description="When the status last changed.")]


type Goal = Literal["first_look", "done"]


class StageOut(BaseModel):
    """One agent's time with the case."""

    agent_id: UUID | None
    agent_name: str
    run_id: UUID | None
    revision: Annotated[int | None, Field(description="Number of the agent's revision.")]
    started_at: datetime
    ended_at: datetime | None
    waited_s: Annotated[float, Field(description="How long the case had waited for the agent, in seconds.")]
    outcome: Annotated[str | None, Field(description="Null while the agent works on it.")]
    missed: Annotated[list[Goal], Field(description="Goals of the queue that were missed in this stage.")]


class ShareOut(BaseModel):
    """The time that the case was with one agent, group or person. All of them add up to the time that it was open."""

    kind: Annotated[HolderKind, Field(description="Who, or that it was postponed or waited for any agent.")]
    name: str
    agent_id: UUID | None
    group_id: UUID | None
    waited_s: Annotated[int, Field(description="Seconds that it waited for them.")]
    had_s: Annotated[int, Field(description="Seconds that they had it.")]
    missed: Annotated[list[Goal], Field(description="Goals of the queue that were missed by their time.")]


class EventOut(BaseModel):
    seq: int
    at: datetime
    kind: Kind
    status: Annotated[Status, Field(description="Of the case, after the event.")]
    agent_id: UUID | None
    run_id: UUID | None
    actor: Annotated[str | None, Field(description="The person or API key that did it, if one did.")]
    actor_id: Annotated[UUID | None, Field(description="Of the person, as among members.")]
    actor_email: Annotated[str | None, Field(description="Of the person, whatever their name.")]
    reason: str | None
    text: str
    data: dict[str, Any]


class _Message(BaseModel):
    """A message between the case and its customer."""

    id: UUID
    direction: MessageDirection
    at: datetime
    to: str
    subject: str
    text: Annotated[str, Field(description="Without the history that it quotes.")]
    status: Annotated[MessageStatus | None, Field(description="Of a message out.")]
    approved_by: Annotated[str | None, Field(description="Who approved what an agent wrote.")]
    agent_id: Annotated[UUID | None, Field(description="The agent that wrote it.")]
    actor: Annotated[str | None, Field(description="The person or API key that wrote it.")]
    error: Annotated[str | None, Field(description="Why it was not sent, or came back.")]
    has_original: Annotated[bool, Field(description="It can be downloaded as it came.")]


# `from` is no name that a class can have.
MessageOut = create_model("MessageOut", __base__=_Message, **{"from": (str, ...)})  # type: ignore[call-overload]


class CaseDetails(CaseOut):
    messages: Annotated[
        list[MessageOut],
        Field(description=f"Between the case and its customer, oldest first; the last {MESSAGES_SHOWN}."),
    ]
    stages: list[StageOut]
    time: Annotated[list[ShareOut], Field(description="Whose time it took so far.")]
    events: Annotated[list[EventOut], Field(description=f"The last {EVENTS_SHOWN}, by seq.")]
    events_truncated: Annotated[bool, Field(description="There are earlier events: read `/cases/{id}/events`.")]


class AddedCase(CaseOut):
    existing: Annotated[bool, Field(description="An earlier request with this external_id made it.")]


class AddedCases(BaseModel):
    cases: list[AddedCase]


def case_details(case: Case) -> CaseDetails:
    # None that came after the case was read: its status would contradict them.
    events = list(case.events.select_related("user").filter(seq__lte=case.last_seq))
    return CaseDetails(
        **case_fields(case),
        messages=[_message_out(row) for row in list(case.messages.order_by("-at", "-pk")[:MESSAGES_SHOWN])[::-1]],
        stages=[_stage_out(stage) for stage in timeline.stages(events)],
        time=[_share_out(one) for one in shares.shares(events, {}, timezone.now())],
        events=[event_out(row) for row in events[-EVENTS_SHOWN:]],
        events_truncated=len(events) > EVENTS_SHOWN,
    )


def case_fields(case: Case) -> dict[str, Any]:
    """Return the fields of a CaseOut."""
    return {
        "id": case.pk,
        "number": case.number,
        "title": case.title,
        "data": case.data,
        "priority": get_args(Priority)[case.priority],
        "labels": case.labels,
        "external_id": case.external_id,
        "queue_id": case.queue_id,
        "queue": Named(id=case.queue_id, name=case.queue.name),
        "status": case.status,
        "reason": case.reason or None,
        "detail": case.detail,
        "assignee_id": case.assignee_id,
        "assignee": name_of(case.assignee) if case.assignee else None,
        "owner": Owner(id=case.owner.uuid, name=str(case.owner), email=case.owner.email) if case.owner else None,
        "group": Named(id=case.group.pk, name=case.group.name) if case.group else None,
        "take_by": case.take_by,
        "goals": GoalTimes(
            first_look_by=case.look_by,
            first_looked_at=case.looked_at,
            first_look_missed=case.look_missed,
            done_by=case.done_by,
            done_missed=case.done_missed,
        ),
        "overdue": case.is_overdue,
        "taken_over_by": case.holder or None,
        "hops": case.hops,
        "postpone_until": case.due_at,
        "created_at": case.created_at,
        "moved_at": case.moved_at,
    }


def _message_out(row: CaseMessage) -> BaseModel:
    return MessageOut(
        **{"from": row.sender},
        id=row.pk,
        direction=row.direction,
        at=row.at,
        to=row.recipient,
        subject=row.subject,
        text=row.text,
        status=row.status or None,
        approved_by=row.approved_by or None,
        agent_id=row.agent_id,
        actor=row.actor or None,
        error=row.error or None,
        has_original=bool(row.original),
    )


def _stage_out(stage: timeline.Stage) -> StageOut:
    return StageOut(
        agent_id=stage.agent_id,
        agent_name=stage.agent_name,
        run_id=stage.run_id,
        revision=stage.revision,
        started_at=stage.started_at,
        ended_at=stage.ended_at,
        waited_s=round(stage.waited_s, 3),
        outcome=stage.outcome or None,
        missed=stage.missed,
    )


def _share_out(share: shares.Share) -> ShareOut:
    return ShareOut(
        kind=share.kind,
        name=share.name,
        agent_id=share.id if share.kind == "agent" else None,
        group_id=share.id if share.kind == "people" else None,
        waited_s=share.waited,
        had_s=share.had,
        missed=list(share.missed),
    )


def event_out(row: CaseEvent) -> EventOut:
    return EventOut(
        seq=row.seq,
        at=row.at,
        kind=Kind(row.kind),
        status=Status(row.status),
        agent_id=row.agent_id,
        run_id=row.run_id,
        actor=row.actor or None,
        actor_id=row.user.uuid if row.user else None,
        actor_email=row.user.email if row.user else None,
        reason=row.reason or None,
        text=row.text,
        data=row.data,
    )
