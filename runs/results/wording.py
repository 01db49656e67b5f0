"""Runs in words: what a call did, what became of a run, and what helps when it failed. Pure: asks no database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from data.texts.text import short
from runs.models import Outcome, Run, Status

type CallState = Literal["done", "open", "refused"]

_LONGEST = 160


# --- Calls -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verb:
    """A tool in words, as the call stands: done, not yet answered, refused."""

    icon: str
    done: str
    open: str
    refused: str


VERBS: Mapping[str, Verb] = {
    "request_handover": Verb(
        "forward", "Handed over to {target}", "Hands over to {target}", "Wanted to hand over to {target}"
    ),
    "update_case": Verb("pencil", "Changed the case: {fields}", "Changes the case", "Wanted to change the case"),
    "postpone_case": Verb("alarm-clock", "Postponed the case", "Postpones the case", "Wanted to postpone the case"),
    "add_cases": Verb("list-plus", "Added to {queue}: {count}", "Adds to {queue}", "Wanted to add to {queue}"),
    "list_cases": Verb("list", "Looked up cases of {queue}", "Looks up cases of {queue}", "Wanted to look up {queue}"),
    "reply_to_customer": Verb(
        "mail", "Replied to the customer", "Replies to the customer", "Wanted to reply to the customer"
    ),
    "decline_case": Verb("undo-2", "Declined the case", "Declines the case", "Wanted to decline the case"),
    "complete_case": Verb("circle-check", "Completed the case", "Completes the case", "Wanted to complete the case"),
    "fail_case": Verb(
        "circle-x", "Closed the case as failed", "Closes the case as failed", "Wanted to close the case as failed"
    ),
    "ask_person": Verb(
        "message-circle-question-mark", "Asked: {question}", "Asked: {question}", "Wanted to ask: {question}"
    ),
    "request_approval": Verb(
        "stamp", "Asked for approval: {title}", "Asked for approval: {title}", "Wanted to ask for approval: {title}"
    ),
    "withdraw_request": Verb(
        "undo-2", "Took back what it had asked", "Takes back what it asked", "Wanted to take back a request"
    ),
}


def call_words(
    tool: str, arguments: object, state: CallState = "done", names: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """Return the icon and the sentence of a tool call. `names` are the agents' names by the keys that the model was
    given.
    """
    verb = VERBS.get(tool)
    if verb is None:
        name = short(tool.replace("__", ": ").replace("_", " "), 60) or "a tool without a name"
        return "wrench", {"done": "Used", "open": "Uses", "refused": "Wanted to use"}[state] + f" {name}"
    given = arguments if isinstance(arguments, Mapping) else {}
    return verb.icon, getattr(verb, state).format_map(_words_of(given, names or {}))


def tried_words(arguments: object, names: Mapping[str, str]) -> str:
    """Return the words for a handover that a try asked for."""
    given = arguments if isinstance(arguments, Mapping) else {}
    return "Would hand over to {target}".format_map(_words_of(given, names))


def _words_of(given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    target = str(given.get("target") or "someone")
    fields = [name for name, value in given.items() if value is not None]
    return {
        "target": short(names.get(target, target), 80),
        "fields": ", ".join(map(str, fields)) or "nothing",
        "queue": short(str(given.get("queue") or "a queue"), 80),
        "count": _counted(given.get("cases")),
        "question": short(str(given.get("question") or "nothing"), _LONGEST),
        "title": short(str(given.get("title") or "nothing"), _LONGEST),
    }


def _counted(cases: object) -> str:
    number = len(cases) if isinstance(cases, list) else 0
    return "1 case" if number == 1 else f"{number} cases"


def problem_words(content: str) -> str:
    """Return why a call was refused, without the mark that is meant for the model."""
    return content.removeprefix("Error: ")


# --- States and ends -------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """Where a run is, or how it ended. `kind` says which words and links the page adds.

    kind: retrying, queued, running, waiting, answered, handed_over, case_completed, case_failed, case_postponed,
    case_declined, failed, stopped.
    """

    kind: str
    icon: str
    tone: str
    headline: str


_STANDINGS = {
    "retrying": Standing("retrying", "rotate-cw", "warning", "The model did not answer"),
    Status.QUEUED: Standing("queued", "circle-dashed", "neutral", "Waiting for a free worker"),
    Status.RUNNING: Standing("running", "loader-circle", "accent", "Working"),
    Status.WAITING: Standing("waiting", "message-circle-question-mark", "warning", "Waiting for your answer"),
    Status.STOPPED: Standing("stopped", "circle-stop", "neutral", "Stopped"),
    Outcome.ANSWERED: Standing("answered", "message-square-check", "success", "Answered"),
    Outcome.HANDED_OVER: Standing("handed_over", "forward", "accent", "Handed over to"),
    Outcome.CASE_COMPLETED: Standing("case_completed", "circle-check", "success", "Completed the case"),
    Outcome.CASE_FAILED: Standing("case_failed", "circle-x", "error", "Closed the case as failed"),
    Outcome.CASE_DECLINED: Standing("case_declined", "undo-2", "warning", "Declined the case"),
    Outcome.CASE_POSTPONED: Standing("case_postponed", "alarm-clock", "info", "Postponed the case"),
}


_WOULD_HAND_OVER = Standing("handed_over", "forward", "accent", "Would hand over to")


def standing(run: Run, now: datetime) -> Standing:
    if run.has_no_effect and run.outcome == Outcome.HANDED_OVER:
        return _WOULD_HAND_OVER
    if run.status == Status.FAILED:
        return Standing("failed", "octagon-alert", "error", trouble(run.error_code).headline)
    if is_retrying(run, now):
        return _STANDINGS["retrying"]
    return _STANDINGS[run.outcome or run.status]


def is_retrying(run: Run, now: datetime) -> bool:
    """Return whether the run is queued until its model may be asked again."""
    return run.status == Status.QUEUED and bool(run.error) and run.available_at > now


# --- Failures --------------------------------------------------------------------------------

type Help = Literal["procedure", "model", "key", "budget", "queue", ""]


@dataclass(frozen=True)
class Trouble:
    """A failure: what it was, what helps, and where that is done. The run's own error says the rest."""

    headline: str
    advice: str = ""
    help: Help = ""


_MODEL_LATER = "Try again when the provider is back, or give the agent another model."
_DIVIDE = "Raise the budget, shorten its procedure, or divide the work among several agents."
_PROCEDURE = "Say in its procedure "

_TROUBLES: Mapping[str, Trouble] = {
    "unknown_model": Trouble("There is no such model", "Give the agent another model.", "model"),
    "missing_key": Trouble("The model has no key", "Add its key, or give the agent another model.", "key"),
    "model_refused": Trouble(
        "The model’s provider refused the request",
        "Check the name of the model and the key, or give the agent another model.",
        "key",
    ),
    "model_declined": Trouble(
        "The model refused to answer", "Decide it yourself, or give the agent another model.", "model"
    ),
    "model_unreachable": Trouble("The model’s provider could not be reached", _MODEL_LATER, "model"),
    "model_unavailable": Trouble("The model’s provider was not available", _MODEL_LATER, "model"),
    "model_timeout": Trouble("The model took too long", _MODEL_LATER, "model"),
    "model_cut": Trouble(
        "The model reached its token limit",
        "Ask for shorter results in the procedure, or give the agent a model with a higher limit.",
        "model",
    ),
    "model_error": Trouble(
        "The model gave no usable answer", "Try again. If it happens again, give the agent another model.", "model"
    ),
    "no_outcome": Trouble(
        "It ended without an outcome",
        _PROCEDURE + "how the work ends: with which result, or with which agent.",
        "procedure",
    ),
    "ambiguous_handover": Trouble(
        "It named several agents to hand over to", _PROCEDURE + "which agent takes over when.", "procedure"
    ),
    "invalid_target": Trouble(
        "It named an agent it cannot hand over to",
        "Mention that agent with @ in the procedure, if it should take over.",
        "procedure",
    ),
    "incomplete_handover": Trouble(
        "The next agent needs more to take over",
        "Reassign the case and fill in what is missing, or let the procedure say where to find it.",
        "procedure",
    ),
    "refused_call": Trouble(
        "It kept repeating a call that was refused",
        "Remove the cause, or say in the procedure what to do instead. Then try again.",
        "procedure",
    ),
    "target_unavailable": Trouble(
        "The handover could not be applied", "Fix that, or mention another agent in the procedure.", "procedure"
    ),
    "hop_limit": Trouble(
        "It reached the limit of handovers",
        "Decide who should have it. A queue’s limit can be raised on its page.",
        "queue",
    ),
    "loop": Trouble(
        "Two agents kept handing it to each other",
        "Decide who should have it, and say in both procedures who does what.",
        "procedure",
    ),
    "run_lost": Trouble(
        "It was interrupted too often",
        "Its worker died each time. See the server’s log for the reason, then try again.",
    ),
    "budget_requests": Trouble("It reached its limit of model calls", _DIVIDE, "budget"),
    "budget_tokens": Trouble("It reached its token limit", _DIVIDE, "budget"),
    "budget_usd": Trouble("It reached its cost limit", _DIVIDE, "budget"),
    "budget_minutes": Trouble("It reached its time limit", _DIVIDE, "budget"),
    "internal_error": Trouble("Baton had an internal error", "The server’s log has details. Please report it."),
}


def trouble(code: str) -> Trouble:
    return _TROUBLES.get(code, Trouble("It failed"))
