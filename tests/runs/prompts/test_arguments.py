"""Arguments as models write them: nulls, extra ones, and names in every spelling."""

from typing import Any

import pytest
from pydantic_ai.messages import ToolCallPart

from builder.agents.connections import Consumes, connect
from builder.models import Agent, ServerTool
from cases.models import Case, Queue
from data.errors import Refused
from runs.engine import human_requests
from runs.models import HumanRequest
from runs.opening import targets
from runs.prompts.arguments import Arguments
from runs.tools import case_tools, server_tools, tools
from teams.audit.actors import Actor
from tests.driving import work_next
from tests.fixtures import Make
from tests.provider import Provider, call, calls
from tests.wire import Call

pytestmark = pytest.mark.django_db


@pytest.fixture
def billing(scripted: Provider, make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Billing Specialist", queue=queue)


@pytest.fixture
def agent(billing: Agent, make_agent: Make[Agent], make_queue: Make[Queue], queue: Queue) -> Agent:
    agent = make_agent("Clerk", mentions=[billing, make_agent("Technical", queue=queue)], queue=queue)
    connect(agent, [Consumes(queue.pk, 5)], [make_queue("Refunds").pk])
    return agent


@pytest.fixture
def case(make_case: Make[Case], agent: Agent) -> Case:
    return make_case("Refund", assignee=agent)


MINIMAL: dict[str, dict[str, Any]] = {
    "request_handover": {"target": "billing-specialist", "reason": "x"},
    "update_case": {"title": "Better"},
    "complete_case": {"summary": "x"},
    "fail_case": {"reason": "x"},
    "decline_case": {"reason": "x"},
    "postpone_case": {"until": "2h", "reason": "x"},
    "add_cases": {"queue": "Refunds", "cases": [{"title": "x"}]},
    "list_cases": {"queue": "Refunds"},
    "reply_to_customer": {"text": "Hello"},
    "ask_person": {"question": "x"},
    "request_approval": {"title": "x", "details": "x"},
    "withdraw_request": {},
}


def read(tool: str, arguments: dict[str, Any], own: tuple[str, ...] = ()) -> Arguments:
    return tools.TOOLS[tool].arguments.model_validate(arguments, context={"own": lambda: own})


def nulls(kind: type[Arguments]) -> dict[str, None]:
    return {name: None for name, field in kind.model_fields.items() if not field.is_required()}


@pytest.mark.parametrize("tool", tools.TOOLS)
def test_null_for_any_optional_argument_counts_as_left_out(tool: str) -> None:
    plainly, kind = MINIMAL[tool], tools.TOOLS[tool].arguments
    written = {**nulls(kind), **plainly}
    if tool == "add_cases":
        written["cases"] = [{**nulls(case_tools.AddedCase), **plainly["cases"][0]}]
    without_times = {"until"}
    assert read(tool, written).model_dump(exclude=without_times) == read(tool, plainly).model_dump(
        exclude=without_times
    )


@pytest.mark.parametrize("tool", tools.TOOLS)
def test_null_for_a_needed_argument_is_refused(tool: str) -> None:
    for name, field in tools.TOOLS[tool].arguments.model_fields.items():
        if field.is_required():
            with pytest.raises(ValueError, match=name):
                read(tool, {**MINIMAL[tool], name: None})


@pytest.mark.parametrize("tool", tools.TOOLS)
def test_the_schema_that_models_see_takes_no_more(tool: str) -> None:
    schema = tools.TOOLS[tool].arguments.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    assert all(part["additionalProperties"] is False for part in parts if part["type"] == "object")


def test_a_handover_without_a_note_but_null_is_applied(scripted, case) -> None:
    scripted.answers(call("request_handover", target="billing-specialist", reason="x", note=None))
    assert work_next().handover.note == ""


def test_cases_with_nulls_are_added(scripted, case) -> None:
    new = {"title": "x", "data": None, "labels": None, "priority": " High ", "external_id": None}
    scripted.answers(call("add_cases", queue="refunds ", cases=[new]), call("complete_case", summary="x"))
    work_next()
    added = Case.objects.get(queue__name="Refunds")
    assert (added.data, added.labels, added.priority) == ({}, [], Case.Priority.HIGH)


# They are not offered to this run, or answered by a person first.
_NOT_AT_ONCE = {"withdraw_request", "decline_case", "reply_to_customer"}


@pytest.mark.parametrize("tool", sorted(set(tools.TOOLS) - tools.REQUESTS - _NOT_AT_ONCE))
def test_a_harmless_extra_argument_is_ignored_and_named(scripted, case, tool: str) -> None:
    extra = {"confidence": 0.9, "case_summary": "x", "Ünsinn": None, "thoughts": {"a": 1}}
    scripted.answers(calls(Call(tool, {**MINIMAL[tool], **extra})), call("complete_case", summary="x"))
    told = work_next().steps.filter(kind="tool_result").first().data
    assert told["ok"] and told["content"].endswith(
        f"Ignored, as {tool} takes no such arguments: confidence, case_summary, thoughts."
    )


def test_an_extra_argument_of_a_case_to_add_is_named_with_its_place(scripted, case) -> None:
    new = [{"title": "x"}, {"title": "y", "colour": "red"}]
    scripted.answers(call("add_cases", queue="Refunds", cases=new), call("complete_case", summary="x"))
    assert "no such arguments: cases.1.colour." in work_next().steps.filter(kind="tool_result").first().data["content"]


def test_an_extra_argument_of_a_question_is_named_with_the_answer(scripted, case) -> None:
    scripted.answers(call("ask_person", question="Who?", choices=None, mood="good"), call("complete_case", summary="x"))
    work_next()
    human_requests.answer(HumanRequest.objects.get(), "Me.", Actor("Ada"))
    work_next()
    told = scripted.requests[1].results[0].text
    assert "Me." in told and told.endswith("Ignored, as ask_person takes no such arguments: mood.")


def test_null_for_an_optional_argument_of_a_servers_tool_counts_as_left_out() -> None:
    inner = {"type": "object", "properties": {"day": {"type": "string"}}}
    schema = {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "limit": {"type": "integer"},
            "to": {"type": ["string", "null"]},
            "when": inner,
        },
        "required": ["text"],
    }
    tool = ServerTool(key="bank__look", input_schema=schema)

    def read_by_server(**arguments: Any) -> dict[str, Any]:
        return server_tools.parse(tool, ToolCallPart("bank__look", arguments)).arguments

    assert read_by_server(text="x", limit=None, to=None, when={"day": None}) == {"text": "x", "when": {}}
    assert read_by_server(text="x", to=None) == {"text": "x", "to": None}, "A null that means something is sent"
    with pytest.raises(Refused, match="text"):
        read_by_server(text=None)


@pytest.mark.parametrize(
    "extra",
    ["case_id", "caseNumber", "queue", "team_id", "target_agent", "until", "due_at", "dry_run", "dryRun", "owner"],
)
def test_an_extra_argument_that_would_decide_something_is_refused(extra: str) -> None:
    with pytest.raises(ValueError, match=f"there is no argument {extra}"):
        read("complete_case", {"summary": "x", extra: "other"})
    with pytest.raises(ValueError, match=extra):
        read("add_cases", {"queue": "Refunds", "cases": [{"title": "x", extra: "other"}]})


def test_naming_the_case_it_works_on_anyway_is_harmless(scripted, case) -> None:
    own = {"case_id": str(case.pk), "case_number": f"#{case.number}", "queue_name": case.queue.name, "agent": "Clerk"}
    scripted.answers(call("complete_case", summary="x", **own))
    assert work_next().outcome == "case_completed"


@pytest.mark.parametrize(
    "wanted",
    [
        "billing-specialist",
        "Billing Specialist",
        "billing-specialist ",
        "BILLING SPECIALIST",
        "@Billing Specialist",
        "＠Billing Specialist",
        "@billing-specialist",
        " @ Billing\xa0Specialist",
        "“Billing Specialist”",
        "`billing-specialist`",
        "Billing\u200b Specialist",
        "Ｂｉｌｌｉｎｇ Specialist",
        "billing_specialist",
        "Billing  Specialist\n",
        "'@Billing Specialist'",
        "@[Billing Specialist](agent:{id})",
        "agent:{id}",
        "{id}",
        "{ID}",
        "@[Whoever](agent:{id})",
    ],
)
def test_a_target_is_found_however_it_is_written(scripted, case, billing, wanted: str) -> None:
    target = wanted.replace("{id}", str(billing.pk)).replace("{ID}", str(billing.pk).upper())
    scripted.answers(call("request_handover", target=target, reason="x"))
    assert work_next().handover.target == billing


@pytest.mark.parametrize(
    "wanted", ["", "@", "billing", "Specialist", "@[Billing Specialist](agent:{other})", "{other}", "*"]
)
def test_what_names_no_target_is_refused(scripted, case, make_agent, wanted: str) -> None:
    other = str(make_agent("Other").pk)
    target = wanted.replace("{other}", other)
    scripted.answers(call("request_handover", target=target, reason="x"), call("complete_case", summary="x"))
    told = work_next().steps.filter(kind="tool_result").first().data
    assert not told["ok"] and "Valid targets: billing-specialist, technical" in told["content"]


def test_a_name_that_two_targets_could_have_is_no_target() -> None:
    def row(key: str, name: str) -> targets.TargetRow:
        return {"key": key, "agent_id": key, "name": name, "description": ""}

    two = [row("eu", "Team EU"), row("team-eu", "Team-EU")]
    assert targets.find_target("TEAM_EU", two) is None
    assert targets.find_target("team eu", two) == two[0]
    assert targets.find_target("Team-EU", two) == two[1]


def test_the_agent_itself_is_known_in_every_spelling(scripted, case) -> None:
    scripted.answers(call("request_handover", target="@CLERK ", reason="x"), call("complete_case", summary="x"))
    assert "You already own this." in work_next().steps.filter(kind="tool_result").first().data["content"]
