"""Replies to the emails about questions: whose count, what they answer, and who is told of those that do not."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage

from cases.models import Case, Queue
from channels.email import intake
from channels.email.answers import Reply
from channels.models import Arrival, Source
from channels.sources import sources
from channels.sources.sources import SourceFields
from data.errors import Refused
from runs.answers import replies
from runs.engine import human_requests
from runs.models import HumanRequest
from runs.notifications import mailer, request_email
from runs.notifications.answer_links import address_proof
from teams.audit.actors import person
from teams.models import Member, Team
from tests.channels.email.letters import letter
from tests.driving import work_next
from tests.fixtures import events
from tests.provider import Provider, call
from tests.runs.people.test_move_races import at_once
from tests.smtp import MailServer, mail_server, text_of

__all__ = ["mail_server"]
pytestmark = pytest.mark.django_db

DESK = "support@shop.example"
PASSED = "mx.shop.example; dmarc=pass (p=none) header.from=example.com"


@pytest.fixture
def source(team: Team, queue: Queue) -> Source:
    email = {"address": DESK, "verified_by": "mx.shop.example"}
    return sources.create_source(team, SourceFields("Mailbox", queue, Source.Auth.BEARER, email=email))[0]


@pytest.fixture
def request_(
    source: Source,
    mail_server: MailServer,
    scripted: Provider,
    make_agent: Any,
    make_case: Any,
    queue: Queue,
    member: Any,
) -> HumanRequest:
    make_case("Charged twice", assignee=make_agent("Clerk", queue=queue))
    scripted.answers(call("ask_person", question="Which card?", choices=["Visa", "The other one"]))
    work_next()
    mailer.deliver()
    return HumanRequest.objects.get()


@pytest.fixture
def reply(request_: HumanRequest, mail_server: MailServer, member: Member, source: Source) -> Callable[..., Arrival]:
    """Reply to the email as the member, by default as their server lets it through."""
    email = mail_server.got[0]

    def reply(text: str, sender: str = "", results: str = PASSED, **headers: str) -> Arrival:
        said = {"To": email["Reply-To"], "Subject": f"Re: {email['Subject']}", "In-Reply-To": email["Message-ID"]}
        said |= {"Authentication-Results": results} if results else {}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = letter(text, sender=sender or member.user.email, **said)
        return intake.take_in(source, content)

    return reply


def test_a_reply_answers_the_question_of_its_email(
    reply: Any, request_: HumanRequest, mail_server: MailServer, member: Member
) -> None:
    email = mail_server.got[0]
    assert re.fullmatch(r"support\+q[a-z2-7]{39}@shop\.example", email["Reply-To"])
    assert "1. Visa\n2. The other one\n" in text_of(email)
    assert "Or reply to this email with the number of an answer or in your own words." in text_of(email)
    arrival = reply(f"2\n\nOn Tue, Dec 1, 2026 at 9:12 Baton <{DESK}> wrote:\n> Which card?\n> 1. Visa\n")
    request_.refresh_from_db()
    assert (request_.answer, request_.answered_by) == ("The other one", member.user)
    assert (arrival.status, arrival.case) == ("answered", request_.run.case)
    assert arrival.error == f"{member.user} answered: The other one"
    assert request_.run.case.events.last().data == {"via": "email"}
    assert request_.run.case and events(request_.run.case)[-1] == "answered"
    assert Case.objects.count() == 1
    # The same email, once more, and again by hand.
    assert reply("2").error == "It was taken in before."
    with pytest.raises(Refused):
        intake.replay(arrival)
    mailer.deliver()
    assert len(mail_server.got) == 1


CHOICES = ["Visa", "The other one", "10", "No."]
MEANT = {
    "1": "Visa",
    " #2. ": "The other one",
    "visa": "Visa",
    "“The other one”.": "The other one",
    "10": "10",
    "no": "No.",
    "4": "No.",
    "0": "0",
    "11": "11",
    "1\n\nBut only today.": "Visa\n\nBut only today.",
    "1 but only today": "1 but only today",
    "Neither of them": "Neither of them",
    "٢": "٢",
}


@pytest.mark.parametrize(("text", "answer"), MEANT.items())
def test_a_number_or_the_words_of_a_choice_mean_it(text: str, answer: str) -> None:
    assert replies.meant(text.strip(), CHOICES) == answer


FORGED = {
    "no word of any server": {"results": ""},
    "a server that says no": {"results": "mx.shop.example; dmarc=fail header.from=example.com"},
    "another server's word": {"results": "mx.evil.example; dmarc=pass header.from=example.com"},
    "a colleague's address": {"sender": "Someone <colleague@example.com>"},
    "a stranger's name": {"sender": "person@example.com <stranger@evil.example>"},
    "a plus in the address": {"sender": "person+x@example.com"},
    "an automatic answer": {"Auto_Submitted": "auto-replied"},
    "a bounce": {"Return_Path": "<>"},
}


@pytest.mark.parametrize("case", FORGED)
def test_nobody_else_answers_and_nobody_is_written_to(
    reply: Any, request_: HumanRequest, mail_server: MailServer, member: Member, make_member: Any, case: str
) -> None:
    colleague = make_member()
    about = {name: value.replace("colleague@example.com", colleague.user.email) for name, value in FORGED[case].items()}
    if case == "a plus in the address":
        about["sender"] = member.user.email.replace("@", "+x@")
    arrival = reply("Visa", **about)
    request_.refresh_from_db()
    assert (request_.status, arrival.status, arrival.case) == ("open", "ignored", None)
    assert arrival.error
    assert intake.replay(arrival).status == "ignored"
    mailer.deliver()
    assert (len(mail_server.got), Case.objects.count()) == (1, 1)


def test_two_senders_or_one_who_may_not_answer_nothing(reply: Any, request_: HumanRequest, member: Member) -> None:
    assert reply("Visa", sender=f"{member.user.email}, other@example.com").status == "ignored"
    Member.objects.filter(pk=member.pk).update(role=Member.Role.VIEWER)
    assert "may not answer" in reply("Visa", Message_ID="<2@x>").error
    member.user.is_active = False
    member.user.save()
    assert reply("Visa", Message_ID="<3@x>").status == "ignored"
    request_.refresh_from_db()
    assert request_.status == "open"


def test_a_member_whose_reply_was_no_answer_is_told_without_a_loop(
    reply: Any, request_: HumanRequest, mail_server: MailServer, make_member: Any, member: Member
) -> None:
    assert reply("> Which card?").error == "Enter an answer."
    mailer.deliver()
    first = make_member()
    human_requests.answer(request_, "The other one", person(first.user))
    reply("Visa", Message_ID="<2@x>")
    mailer.deliver()
    empty, late = mail_server.got[1:]
    assert late["To"] == member.user.email and late["Reply-To"] is None
    assert late["Auto-Submitted"] == "auto-generated"
    said = text_of(late)
    assert f"Your reply was not used. {first.user} has answered already: The other one" in said.replace("\n", " ")
    assert "/answer/" not in said and "/answer/" in text_of(empty)


def test_an_approval_is_not_given_by_a_reply(
    source: Source, mail_server: MailServer, make_run: Any, member: Member, reply: Any, request_: HumanRequest
) -> None:
    HumanRequest.objects.update(kind="approval", status="open")
    request_.refresh_from_db()
    address = address_proof(request_, member)
    found = replies.take(source, Reply(request_.pk, address, member.user.email, "Approved", is_proven=True))
    assert "decided on their page" in found.reason
    request_.refresh_from_db()
    assert request_.status == "open"


def test_without_a_server_that_verifies_senders_nobody_is_asked_to_reply(
    source: Source, mail_server: MailServer, make_run: Any, member: Member
) -> None:
    for settings in ({"verified_by": ""}, {"verified_by": "off"}, {"address": "", "verified_by": "mx"}):
        Source.objects.update(settings={**source.settings, **settings})
        run = make_run(status="waiting")
        request = HumanRequest.objects.create(team=run.team, run=run, call_id="1", kind="question", question="Which?")
        request_email.asked([request], run)
        mailer.deliver()
        assert mail_server.got[-1]["Reply-To"] is None
        assert "Or reply" not in text_of(mail_server.got[-1])


@pytest.mark.django_db(transaction=True)
def test_of_a_reply_and_the_page_one_wins(request_: HumanRequest, reply: Any, member: Member, make_member: Any) -> None:
    other = make_member()
    taken: list[Arrival] = []
    won = at_once(
        lambda: taken.append(reply("Visa")),
        lambda: human_requests.answer(request_, "The other one", person(other.user)),
    )
    request_.refresh_from_db()
    [arrival] = taken
    assert (arrival.status == "answered") == (request_.answer == "Visa") == (not won[1])
    assert request_.run.case.events.filter(kind="answered").count() == 1
    assert default_storage.exists(arrival.original)
