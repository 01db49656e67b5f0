"""Tools that work on cases: a run changes its own, and adds and lists those of the queues it may add to."""

import json
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from cases.models import Case, Queue
from cases.models import Status as CaseStatus
from cases.work import changes, creation
from data.errors import Refused
from runs.prompts.arguments import Arguments, plain
from runs.record.steps import Work
from teams.audit.actors import BATON


def _in_small_letters(value: Any) -> Any:
    return value.strip().casefold() if isinstance(value, str) else value


Priority = Annotated[Literal["none", "medium", "high"], BeforeValidator(_in_small_letters)]


class UpdateCase(Arguments):
    title: str | None = Field(None, description="A better title.", max_length=200)
    data: dict[str, Any] | None = Field(None, description="Fields to add to the case's data, or to change in it.")
    priority: Priority | None = None
    labels: list[str] | None = Field(None, description="All labels the case should have.", max_length=20)


class AddedCase(Arguments):
    title: str = Field(min_length=1, max_length=200)
    data: dict[str, Any] = Field(default_factory=dict, description="What the agent that works the case needs to know.")
    priority: Priority | None = Field(None, description="Left out: as the queue says.")
    labels: list[str] = Field(default_factory=list, max_length=20)
    external_id: str | None = Field(None, description="Makes sure that the same thing is added once.", max_length=200)


class AddCases(Arguments):
    queue: str
    cases: list[AddedCase] = Field(min_length=1, max_length=100)


class ListCases(Arguments):
    queue: str
    status: Annotated[CaseStatus, BeforeValidator(_in_small_letters)] | None = None
    containing: str = Field("", description="Words in the title.", max_length=200)
    limit: int = Field(20, ge=1, le=100)


def update_case(work: Work, case: Case | None, wanted: UpdateCase) -> str:
    assert case
    changed = changes.change_case(
        case,
        title=wanted.title,
        data=_merged(case.data, wanted.data),
        priority=_priority(wanted.priority),
        labels=wanted.labels,
        agent_id=work.agent.pk,
        run_id=work.run.pk,
    )
    return f"Changed: {', '.join(changed)}." if changed else "Nothing was different."


def _priority(name: str | None) -> Case.Priority | None:
    return None if name is None else Case.Priority[name.upper()]


def _merged(old: Any, new: dict[str, Any] | None) -> Any:
    if new is None:
        return None
    return {**(old if isinstance(old, dict) else {"text": old}), **new}


def add_cases(work: Work, case: Case | None, wanted: AddCases) -> str:
    items = [
        creation.NewCase(item.title, item.data, _priority(item.priority), item.labels, item.external_id)
        for item in wanted.cases
    ]
    made = creation.add_cases(_queue(work, wanted.queue), items, by=BATON, agent_id=work.agent.pk, run_id=work.run.pk)
    return json.dumps([{"number": row.number, "title": row.title, "existing": not new} for row, new in made])


def list_cases(work: Work, case: Case | None, wanted: ListCases) -> str:
    found = Case.objects.present().filter(queue=_queue(work, wanted.queue), title__icontains=wanted.containing)
    if wanted.status:
        found = found.filter(status=wanted.status)
    rows = found.order_by("-number").values("number", "title", "status", "labels")[: wanted.limit]
    return json.dumps(list(rows), ensure_ascii=False)


def _queue(work: Work, name: str) -> Queue:
    named = [queue for queue in work.produces if name == queue.name]
    alike = named or [queue for queue in work.produces if plain(queue.name) == plain(name)]
    if len(alike) == 1:
        return alike[0]
    raise Refused(
        f"There is no queue “{name}” here. Queues: {', '.join(row.name for row in work.produces)}.", "invalid"
    )
