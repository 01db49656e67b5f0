"""Calls that models write into their text: read when the text is nothing but one call, and never out of prose."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from builder.models import Agent
from cases.models import Case
from runs.models import Run, Step
from runs.wire.written_calls import written
from tests.driving import drive
from tests.fixtures import Make, take
from tests.provider import Provider, call, say

ARGUMENTS = '{"summary": "Refunded."}'
NAMED = f'{{"name": "complete_case", "arguments": {ARGUMENTS}}}'
FORMS = [
    NAMED,
    f'{{{{"function": "complete_case", "arguments": {ARGUMENTS}}}}}',
    f"```json\n{NAMED}\n```",
    f"```\n{NAMED}\n```",
    f"```tool_call\n{NAMED}```",
    f"<tool_call>\n{NAMED}\n</tool_call>",
    f"<tool_call>{NAMED}",
    f"<function_call>{NAMED}</function_call>",
    f"<tool_call>\n```json\n{NAMED}\n```\n</tool_call>",
    f"<|python_tag|>{NAMED}",
    "<|tool_call_start|>[complete_case(summary='Refunded.')]<|tool_call_end|>",
    f"[TOOL_CALLS] [{NAMED}]",
    f"<think>It is done, so I call complete_case.</think>\n{NAMED}",
    f"<function=complete_case>{ARGUMENTS}</function>",
    "<tool_call>\n<function=complete_case>\n<parameter=summary>\nRefunded.\n</parameter>\n</function>\n</tool_call>",
    f'{{"type": "function", "function": {{"name": "complete_case", "arguments": {ARGUMENTS}}}}}',
    f'{{"tool": "complete_case", "parameters": {ARGUMENTS}}}',
    f'{{"tool_name": "complete_case", "args": {ARGUMENTS}}}',
    f'{{"action": "complete_case", "action_input": {ARGUMENTS}}}',
    f'{{"name": "functions.complete_case", "arguments": {ARGUMENTS}}}',
    f'{{"tool_calls": [{NAMED}]}}',
    f"[{NAMED}]",
    f'{{"complete_case": {ARGUMENTS}}}',
    '{"name": "complete_case", "arguments": "{\\"summary\\": \\"Refunded.\\"}"}',
    'complete_case(summary="Refunded.")',
    f"complete_case({ARGUMENTS})",
]
PROSE = [
    f"I would call {NAMED} now.",
    f"{NAMED}\n\nI have completed the case.",
    f"Here is the call:\n```json\n{NAMED}\n```",
    f"{NAMED}\n{NAMED}",
    f"[{NAMED}, {NAMED}]",
    '{"name": "delete_everything", "arguments": {"summary": "Refunded."}}',
    f'{{"name": "complete_case", "arguments": {ARGUMENTS}, "confidence": 0.7}}',
    '{"name": "complete_case", "function": "update_case", "arguments": {}}',
    '{"name": "complete_case", "arguments": [1, 2]}',
    '{"name": "complete_case", "arguments": "done"}',
    '{"summary": "Refunded."}',
    '"complete_case"',
    "complete_case",
    "complete_case()()",
    'complete_case(summary=open("/etc/passwd").read())',
    "complete_case(**{'summary': 'x'})",
    "42",
    "[]",
    "{}",
    "```json\n```",
    "<tool_call></tool_call>",
    "{{{{",
    "[" * 100_000,
    "x" * 300_000,
]


@pytest.mark.parametrize("text", FORMS)
def test_a_text_that_is_nothing_but_a_call_is_that_call(text: str) -> None:
    found = written(text, {"complete_case", "update_case"})
    assert found and (found.tool_name, found.args) == ("complete_case", {"summary": "Refunded."})


@pytest.mark.parametrize("text", PROSE, ids=lambda text: text[:40])
def test_prose_is_never_taken_for_a_call(text: str) -> None:
    assert written(text, {"complete_case", "update_case"}) is None


pytestmark_db = pytest.mark.django_db


@pytest.fixture
def case(provider: Provider, make_agent: Make[Agent], make_case: Make[Case], queue, settings: Settings) -> Case:
    settings.BATON_DEFAULT_MODEL = "openai-chat:small"
    make_agent("Triage", queue=queue)
    return make_case("Charged twice")


def work() -> Run:
    [claim] = take()
    return drive(claim)


@pytestmark_db
def test_the_run_goes_on_with_the_call_and_says_how_it_was_read(
    provider: Provider, case: Case, signed_in: Client
) -> None:
    provider.answers(say(f"```json\n{NAMED}\n```"))
    run = work()
    assert (run.outcome, run.result, run.requests) == ("case_completed", "Refunded.", 1)
    assert "The model wrote this call as text." in signed_in.get(reverse("run", args=[run.pk])).text


@pytestmark_db
def test_the_model_is_shown_its_call_as_a_call_afterwards(provider: Provider, case: Case) -> None:
    provider.answers(
        say('<tool_call>{"name": "update_case", "arguments": {"priority": "high"}}</tool_call>'),
        call("complete_case", summary="Done."),
    )
    assert work().outcome == "case_completed"
    assert [message.role for message in provider.requests[1].messages] == ["user", "call", "result"]


@pytestmark_db
@pytest.mark.parametrize(
    "text",
    [
        '{"name": "complete_case", "arguments": {}}',  # without what it needs
        '{"name": "request_handover", "arguments": {"target": "billing", "reason": "x"}}',  # not offered here
        f"Done: {NAMED}",
    ],
)
def test_a_call_that_does_not_fit_stays_a_text(provider: Provider, case: Case, text: str) -> None:
    provider.answers(say(text), call("complete_case", summary="Done."))
    run = work()
    assert (run.outcome, run.result) == ("case_completed", "Done.")
    assert run.steps.filter(kind=Step.Kind.NOTE, data__code="no_outcome").exists()
