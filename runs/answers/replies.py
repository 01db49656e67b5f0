"""Replies to the emails about questions: who wrote them, and what they answer.

A reply counts only if it comes from the member that the email was sent to: its token was made for that member, it has
the member's own address as its sender, and the server that received it says that it does come from there. So neither
a person to whom the email was forwarded nor one who knows an address can answer. A member whose reply
was no answer is told, at the address of the account; no one else is ever written to.
"""

import hmac

from channels.email.answers import Outcome, Reply
from channels.mime import histories
from channels.models import Arrival, Source
from data.errors import Refused
from data.texts.text import short
from runs.engine import human_requests
from runs.models import HumanRequest
from runs.notifications import request_email
from runs.notifications.answer_links import address_proof
from teams.access.permissions import lacks_second_step
from teams.audit.actors import person
from teams.models import Member

_IGNORED = Arrival.Status.IGNORED
_STRANGER = "It does not come from the address of the member that the question was sent to."
_UNPROVEN = "Nothing shows that it comes from its sender, so it answers nothing."


def take(source: Source, reply: Reply) -> Outcome:
    """Answer the question that the reply is about, inside the transaction that takes the email in."""
    request = HumanRequest.objects.select_related("run__case").filter(team=source.team_id, pk=reply.request_id).first()
    if request is None:
        return Outcome(_IGNORED, "The question that it answers no longer exists.")
    member = _member(request, reply)
    if member is None:
        return Outcome(_IGNORED, _STRANGER)
    if not reply.is_proven:
        return Outcome(_IGNORED, _UNPROVEN)
    if not member.operates or lacks_second_step(member, member.user):
        return Outcome(_IGNORED, f"{member.user} may not answer agents of this team.")
    return _answer(request, member, reply)


def _member(request: HumanRequest, reply: Reply) -> Member | None:
    """Return the active member whose address sent it, if the token fits that member and this question as it is."""
    members = Member.objects.select_related("user", "team").filter(team=request.team_id, user__is_active=True)
    member = members.filter(user__email__iexact=reply.sender).first() if reply.sender else None
    return member if member and hmac.compare_digest(reply.proof, address_proof(request, member)) else None


def _answer(request: HumanRequest, member: Member, reply: Reply) -> Outcome:
    words = meant(histories.own_words(reply.text), request.choices)
    case = request.run.case
    try:
        if request.kind == HumanRequest.Kind.APPROVAL:
            raise Refused("Requests for approval are decided on their page: open the link in the email.", "invalid")
        human_requests.answer(request, words, person(member.user), via="email")
    except Refused as refusal:
        request.refresh_from_db()
        if request.answered_by_id == member.user_id and request.answer == words:
            return Outcome(_IGNORED, "It was taken in before.")
        why = request_email.how_it_ended(request) or refusal.message
        request_email.not_taken(request, member, why)
        return Outcome(_IGNORED, why)
    return Outcome(Arrival.Status.ANSWERED, f"{member.user} answered: {short(words, 200)}", case)


def meant(text: str, choices: list[str]) -> str:
    """The answer in a text: the choice that its first line is or gives the number of, with what follows; else the
    text.
    """
    first, _, rest = text.partition("\n")
    said = first.strip().strip(" .!)(#“”\"'*").casefold()
    known = {choice.strip().strip(" .!)(#“”\"'*").casefold(): choice for choice in reversed(choices)}
    numbers = {str(place): choice for place, choice in enumerate(choices, 1)}
    choice = known.get(said) or numbers.get(said)
    if choice is None or not said:
        return text
    return f"{choice}\n\n{rest.strip()}" if rest.strip() else choice
