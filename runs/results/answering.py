"""What people send from a page to answer a request."""

from dataclasses import dataclass

from django.http import QueryDict

from data.errors import Refused
from runs.engine import human_requests
from runs.models import HumanRequest
from teams.audit.actors import Actor


@dataclass(frozen=True)
class Answered:
    """The request as it is now. `typed` is what was sent; `refused` says why that changed nothing."""

    question: HumanRequest
    typed: str
    refused: str = ""
    status: int = 200


def respond(question: HumanRequest, said: QueryDict, by: Actor, via: human_requests.Via = "") -> Answered:
    """Answer with one of the choices or a text, or decide on an approval with a comment."""
    text, shown = said.get("choice") or said.get("answer", ""), said.get("shown")
    try:
        if question.kind == HumanRequest.Kind.APPROVAL:
            approves = _decision(said)
            # A form that says nothing of what was read is none of ours, and approves nothing.
            read = "" if approves and shown is None else shown
            sends = said.get("text") if approves else None
            return Answered(human_requests.decide(question, approves, text, by, shown=read, text=sends, via=via), text)
        return Answered(human_requests.answer(question, text, by, shown=shown, via=via), text)
    except Refused as refusal:
        question.refresh_from_db()
        status = 409 if isinstance(refusal, human_requests.Changed) else 422
        return Answered(question, text, refusal.message, status)


def _decision(said: QueryDict) -> bool:
    words = said.get("decision", "")
    if words not in ("approve", "refuse"):
        raise Refused("Approve or refuse.", "invalid")
    return words == "approve"
