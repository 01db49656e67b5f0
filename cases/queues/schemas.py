"""What the API says of queues and labels."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from pydantic import BaseModel, Field

from cases.models import Case, Label, Queue, Status
from cases.work.queries import case_counts

Priority = Literal["none", "medium", "high"]


class QueueGoals(BaseModel):
    """How soon cases are to be looked at and done. They hold for cases that are added, or opened again, afterwards."""

    first_look_minutes: Annotated[int | None, Field(description="Until an agent or a person starts on it.")]
    done_minutes: Annotated[int | None, Field(description="Until it is closed.")]
    hours_group_id: Annotated[
        UUID | None, Field(description="Counts the working hours of this group, in its time zone; null: all hours.")
    ]


class QueueOut(BaseModel):
    id: UUID
    name: str
    description: str
    paused: bool
    hop_limit: int
    default_priority: Priority
    data_schema: Annotated[dict[str, Any] | None, Field(description="A JSON Schema that new cases must fit.")]
    first_agent_id: Annotated[UUID | None, Field(description="Takes the cases that are assigned to nobody.")]
    goals: QueueGoals
    replies: Annotated[bool, Field(description="Its agents may write to the customers of its cases.")]
    counts: Annotated[dict[Status, int], Field(description="How many cases it has of each status.")]
    created_at: datetime


class LabelOut(BaseModel):
    name: str
    colour: Annotated[str, Field(description="One of " + ", ".join(Label.Colour.values) + ".")]


def queues_out(found: Sequence[Queue]) -> list[QueueOut]:
    counts = case_counts([queue.pk for queue in found])
    return [
        QueueOut(
            id=queue.pk,
            name=queue.name,
            description=queue.description,
            paused=queue.is_paused,
            hop_limit=queue.hop_limit,
            default_priority=cast(Priority, Case.Priority(queue.default_priority).label.lower()),
            data_schema=queue.data_schema,
            first_agent_id=queue.first_agent_id,
            goals=QueueGoals(
                first_look_minutes=queue.first_look_minutes,
                done_minutes=queue.done_minutes,
                hours_group_id=queue.hours_of_id,
            ),
            replies=queue.replies,
            counts={Status(status): number for status, number in counts[queue.pk].items()},
            created_at=queue.created_at,
        )
        for queue in found
    ]


def priority_named(name: Priority | None) -> Case.Priority | None:
    return None if name is None else Case.Priority[name.upper()]
