"""Webhook messages for a chat: each event as one sentence, in the form of Slack’s incoming webhooks."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from data.texts.signs import shown
from data.texts.text import short

# What a case did, after its name.
_CASE = {
    "case.created": "was added",
    "case.completed": "was completed",
    "case.failed": "was closed as failed",
    "case.needs_input": "needs a person",
    "case.declined": "was declined by the agent that it was handed to",
    "case.postponed": "was postponed",
    "case.reassigned": "was reassigned",
    "case.reopened": "was reopened",
    "case.taken_over": "was taken over",
    "case.overdue": "is overdue",
    "case.handed_back": "was handed back to its agents",
    "case.deleted": "was deleted",
}
# What a channel is told of unless someone chooses: what waits for people, and what went wrong.
USUAL = ("case.needs_input", "case.failed", "case.overdue", "check.failed", "run.failed", "human_request.opened")
_LENGTH = 300


def body_of(event: str, data: Mapping[str, Any]) -> str:
    """Return the bytes that are sent: `{"text": …}`."""
    return json.dumps({"text": text_of(event, data)}, ensure_ascii=False, separators=(",", ":"))


def text_of(event: str, data: Mapping[str, Any]) -> str:
    kind = event.partition(".")[0]
    if kind == "case":
        return _of_case(event, data)
    if kind == "human_request":
        return _of_request(event, data)
    if kind == "run":
        return _of_run(event, data["run"])
    if kind == "handover":
        return f"{_link(data['run'])} handed over to {escaped(data['target']['name'])}: {escaped(data['reason'])}"
    if kind == "check":
        verdict = "A change passed its routing tests" if data["check"]["passed"] else "Routing tests hold back a change"
        return _linked(data["check"]["url"], verdict)
    return "This is a test message from Baton."


def _of_case(event: str, data: Mapping[str, Any]) -> str:
    case = data["case"]
    name = _linked(case["url"], f"#{case['number']} {case['title']}")
    if event == "case.assigned":
        to = case["owner"] or case["group"]
        return f"{name} was assigned to {escaped(to['name']) if to else 'the team'}{_by(data)}."
    return f"{name} {_CASE[event]}{_by(data)}."


def _of_request(event: str, data: Mapping[str, Any]) -> str:
    request = data["human_request"]
    question = _linked(request["url"], request["question"])
    if event == "human_request.opened":
        asks = "asks for approval" if request["kind"] == "approval" else "asks"
        return f"{escaped(data['run']['agent']['name'])} {asks}: {question}"
    if event == "human_request.answered":
        return f"{question} was answered{_by(request)}."
    return f"{question} needs no answer any more."


def _of_run(event: str, run: Mapping[str, Any]) -> str:
    if event == "run.completed":
        return f"{_link(run)} completed its run."
    return f"{_link(run)} could not go on: {escaped((run['error'] or {}).get('message', ''))}"


def _link(run: Mapping[str, Any]) -> str:
    return _linked(run["url"], run["agent"]["name"])


def _by(data: Mapping[str, Any]) -> str:
    return f" by {escaped(data['actor'])}" if data.get("actor") else ""


def _linked(url: str, words: str) -> str:
    return f"<{escaped(url)}|{escaped(words)}>"


def escaped(words: str) -> str:
    """Return the text on one line, without links and mentions that the chat would act on."""
    line = short(shown(" ".join(words.split())), _LENGTH)
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shortened(url: str) -> str:
    """Return an address that is a secret as pages and logs show it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/…{url[-4:]}"
