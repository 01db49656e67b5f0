"""The API of cases and their timelines. `runs.people.case_api` has what also stops a run."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db import transaction
from ninja import Body, Query, Router
from ninja import Status as Answer
from pydantic import BeforeValidator, Discriminator, Field, Tag

from builder.models import Agent, QueueConnection
from cases.models import CaseQuerySet, Queue, Reason, Status
from cases.queues.schemas import Priority, priority_named
from cases.search import search
from cases.search.filters import CaseFilter, find_cases
from data.errors import Refused
from teams.audit.actors import program
from teams.keys.api import KeyRequest, RequestBody, Scope, TeamKey, example, get_row
from teams.keys.fields import ExternalId, Instant, JsonData, Label, Moment, Title
from teams.keys.paging import Page, Paging, paginate
from teams.models import Team

from . import changes as case_changes
from . import lifecycle
from .creation import BATCH_LIMIT, LABEL_LIMIT, NewCase, SomeRefused, add_cases
from .schemas import (
    SHOWN,
    AddedCase,
    AddedCases,
    CaseDetails,
    CaseOut,
    EventOut,
    case_details,
    case_fields,
    event_out,
)

router = Router()

Labels = Annotated[list[Label], Field(max_length=LABEL_LIMIT)]


class CaseIn(RequestBody):
    model_config = example(
        title="The lamp is broken",
        data={"order": 1042, "customer": "Marta"},
        priority="high",
        external_id="mail-77",
    )

    title: Title
    data: Annotated[JsonData, BeforeValidator(lambda value: {} if value is None else value)] = {}
    priority: Annotated[Priority | None, Field(description="Left out: as the queue says.")] = None
    labels: Labels = []
    external_id: Annotated[
        ExternalId | None, Field(description="Yours, unique in the queue: a repeated request gives back the same case.")
    ] = None
    postpone_until: Moment | None = None
    assignee_id: Annotated[UUID | None, Field(description="An agent that consumes the queue.")] = None


class CasesIn(RequestBody):
    cases: Annotated[list[CaseIn], Field(min_length=1, max_length=BATCH_LIMIT)]


def _one_or_many(body: Any) -> str:
    return "<many>" if isinstance(body, CasesIn) or (isinstance(body, dict) and "cases" in body) else "<one>"


OneOrMany = Annotated[Annotated[CaseIn, Tag("<one>")] | Annotated[CasesIn, Tag("<many>")], Discriminator(_one_or_many)]


class CaseChanges(RequestBody):
    """What is left out stays as it is."""

    title: Title | None = None
    data: Annotated[JsonData, Field(description="JSON or text; null leaves it as it is.")] = None
    priority: Priority | None = None
    labels: Labels | None = None


class CaseFilters(Paging):
    status: Status | None = None
    needs_person: bool = Field(False, description="Only those that wait for a person.")
    reason: Reason | None = Field(None, description="Why it needs input.")
    agent_id: UUID | None = Field(None, description="Its assignee.")
    worked_by: UUID | None = Field(None, description="The agent that took it up last.")
    owner_id: UUID | None = Field(None, description="Id of the member who has it.")
    group_id: UUID | None = Field(None, description="The group it is with, or whose member has it.")
    overdue: bool = Field(
        False,
        description="Only open ones past a goal of their queue, or past the time of their group.",
    )
    label: str = ""
    priority: Priority | None = None
    added_after: Instant | None = None
    added_before: Instant | None = None
    q: str = Field(
        "", max_length=200, description="Words in title or data, the last one as a beginning; or a number, as #12."
    )
    external_id: str = ""
    sort: Literal["newest", "oldest", "moved", "priority"] = "newest"


class AllCaseFilters(CaseFilters):
    queue_id: UUID | None = None


@router.get("/cases", response=Page[CaseOut], tags=["Cases"], summary="List cases")
def list_cases(request: KeyRequest, filters: Query[AllCaseFilters]) -> Page[CaseOut]:
    return _page(request.auth.team, filters, filters.queue_id)


@router.get("/queues/{queue_id}/cases", response=Page[CaseOut], tags=["Cases"], summary="List the cases of a queue")
def list_cases_of_queue(request: KeyRequest, queue_id: UUID, filters: Query[CaseFilters]) -> Page[CaseOut]:
    return _page(request.auth.team, filters, get_row(request.auth.team.queues.live(), queue_id).pk)


@router.post(
    "/queues/{queue_id}/cases",
    auth=TeamKey(Scope.CASES),
    response={201: AddedCase | AddedCases, 200: AddedCase | AddedCases},
    tags=["Cases"],
    summary="Add a case, or up to 1000",
)
def add(request: KeyRequest, queue_id: UUID, wanted: Body[OneOrMany]) -> Answer[AddedCase | AddedCases]:
    """All are added, or none: then `fields` says which are in the way, as `cases.17.title` (the first is 0). 201 when a
    case was made, 200 when all of them existed already.
    """
    team = request.auth.team
    queue = get_row(team.queues.live(), queue_id)
    items = wanted.cases if isinstance(wanted, CasesIn) else [wanted]
    try:
        assignees = _assignees(team, queue, items)
        made = add_cases(queue, [_new_case(item, assignees) for item in items], by=program(request.auth))
    except SomeRefused as refused:
        raise refused if isinstance(wanted, CasesIn) else refused.items[0] from None
    # Deleted ones too: what was added once and deleted since is not added again.
    shown = team.cases.select_related(*SHOWN).in_bulk([case.pk for case, _ in made])
    added = [AddedCase(**case_fields(shown[case.pk]), existing=not new) for case, new in made]
    status = 201 if any(new for _, new in made) else 200
    return Answer(status, AddedCases(cases=added) if isinstance(wanted, CasesIn) else added[0])


@router.get("/cases/{case_id}", response=CaseDetails, tags=["Cases"], summary="Read a case with its timeline")
def get_case(request: KeyRequest, case_id: UUID) -> CaseDetails:
    return read_case(request.auth.team, case_id)


@router.patch(
    "/cases/{case_id}",
    auth=TeamKey(Scope.CASES),
    response=CaseDetails,
    tags=["Cases"],
    summary="Change what a case says",
)
def change_case(request: KeyRequest, case_id: UUID, changes: CaseChanges) -> CaseDetails:
    team = request.auth.team
    with transaction.atomic():
        case_changes.change_case(
            lifecycle.lock(get_row(_cases(team), case_id).pk),
            title=changes.title,
            data=changes.data,
            priority=priority_named(changes.priority),
            labels=changes.labels,
            by=program(request.auth),
        )
    return read_case(team, case_id)


@router.get(
    "/cases/{case_id}/events", response=Page[EventOut], tags=["Cases"], summary="List the events of a case, by seq"
)
def list_events(request: KeyRequest, case_id: UUID, paging: Query[Paging]) -> Page[EventOut]:
    case = get_row(_cases(request.auth.team), case_id)
    rows, cursor = paginate(case.events.select_related("user"), ["seq"], paging)
    return Page[EventOut](items=[event_out(row) for row in rows], next_cursor=cursor)


def read_case(team: Team, case_id: UUID) -> CaseDetails:
    return case_details(get_row(_cases(team), case_id))


def _cases(team: Team) -> CaseQuerySet:
    return team.cases.present().select_related(*SHOWN)


def _page(team: Team, filters: CaseFilters, queue_id: UUID | None) -> Page[CaseOut]:
    wanted = CaseFilter(
        words=search.read(filters.q),
        status=filters.status or "",
        needs_person=filters.needs_person,
        reason=filters.reason or "",
        queue=queue_id,
        agent=filters.agent_id,
        worked=filters.worked_by,
        owner=filters.owner_id,
        group=filters.group_id,
        is_overdue=filters.overdue,
        label=filters.label,
        priority=priority_named(filters.priority),
        after=filters.added_after,
        before=filters.added_before,
        sort=filters.sort,
    )
    cases = find_cases(team, wanted).select_related(*SHOWN)
    if filters.external_id:
        cases = cases.filter(external_id=filters.external_id)
    found, cursor = paginate(cases, wanted.order, filters, wanted.split)
    return Page[CaseOut](items=[CaseOut(**case_fields(case)) for case in found], next_cursor=cursor)


def _assignees(team: Team, queue: Queue, items: Sequence[CaseIn]) -> dict[UUID, Agent]:
    ids = {item.assignee_id for item in items if item.assignee_id}
    found = team.agents.live().in_bulk(ids)
    consumers = QueueConnection.objects.filter(queue=queue, role=QueueConnection.Role.CONSUMER)
    consuming = set(consumers.filter(agent__in=found).values_list("agent_id", flat=True))
    refusals = {id: _cannot_take(id, found.get(id), queue) for id in ids - consuming}
    if refusals:
        places = ((place, item.assignee_id) for place, item in enumerate(items))
        raise SomeRefused({place: refusals[id] for place, id in places if id in refusals})
    return found


def _cannot_take(id: UUID, agent: Agent | None, queue: Queue) -> Refused:
    code = "not_a_consumer" if agent else "not_found"
    message = f"{agent.name} does not work the queue {queue.name}." if agent else f"There is no such agent: {id}."
    return Refused(message, code, {"assignee_id": message})


def _new_case(item: CaseIn, assignees: dict[UUID, Agent]) -> NewCase:
    return NewCase(
        title=item.title,
        data=item.data,
        priority=priority_named(item.priority),
        labels=item.labels,
        external_id=item.external_id,
        postpone_until=item.postpone_until,
        assignee=assignees[item.assignee_id] if item.assignee_id else None,
    )
