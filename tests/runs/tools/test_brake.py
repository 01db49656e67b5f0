"""The brake: what is refused three times in the same way is not asked a fourth time, whatever refused it."""

import json
from collections.abc import Callable, Sequence
from itertools import count, cycle
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from builder.agents.connections import Consumes, connect
from builder.models import Agent
from builder.tools.server_tools import Choice
from builder.tools.servers import Credential, add_server, ask
from cases.models import Case, Queue, Reason, Status
from runs.engine import human_requests
from runs.models import HumanRequest, Run
from runs.models import Status as RunStatus
from runs.tools import brake
from teams.audit.actors import Actor
from teams.models import Team
from tests.driving import drive, work_next
from tests.fixtures import Make, take
from tests.provider import Provider, Reply, call, calls
from tests.tool_server import ToolServer as RealServer
from tests.tool_server import answers, tool_server
from tests.wire import Call

__all__ = ["tool_server"]

pytestmark = pytest.mark.django_db

PAST = Call("postpone_case", {"until": "2020-01-01", "reason": "Later"})


@pytest.fixture
def agent(scripted: Provider, make_agent: Make[Agent], make_queue: Make[Queue], queue: Queue) -> Agent:
    """With everything that may be refused: targets, a queue to add to, tools of a server."""
    others = [make_agent(name, queue=queue) for name in ("Billing", "Technical")]
    agent = make_agent("Clerk", mentions=others, queue=queue)
    connect(agent, [Consumes(queue.pk, 5)], [make_queue("Refunds", data_schema={"required": ["iban"]}).pk])
    return agent


@pytest.fixture
def bank(team: Team, tool_server: RealServer, agent: Agent, queue: Queue) -> RealServer:
    async def refuse(arguments: dict[str, Any]) -> Any:
        return answers("No such account.", is_error=True)

    text = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    tool_server.add("refuse", act=refuse, schema=text)
    choices = {"refuse": Choice(True, "read_only", False)}
    listing = ask(tool_server.url, Credential())
    made = add_server(team, "Bank", tool_server.url, credential=Credential(), listing=listing, choices=choices)
    connect(agent, [Consumes(queue.pk, 5)], tools=[made.tools.get(name="refuse").pk])
    return tool_server


@pytest.fixture
def case(make_case: Make[Case], agent: Agent) -> Case:
    return make_case("Refund", assignee=agent)


def repeat(provider: Provider, *turns: Reply) -> None:
    """The model does the same again and again, and never gives in."""
    left = cycle(turns)
    provider.script = lambda request: next(left)


def check(provider: Provider, run: Run, case: Case, *words: str, requests: int = 3) -> None:
    case.refresh_from_db()
    assert (run.status, run.error_code, case.status, case.reason) == (
        RunStatus.FAILED,
        "refused_call",
        Status.NEEDS_INPUT,
        Reason.REFUSED_CALL,
    )
    assert len(provider.requests) == run.requests == requests <= 6
    for word in words:
        assert word in case.detail and word in run.error


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (PAST, "must lie in the future"),
        (Call("postpone_case", {"until": "soon", "reason": "x"}), "say a time"),
        (Call("complete_case", {"summary": ""}), "at least 1 character"),
        (Call("complete_case", '{"summary": '), "no valid JSON"),
        (Call("update_case", "[1]"), "no valid JSON"),
        (Call("update_case", {"labels": 5}), "labels"),
        (Call("delete_everything", {"sure": True}), "There is no tool delete_everything"),
        (Call("list_cases", {"queue": "Secrets"}), "There is no queue"),
        (Call("add_cases", {"queue": "Refunds", "cases": [{"title": "x"}]}), "iban: Is missing"),
        (Call("withdraw_request"), "no open request"),
        (Call("ask_person", {"question": ""}), "question"),
    ],
    ids=lambda value: value.tool if isinstance(value, Call) else "",
)
def test_the_same_call_refused_three_times_parks_the_case(scripted, case, refused: Call, words: str) -> None:
    repeat(scripted, calls(refused))
    check(scripted, work_next(), case, refused.tool, words)


@pytest.mark.parametrize("arguments", [{"text": "A"}, {}, {"text": 5}], ids=["by the server", "missing", "wrong kind"])
def test_a_tool_of_a_server_is_braked_too(scripted, bank, case, arguments: dict[str, Any]) -> None:
    repeat(scripted, calls(Call("bank__refuse", arguments)))
    check(scripted, work_next(), case, "bank__refuse", "No such account." if arguments == {"text": "A"} else "text")


def test_outcomes_that_exclude_each_other_are_braked_too(scripted, case) -> None:
    repeat(scripted, calls(Call("complete_case", {"summary": "x"}), Call("fail_case", {"reason": "y"})))
    check(scripted, work_next(), case, "complete_case", "several outcomes")


@pytest.mark.parametrize(
    "other",
    [
        Call("list_cases", {"queue": "Refunds"}),
        Call("delete_everything"),
        Call("request_handover", {"target": "nobody", "reason": "x"}),
        Call("complete_case", {"summary": ""}),
    ],
    ids=lambda other: other.tool,
)
def test_other_calls_in_between_do_not_count_it_again(scripted, case, other: Call) -> None:
    repeat(scripted, calls(PAST), calls(other))
    check(scripted, work_next(), case, "postpone_case", requests=5)


def test_arguments_in_another_order_with_blanks_or_nulls_are_the_same(scripted, case) -> None:
    repeat(
        scripted,
        calls(Call("add_cases", '{"queue":"Refunds","cases":[{"title":"x","data":{"a":1,"b":2}}]}')),
        calls(Call("add_cases", '{ "cases": [{"data": {"b": 2, "a": 1.0}, "title": " x"}], "queue": "Refunds" }')),
        calls(Call("add_cases", '{"cases":[{"labels":null,"data":{"b":2,"a":1},"title":"x "}],"queue":"Refunds"}')),
    )
    check(scripted, work_next(), case, "add_cases")


def test_the_count_outlives_the_worker(scripted, case) -> None:
    repeat(scripted, calls(PAST))
    for number in range(1, 4):
        [claim] = take()

        def is_over(until: int = number) -> bool:
            return len(scripted.requests) >= until

        drive(claim, is_over=is_over)
    check(scripted, work_next(), case)
    assert Run.objects.count() == 1


def test_a_standalone_run_fails_with_that_code(scripted, agent, make_run) -> None:
    repeat(scripted, call("complete_case", summary="x"))
    make_run(agent)
    run = work_next()
    assert (run.status, run.error_code, len(scripted.requests)) == (RunStatus.FAILED, "refused_call", 3)
    assert "complete_case" in run.error and "There is no tool" in run.error


def varied(make: Callable[[int], Reply], *between: Reply) -> Callable[[Any], Reply]:
    """Another call each time, with these in between."""
    numbers, rest = count(1), cycle(between) if between else None
    turns = (turn for number in numbers for turn in ([make(number), next(rest)] if rest else [make(number)]))
    return lambda request: next(turns)


VARIED: dict[str, Callable[[int], Reply]] = {
    "a past time, for another reason": lambda number: calls(
        Call("postpone_case", {"until": f"2020-01-{number:02}", "reason": f"Reason {number}"})
    ),
    "a note and an outcome": lambda number: calls(
        Call("complete_case", {"summary": f"{number}"}), Call("fail_case", {"reason": f"{number}"})
    ),
    "tools that are not there": lambda number: calls(Call(f"tool_{number}")),
    "tools of the run, wrongly": lambda number: calls(
        [PAST, Call("update_case", {"labels": number}), Call("list_cases", {"queue": f"Queue {number}"})][number % 3]
    ),
}


@pytest.mark.parametrize("make", VARIED.values(), ids=VARIED)
def test_six_turns_of_refused_calls_park_the_case_whatever_their_words(scripted, case, make) -> None:
    scripted.script = varied(make)
    check(scripted, work_next(), case, requests=6)


def test_a_handover_that_is_refused_for_another_reason_each_time_is_braked_beside_calls_that_go_well(
    scripted, case
) -> None:
    scripted.script = varied(
        lambda number: call("request_handover", target=f"nobody-{number}", reason=f"Reason {number}"),
        calls(Call("list_cases", {"queue": "Refunds"})),
    )
    run = work_next()
    case.refresh_from_db()
    assert (run.status, case.reason) == (RunStatus.FAILED, Reason.REFUSED_CALL)
    assert len(scripted.requests) == 11, "six decisions, and five lists between them"
    assert "request_handover" in case.detail and "Valid targets" in case.detail


def test_a_call_that_goes_well_between_refused_ones_lets_a_run_go_on(scripted, case) -> None:
    wrong = [calls(Call("list_cases", {"queue": f"Queue {number}"})) for number in range(10)]
    turns = [turn for one in wrong for turn in (one, calls(Call("list_cases", {"queue": "Refunds"})))]
    scripted.answers(*turns, call("complete_case", summary="Done"))
    assert work_next().outcome == "case_completed"


def test_two_refusals_do_not_hinder_a_run(scripted, case) -> None:
    scripted.answers(calls(PAST), calls(PAST), call("complete_case", summary="Done"))
    assert work_next().outcome == "case_completed"


def test_other_arguments_or_another_refusal_are_counted_apart(scripted, case) -> None:
    tried = [calls(Call("postpone_case", {"until": f"2020-01-0{day}", "reason": "x"})) for day in range(1, 6)]
    scripted.answers(*tried, call("complete_case", summary="Done"))
    assert work_next().outcome == "case_completed"


def test_the_same_call_thrice_in_one_turn_is_one_refusal(scripted, case) -> None:
    scripted.answers(calls(PAST, PAST, PAST), call("complete_case", summary="Done"))
    assert work_next().outcome == "case_completed"


def test_a_call_that_goes_well_at_last_begins_to_count_again(scripted, bank, case) -> None:
    results = cycle([True, True, False])

    async def busy(arguments: dict[str, Any]) -> Any:
        return answers("Wait.", is_error=next(results))

    bank.acts["refuse"] = busy
    look = calls(Call("bank__refuse", {"text": "A"}))
    scripted.answers(*[look] * 6, call("complete_case", summary="Done"))
    assert work_next().outcome == "case_completed"


def test_what_a_person_answers_is_heard_before_the_brake(scripted, case) -> None:
    ask_too = calls(PAST, Call("ask_person", {"question": "Until when?"}))
    scripted.answers(calls(PAST), calls(PAST), ask_too, call("complete_case", summary="Done"))
    work_next()
    human_requests.answer(HumanRequest.objects.get(), "Close it.", Actor("Ada"))
    assert work_next().outcome == "case_completed"


def test_the_page_of_the_case_says_it_and_leads_on(scripted, case, signed_in: Client) -> None:
    repeat(scripted, calls(PAST))
    run = work_next()
    page = signed_in.get(reverse("case", args=[case.pk])).text
    assert "The agent kept repeating a call that was refused." in page
    assert "postpone_case" in page and "must lie in the future" in page
    assert "Fix the cause and try again" in page
    assert "It kept repeating a call that was refused" in signed_in.get(reverse("run", args=[run.pk])).text


@pytest.mark.parametrize(
    "same",
    [
        ['{"a": 1, "b": [2, {"c": null}]}', '{"b":[2,{}],"a":1.0}', {"b": [2, {}], "a": 1}],
        ["", None, {}, "{}", "  ", {"x": None}],
        ["{broken", " {broken  "],
        [{"text": "a  b"}, '{"text": " a b\\n"}'],
    ],
)
def test_the_same_arguments_are_told_by_what_they_say(same: Sequence[Any]) -> None:
    assert len({brake.normalised(arguments) for arguments in same}) == 1


@pytest.mark.parametrize(
    "other", [{"a": "B"}, {"a": "b", "c": 1}, {"a": ["b"]}, {"a": True}, {"a": 1}, {"a": "1"}, [{"a": "b"}]]
)
def test_other_arguments_are_others(other: Any) -> None:
    assert brake.normalised(json.dumps(other)) != brake.normalised({"a": "b"})
