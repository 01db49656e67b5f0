"""The API of routing tests."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Query, Router
from ninja import Status as Answer
from pydantic import BaseModel, Field

from builder.models import Agent
from cases.models import Case
from cases.queues.schemas import Priority
from data.errors import Refused
from routes.checks import queries
from routes.models import RoutingTest, Verdict
from runs.people.starting import INPUT_LIMIT
from teams.audit.actors import program
from teams.keys.api import KeyRequest, RequestBody, Scope, TeamKey, get_row
from teams.keys.fields import JsonData, Label, Length, Title, Words
from teams.keys.paging import Page, Paging, paginate
from teams.models import Team

from . import routing_tests
from .schemas import Decision

router = Router(tags=["Routing tests"])

Decides = Literal["hand_over", "complete", "fail", "postpone", "ask", "answer", "decline"]


class ExpectedDecision(RequestBody):
    decision: Decides
    agent_id: Annotated[UUID | None, Field(description="With `hand_over`.")] = None
    user_id: UUID | None = None
    group_id: UUID | None = None


class TestInput(RequestBody):
    """`title` and what stands beside it for a case; `text` for a standalone run; or `from_run_id` alone."""

    title: Title | None = None
    data: JsonData = None
    labels: Annotated[list[Label], Field(max_length=20)] | None = None
    priority: Priority | None = None
    queue_id: Annotated[UUID | None, Field(description="Needed only where the agent takes cases from several.")] = None
    text: Annotated[str, Length(INPUT_LIMIT, 1)] | None = None
    from_run_id: Annotated[UUID | None, Field(description="What this run saw, as it was recorded.")] = None


class TestIn(RequestBody):
    input: TestInput
    expected: Annotated[
        list[ExpectedDecision] | None,
        Field(max_length=10, description="Any of them passes. Left out with `from_run_id`: what the run decided."),
    ] = None
    name: Annotated[Words, Field(description="The beginning of the input, if left out.")] = ""


class TestChanges(RequestBody):
    """What is left out stays as it is."""

    input: TestInput | None = None
    expected: Annotated[list[ExpectedDecision] | None, Field(max_length=10)] = None
    name: Title | None = None


class LastResult(BaseModel):
    verdict: Verdict
    decision: Decision | None
    at: datetime


class TestInputOut(BaseModel):
    title: str | None = None
    data: Any = None
    labels: list[str] | None = None
    priority: Priority | None = None
    text: str | None = None


class TestOut(BaseModel):
    id: UUID
    agent_id: UUID
    name: str
    source: RoutingTest.Source
    mode: RoutingTest.Mode
    queue_id: UUID | None = None
    input: TestInputOut
    expected: list[Decision]
    void: Annotated[bool, Field(description="Every agent that is expected was deleted.")]
    last: LastResult | None


@router.get(
    "/agents/{agent_id}/tests",
    response=Page[TestOut],
    summary="List the routing tests of an agent, newest first",
)
def list_tests(request: KeyRequest, agent_id: UUID, paging: Query[Paging]) -> Page[TestOut]:
    agent = get_row(request.auth.team.agents.live(), agent_id)
    rows, cursor = paginate(routing_tests.of_agent(agent), ["-created_at", "id"], paging)
    return Page[TestOut](items=_tests_out(rows), next_cursor=cursor)


@router.post(
    "/agents/{agent_id}/tests",
    auth=TeamKey(Scope.AGENTS),
    response={201: TestOut},
    summary="Create a routing test",
)
def create_test(request: KeyRequest, agent_id: UUID, wanted: TestIn) -> Answer[TestOut]:
    team = request.auth.team
    agent = get_row(team.agents.live().select_related("team"), agent_id)
    about = {"name": wanted.name, "source": RoutingTest.Source.API, "by": program(request.auth)}
    expected = None if wanted.expected is None else [row.model_dump(exclude_none=True) for row in wanted.expected]
    made = _make(team, agent, wanted.input, expected, about)
    return Answer(201, _read(team, made.pk))


def _make(
    team: Team, agent: Agent, input: TestInput, expected: list[dict[str, Any]] | None, about: dict[str, Any]
) -> RoutingTest:
    given = input.model_dump(exclude_none=True)
    if "from_run_id" in given:
        _refuse_others(given, "from_run_id")
        run = get_row(team.runs.select_related("agent__team", "case__queue", "queue"), given["from_run_id"], _OF_RUN)
        if run.agent_id != agent.pk:
            raise _invalid(_OF_RUN, f"This is no run of {agent.name}.")
        return routing_tests.add_test_of_run(run, expected=expected, **about)
    if "text" in given:
        _refuse_others(given, "text")
        return routing_tests.add_standalone_test(agent, text=given["text"], expected=expected or [], **about)
    if "title" not in given:
        raise _invalid("input", "Send title for a case, text for a standalone run, or from_run_id.")
    queue = get_row(team.queues.live(), given["queue_id"], "input.queue_id") if "queue_id" in given else None
    return routing_tests.add_case_test(
        agent,
        title=given["title"],
        data=given.get("data", {}),
        labels=given.get("labels", []),
        priority=_priority(given.get("priority")) or Case.Priority.NONE,
        queue=queue,
        expected=expected or [],
        **about,
    )


_OF_RUN = "input.from_run_id"


def _refuse_others(given: dict[str, Any], name: str) -> None:
    if others := sorted(set(given) - {name}):
        raise _invalid(f"input.{others[0]}", f"Leave this out beside {name}.")


def _invalid(field: str, message: str) -> Refused:
    return Refused(message, "invalid", {field: message})


def _priority(name: str | None) -> Case.Priority | None:
    return None if name is None else Case.Priority[name.upper()]


@router.get("/tests/{test_id}", response=TestOut, summary="Read a routing test")
def get_test(request: KeyRequest, test_id: UUID) -> TestOut:
    return _read(request.auth.team, test_id)


@router.patch("/tests/{test_id}", auth=TeamKey(Scope.AGENTS), response=TestOut, summary="Change a routing test")
def change_test(request: KeyRequest, test_id: UUID, changes: TestChanges) -> TestOut:
    """Its prompt is written again with another input. Its mode and its queue stay."""
    team = request.auth.team
    test = get_row(_tests(team), test_id)
    given = changes.input.model_dump(exclude_none=True) if changes.input else {}
    allowed = {"text"} if test.mode == RoutingTest.Mode.STANDALONE else {"title", "data", "labels", "priority"}
    if others := sorted(set(given) - allowed):
        raise _invalid(f"input.{others[0]}", f"Of this test one can change: {', '.join(sorted(allowed))}.")
    given["priority"] = _priority(given.get("priority"))
    expected = None if changes.expected is None else [row.model_dump(exclude_none=True) for row in changes.expected]
    routing_tests.change_test(test, program(request.auth), name=changes.name, expected=expected, **given)
    return _read(team, test_id)


@router.delete("/tests/{test_id}", auth=TeamKey(Scope.AGENTS), response={204: None}, summary="Delete a routing test")
def delete_test(request: KeyRequest, test_id: UUID) -> Answer[None]:
    routing_tests.delete_test(get_row(_tests(request.auth.team), test_id), program(request.auth))
    return Answer(204, None)


def _tests(team: Team) -> Any:
    return RoutingTest.objects.filter(team=team).select_related("agent", "queue", "team")


def _read(team: Team, id: UUID) -> TestOut:
    [out] = _tests_out([get_row(_tests(team), id)])
    return out


def _tests_out(rows: Sequence[RoutingTest]) -> list[TestOut]:
    last, void = queries.last_results(rows), queries.void(rows)
    return [_test_out(row, last.get(row.pk), row.pk in void) for row in rows]


def _test_out(row: RoutingTest, last: Any, is_void: bool) -> TestOut:
    sample = row.sample
    if row.mode == RoutingTest.Mode.CASE:
        names = ("title", "data", "labels")
        priority = Case.Priority(sample["priority"]).label
        input = TestInputOut(**{name: sample[name] for name in names}, priority=priority)
    else:
        input = TestInputOut(text=sample["text"])
    result = LastResult(verdict=last.verdict, decision=last.after, at=last.at or row.created_at) if last else None
    return TestOut(
        id=row.pk,
        agent_id=row.agent_id,
        name=row.name,
        source=RoutingTest.Source(row.source),
        mode=RoutingTest.Mode(row.mode),
        queue_id=row.queue_id,
        input=input,
        expected=[Decision(**one) for one in row.expected],
        void=is_void,
        last=result,
    )
