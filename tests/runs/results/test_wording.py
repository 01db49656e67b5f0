from datetime import UTC, datetime, timedelta

import pytest

from builder.models import Agent
from cases.models import Reason
from data.texts.text import short
from runs.engine import budgets
from runs.models import Outcome, Run, Status
from runs.results.wording import VERBS, call_words, is_retrying, problem_words, standing, trouble
from runs.tools import tools

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tool", "arguments", "state", "words"),
    [
        ("request_handover", {"target": "billing"}, "done", "Handed over to Billing Specialist"),
        ("request_handover", {"target": "billing"}, "refused", "Wanted to hand over to Billing Specialist"),
        ("request_handover", {"target": "Nobody known"}, "refused", "Wanted to hand over to Nobody known"),
        ("request_handover", "no json", "refused", "Wanted to hand over to someone"),
        ("update_case", {"title": "New", "labels": ["a"], "data": None}, "done", "Changed the case: title, labels"),
        ("complete_case", {"summary": "Done"}, "done", "Completed the case"),
        ("complete_case", {"summary": "Done"}, "open", "Completes the case"),
        ("fail_case", {"reason": "No"}, "done", "Closed the case as failed"),
        ("ask_person", {"question": "Which\nplan?"}, "open", "Asked: Which plan?"),
        ("send_mail", {}, "done", "Used send mail"),
        ("send_mail", {}, "refused", "Wanted to use send mail"),
        ("", {}, "refused", "Wanted to use a tool without a name"),
        ("ask_person", {"question": "{target}"}, "open", "Asked: {target}"),
    ],
)
def test_a_call_is_a_sentence(tool: str, arguments: object, state, words: str) -> None:
    assert call_words(tool, arguments, state, {"billing": "Billing Specialist"})[1] == words


def test_every_tool_has_words_of_its_own() -> None:
    assert set(tools.TOOLS) == set(VERBS)


def test_a_long_text_is_cut_at_a_word() -> None:
    assert short("one two three", 9) == "one two…"
    assert short("abcdefghij", 5) == "abcd…"
    assert short("  one\ntwo ", 20) == "one two"


def test_a_refusal_is_told_without_its_mark() -> None:
    assert problem_words("Error: There is no such target.") == "There is no such target."


def run(status: str, outcome: str = "", **fields: object) -> Run:
    return Run(agent=Agent(name="Triage"), status=status, outcome=outcome, available_at=NOW, **fields)


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.COMPLETED}))
def test_every_state_has_a_headline(status: str) -> None:
    assert standing(run(status), NOW).kind == status


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_headline(outcome: str) -> None:
    assert standing(run(Status.COMPLETED, outcome), NOW).kind == outcome


def test_a_run_that_waits_for_its_model_says_so() -> None:
    waits = run(Status.QUEUED, error="429")
    waits.available_at = NOW + timedelta(seconds=4)
    assert is_retrying(waits, NOW)
    assert standing(waits, NOW).kind == "retrying"
    assert standing(waits, NOW + timedelta(seconds=5)).kind == "queued"
    assert not is_retrying(run(Status.QUEUED), NOW - timedelta(seconds=1))


CODES = {
    *("unknown_model", "missing_key", "model_refused", "model_unreachable", "model_unavailable", "model_timeout"),
    *("model_error", "model_cut", "internal_error", *(f"budget_{kind}" for kind in budgets.KINDS)),
    *(set(Reason) - {Reason.QUESTION, Reason.APPROVAL, Reason.RUN_FAILED, Reason.RUN_STOPPED}),
} - {Reason.TAKEN_OVER, Reason.WITH_PEOPLE, Reason.DECLINED}


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_failure_says_what_it_was_and_what_helps(code: str) -> None:
    found = trouble(code)
    assert found.headline != trouble("anything else").headline
    assert found.advice


def test_the_tools_of_producers_have_words() -> None:
    assert call_words("add_cases", {"queue": "Refunds", "cases": [{}, {}]})[1] == "Added to Refunds: 2 cases"
    assert call_words("list_cases", {"queue": "Refunds"})[1] == "Looked up cases of Refunds"
    assert call_words("postpone_case", {"until": "2h"})[1] == "Postponed the case"
