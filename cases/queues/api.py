"""The API of queues and labels."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from django.db import transaction
from ninja import Query, Router
from ninja import Status as Answer
from pydantic import Field

from builder.models import Agent
from cases.models import DEFAULT_HOP_LIMIT
from teams.keys.api import KeyRequest, RequestBody, Scope, TeamKey, example, get_row
from teams.keys.fields import Name, Words
from teams.keys.paging import Page, Paging, paginate
from teams.models import Team

from . import queues
from .goals import MOST_MINUTES, Goals, goals_of
from .schemas import LabelOut, Priority, QueueOut, priority_named, queues_out

router = Router()

Schema = Annotated[
    dict[str, Any], Field(description="A JSON Schema (2020-12) that the data of new cases must fit; 32 kB at most.")
]
HopLimit = Annotated[int, Field(ge=1, le=50, description="How often a case may be handed over without a person.")]


Minutes = Annotated[int | None, Field(ge=1, le=MOST_MINUTES)]


class GoalsIn(RequestBody):
    """What is left out stays as it is; null: no such goal."""

    first_look_minutes: Annotated[Minutes, Field(description="Working minutes until someone starts on a case.")] = None
    done_minutes: Annotated[Minutes, Field(description="Working minutes until a case is closed.")] = None
    hours_group_id: UUID | None = Field(None, description="The group whose working hours count; null: all hours.")


class QueueIn(RequestBody):
    model_config = example(name="Support", description="Emails of customers", hop_limit=8)

    name: Name
    description: Words = ""
    paused: bool = False
    hop_limit: HopLimit = DEFAULT_HOP_LIMIT
    default_priority: Annotated[Priority, Field(description="Of cases that are added without one.")] = "none"
    data_schema: Schema | None = None
    goals: GoalsIn | None = None
    replies: Annotated[bool, Field(description="Its agents may write to the customers of its cases.")] = False


class QueueChanges(RequestBody):
    """What is left out stays as it is."""

    name: Name | None = None
    description: Words | None = None
    paused: bool | None = None
    hop_limit: HopLimit | None = None
    default_priority: Priority | None = None
    data_schema: Schema | None = Field(None, description="A JSON Schema (2020-12) for new cases; null: any data.")
    replies: bool | None = None
    first_agent_id: UUID | None = Field(None, description="Takes the cases that are assigned to nobody; null: any.")
    goals: GoalsIn | None = None


@router.get("/queues", response=Page[QueueOut], tags=["Queues"], summary="List queues, newest first")
def list_queues(request: KeyRequest, paging: Query[Paging]) -> Page[QueueOut]:
    found, cursor = paginate(request.auth.team.queues.live(), ["-created_at", "-id"], paging)
    return Page[QueueOut](items=queues_out(found), next_cursor=cursor)


@router.post("/queues", auth=TeamKey(Scope.AGENTS), response={201: QueueOut}, tags=["Queues"], summary="Create a queue")
def create_queue(request: KeyRequest, wanted: QueueIn) -> Answer[QueueOut]:
    with transaction.atomic():
        queue = queues.create_queue(
            request.auth.team,
            wanted.name,
            wanted.description,
            wanted.hop_limit,
            default_priority=priority_named(wanted.default_priority),
            data_schema=wanted.data_schema,
            goals=_goals(request.auth.team, wanted.goals, Goals()),
            replies=wanted.replies,
        )
        if wanted.paused:
            queues.pause_queue(queue)
    return Answer(201, _read_queue(request.auth.team, queue.pk))


@router.get("/queues/{queue_id}", response=QueueOut, tags=["Queues"], summary="Read a queue")
def get_queue(request: KeyRequest, queue_id: UUID) -> QueueOut:
    return _read_queue(request.auth.team, queue_id)


@router.patch(
    "/queues/{queue_id}", auth=TeamKey(Scope.AGENTS), response=QueueOut, tags=["Queues"], summary="Change a queue"
)
def change_queue(request: KeyRequest, queue_id: UUID, changes: QueueChanges) -> QueueOut:
    team = request.auth.team
    with transaction.atomic():
        queue = get_row(team.queues.live().select_for_update(no_key=True), queue_id)
        queues.save_queue(
            queue,
            name=changes.name,
            description=changes.description,
            hop_limit=changes.hop_limit,
            first_agent=_first_agent(team, changes),
            default_priority=priority_named(changes.default_priority),
            goals=_goals(team, changes.goals, goals_of(queue)),
            replies=changes.replies,
            data_schema=changes.data_schema if "data_schema" in changes.model_fields_set else queues.UNCHANGED,
        )
        if changes.paused is not None:
            (queues.pause_queue if changes.paused else queues.resume_queue)(queue)
    return _read_queue(team, queue_id)


def _first_agent(team: Team, changes: QueueChanges) -> Agent | queues.Unchanged | None:
    if "first_agent_id" not in changes.model_fields_set:
        return queues.UNCHANGED
    wanted = changes.first_agent_id
    return get_row(team.agents.live(), wanted, "first_agent_id") if wanted else None


def _goals(team: Team, wanted: GoalsIn | None, now: Goals) -> Goals | None:
    if wanted is None:
        return None
    said: dict[str, Any] = {name: getattr(wanted, name) for name in wanted.model_fields_set}
    if "hours_group_id" in said:
        id = said.pop("hours_group_id")
        said["hours_of"] = get_row(team.groups.live(), id, "goals.hours_group_id") if id else None
    return replace(now, **said)


@router.delete(
    "/queues/{queue_id}",
    auth=TeamKey(Scope.AGENTS),
    response={204: None},
    tags=["Queues"],
    summary="Delete a queue without open cases",
)
def delete_queue(request: KeyRequest, queue_id: UUID) -> Answer[None]:
    queues.delete_queue(get_row(request.auth.team.queues.live(), queue_id))
    return Answer(204, None)


def _read_queue(team: Team, queue_id: UUID) -> QueueOut:
    return queues_out([get_row(team.queues.live(), queue_id)])[0]


@router.get("/labels", response=Page[LabelOut], tags=["Cases"], summary="List the labels of the team, by name")
def list_labels(request: KeyRequest, paging: Query[Paging]) -> Page[LabelOut]:
    found, cursor = paginate(request.auth.team.labels.all(), ["name"], paging)
    return Page[LabelOut](items=[LabelOut(name=row.name, colour=row.colour) for row in found], next_cursor=cursor)
