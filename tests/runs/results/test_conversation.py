from datetime import UTC, datetime, timedelta
from typing import Any

from runs.models import Handover, HumanRequest, Step
from runs.results.conversation import activity, entries

START = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
TARGETS = [{"key": "billing", "name": "Billing Specialist", "agent_id": "", "description": ""}]


def steps(*rows: tuple[str, dict[str, Any]]) -> list[Step]:
    """One second apart."""
    return [
        Step(seq=number, kind=kind, data=data, at=START + timedelta(seconds=number))
        for number, (kind, data) in enumerate(rows, 1)
    ]


def response(*parts: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "response", {"kind": "response", "parts": list(parts)}


def text(words: str, kind: str = "text") -> dict[str, Any]:
    return {"part_kind": kind, "content": words}


def call(tool: str, call_id: str = "c1", **arguments: Any) -> dict[str, Any]:
    return {"part_kind": "tool-call", "tool_name": tool, "args": arguments, "tool_call_id": call_id}


def result(content: str, *, ok: bool = True, call_id: str = "c1") -> tuple[str, dict[str, Any]]:
    return "tool_result", {"tool": "any", "call_id": call_id, "content": content, "ok": ok, "code": ""}


PROMPT = ("prompt", {"instructions": "You are Triage.", "prompt": "Case #1"})


def test_a_call_stands_with_its_result() -> None:
    told, called = entries(
        steps(PROMPT, response(call("request_handover", target="billing")), result("Recorded.")), targets=TARGETS
    )
    assert (told.kind, told.instructions, told.text) == ("prompt", "You are Triage.", "Case #1")
    assert (called.words, called.state, called.result) == ("Handed over to Billing Specialist", "done", "Recorded.")
    assert called.arguments == {"target": "billing"}
    assert called.took_s == 1


def test_a_refused_call_says_why() -> None:
    [called] = entries(steps(response(call("send_mail")), result("Error: There is no tool send_mail.", ok=False)))
    assert (called.state, called.words) == ("refused", "Wanted to use send mail")
    assert called.result == "There is no tool send_mail."


def test_what_a_model_says_in_one_answer_keeps_its_order_and_is_timed_once() -> None:
    found = entries(
        steps(PROMPT, response(text("Hm.", "thinking"), text("Let me see."), call("update_case", title="x")))
    )
    assert [entry.kind for entry in found] == ["prompt", "thinking", "text", "call"]
    assert [entry.took_s for entry in found[1:]] == [1, None, None]
    assert len({entry.key for entry in found}) == 4


def test_an_answer_without_words_or_calls_is_silence() -> None:
    assert [entry.kind for entry in entries(steps(response(text("  ")), response()))] == ["silence", "silence"]


def test_a_correction_is_a_note() -> None:
    [note] = entries(steps(("note", {"text": "Call exactly one tool.", "code": "no_outcome"})))
    assert (note.kind, note.text) == ("note", "Call exactly one tool.")


def test_a_question_comes_with_its_request() -> None:
    request = HumanRequest(call_id="c1", question="Which plan?")
    [asked] = entries(steps(response(call("ask_person", question="Which plan?"))), requests=[request])
    assert (asked.state, asked.words, asked.request) == ("open", "Asked: Which plan?", request)


def test_a_handover_that_was_cancelled_did_not_happen() -> None:
    cancelled = Handover(status=Handover.Status.CANCELLED)
    [called] = entries(
        steps(response(call("request_handover", target="billing")), result("Recorded.")),
        targets=TARGETS,
        handover=cancelled,
    )
    assert (called.state, called.words) == ("refused", "Wanted to hand over to Billing Specialist")


def test_arguments_that_are_a_text_of_json_are_read() -> None:
    part = call("update_case") | {"args": '{"title": "x"}'}
    broken = call("update_case", "c2") | {"args": '{"title'}
    found = entries(steps(response(part, broken)))
    assert [entry.arguments for entry in found] == [{"title": "x"}, '{"title']


def test_a_running_run_says_what_it_is_at() -> None:
    assert activity([], "offline") == "Getting started."
    assert activity(entries(steps(PROMPT)), "offline") == "Waiting for the model offline."
    assert activity(entries(steps(PROMPT, response(call("complete_case")))), "offline") == "Completes the case."
