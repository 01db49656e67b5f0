"""Messages to customers: who writes and approves them, where they go, and what becomes of them."""

from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from cases.collaboration.attachments import attach
from cases.models import Case, CaseMessage, Queue
from cases.timeline.event_texts import event_text
from cases.work.creation import NewCase, add_case
from channels.email import intake, replies, sending, threads
from channels.models import Source
from channels.sources import sources
from channels.sources.sources import SourceFields
from data.errors import Refused
from runs.engine import human_requests
from runs.models import HumanRequest, Run
from runs.people import moves
from teams.audit.actors import BATON, Actor, person
from teams.keys.api_keys import create_key
from teams.models import Member, Team, User
from tests.channels.email.letters import answer, letter
from tests.driving import work_next
from tests.fixtures import Make, events
from tests.provider import Provider, call
from tests.smtp import MailServer, html_of, mail_server, text_of

__all__ = ["mail_server"]

pytestmark = pytest.mark.django_db

DESK = "support@shop.example"


@pytest.fixture
def source(team: Team, queue: Queue) -> Source:
    email = {"address": DESK, "closed": "reopen", "per_hour": 20, "take": []}
    made, _ = sources.create_source(team, SourceFields("Mailbox", queue, Source.Auth.BEARER, email=email))
    return made


@pytest.fixture
def user(member: Member) -> User:
    return member.user


@pytest.fixture
def case(source: Source, mail_server: MailServer) -> Case:
    found = intake.take_in(source, letter()).case
    assert found
    return found


def test_a_reply_goes_out_in_its_thread_with_the_signature(case: Case, mail_server: MailServer, user: User) -> None:
    Team.objects.filter(pk=case.team_id).update(signature="Your shop\nshop.example")
    replies.reply(case, "It is <b>fixed</b>.\n\nBest", person(user))
    assert events(case)[-1] == "replied"
    sending.deliver()
    [sent] = mail_server.got
    assert sent["To"] == "marta@example.org"
    assert DESK in sent["From"]
    assert (sent["Subject"], sent["In-Reply-To"]) == ("Re: Broken lamp", "<1@example.org>")
    assert threads.case_of_token(str(sent["Reply-To"])) == case.pk
    assert text_of(sent).rstrip() == "It is <b>fixed</b>.\n\nBest\n\n-- \nYour shop\nshop.example"
    assert "&lt;b&gt;fixed&lt;/b&gt;" in html_of(sent)
    assert case.messages.get(direction="out").status == "sent"
    # What answers it joins the case, and is answered in the same thread.
    back = answer("Thanks", str(sent["Message-ID"]), id="<2@example.org>")
    assert intake.take_in(Source.objects.get(), back).case == case
    replies.reply(case, "Welcome", person(user))
    sending.deliver()
    again = mail_server.got[-1]
    assert again["In-Reply-To"] == "<2@example.org>"
    assert str(again["References"]).split() == ["<1@example.org>", str(sent["Message-ID"]), "<2@example.org>"]


def test_a_reply_always_goes_to_who_wrote_first(
    case: Case, source: Source, mail_server: MailServer, user: User
) -> None:
    joined = answer(
        "Answer me", "<1@example.org>", id="<2@x.example>", sender="m@evil.example", Reply_To="x@evil.example"
    )
    assert intake.take_in(source, joined).case == case
    assert replies.reply(case, "To Marta", person(user)).recipient == "marta@example.org"


def test_nothing_can_be_sent_where_no_email_came_or_only_our_own(queue: Queue, case: Case, user: User) -> None:
    typed = add_case(queue, NewCase("Typed"), by=BATON)
    with pytest.raises(Refused, match="no customer"):
        replies.reply(typed, "Hello", person(user))
    CaseMessage.objects.update(reply_to="Support+x@Shop.example")
    with pytest.raises(Refused, match="no customer"):
        replies.reply(case, "Hello", person(user))
    for text in ("", "  \n", "x" * 20_001):
        with pytest.raises(Refused):
            replies.reply(case, text, person(user))


def test_without_a_server_a_reply_is_refused(source: Source, user: User, settings: Any) -> None:
    case = intake.take_in(source, letter()).case
    assert case
    settings.MAILERS = {}
    with pytest.raises(Refused, match="EMAIL_URL"):
        replies.reply(case, "Hello", person(user))
    assert not getattr(mail, "outbox", [])


def test_a_refused_recipient_and_a_bounce_are_told_on_the_timeline(
    case: Case, source: Source, mail_server: MailServer, user: User
) -> None:
    mail_server.refuses = {"marta@example.org"}
    replies.reply(case, "Hello", person(user))
    sending.deliver()
    assert case.messages.get(direction="out").status == "failed"
    assert events(case)[-1] == "undelivered"
    mail_server.refuses = set()
    sent = replies.reply(case, "Hello again", person(user))
    sending.deliver()
    bounce = (
        f"From: MAILER-DAEMON@mx.example\nSubject: Undelivered\nMessage-ID: <b@mx>\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\n'
        f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nAction: failed\n"
        f"Diagnostic-Code: smtp; 550 gone\n\n--b\nContent-Type: text/rfc822-headers\n\n"
        f"Message-ID: {sent.message_id}\nSubject: x\n\n--b--\n"
    )
    assert intake.take_in(source, bounce.encode()).status == "ignored"
    sent.refresh_from_db()
    assert (sent.status, sent.error) == ("failed", "smtp; 550 gone")
    assert events(case)[-1] == "undelivered"
    assert Case.objects.count() == 1


def test_an_outage_of_the_server_delays_and_loses_nothing(case: Case, mail_server: MailServer, user: User) -> None:
    mail_server.hangs_up = True
    message = replies.reply(case, "Hello", person(user))
    sending.deliver()
    message.refresh_from_db()
    assert (message.status, message.attempts) == ("queued", 1)
    assert not sending.has_messages()
    mail_server.hangs_up = False
    CaseMessage.objects.update(next_at=message.at)
    sending.deliver()
    assert [str(sent["Message-ID"]) for sent in mail_server.got] == [message.message_id]


def test_what_the_server_may_have_is_not_sent_again_by_itself(
    case: Case, source: Source, mail_server: MailServer, user: User, signed_in: Client
) -> None:
    mail_server.breaks_at = "end"
    message = replies.reply(case, "Hello", person(user))
    sending.deliver()
    mail_server.breaks_at = ""
    CaseMessage.objects.filter(direction="out").update(next_at=message.at)
    sending.deliver()
    message.refresh_from_db()
    assert (len(mail_server.got), message.status, message.error) == (1, "failed", sending.IN_DOUBT)
    told = case.events.get(kind="undelivered")
    assert event_text(told).words == "The message to {address} may not have been delivered"
    assert "Possibly not delivered" in signed_in.get(reverse("case_messages", args=[case.pk])).content.decode()
    # A person sends it again, once.
    again = reverse("message_send_again", args=[message.pk])
    for _ in range(2):
        assert signed_in.post(again).status_code == 302
    sending.deliver()
    assert [sent["Message-ID"] for sent in mail_server.got] == [message.message_id] * 2
    message.refresh_from_db()
    assert (message.status, message.begun_at) == ("sent", None)
    assert events(case)[-1] == "replied"


def test_what_the_server_cannot_have_is_sent_again(case: Case, mail_server: MailServer, user: User) -> None:
    mail_server.breaks_at = "RCPT"
    message = replies.reply(case, "Hello", person(user))
    sending.deliver()
    message.refresh_from_db()
    assert (message.status, message.begun_at, mail_server.got) == ("queued", None, [])
    mail_server.breaks_at = ""
    CaseMessage.objects.filter(direction="out").update(next_at=message.at)
    sending.deliver()
    assert len(mail_server.got) == 1


@pytest.mark.parametrize("killed", ["before the server got it", "before the answer was noted"])
def test_a_killed_sender_sends_nothing_twice(
    case: Case, mail_server: MailServer, user: User, monkeypatch: pytest.MonkeyPatch, killed: str
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: Any) -> None:
        raise Killed

    message = replies.reply(case, "Hello", person(user))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(sending, "_send" if killed == "before the server got it" else "_note_sent", die)
        sending.deliver()
    sending.deliver()  # not yet: its sender may be alive
    CaseMessage.objects.filter(direction="out").update(next_at=message.at)
    sending.deliver()
    message.refresh_from_db()
    assert (len(mail_server.got), message.status) == (1, "sent" if killed == "before the server got it" else "failed")


def test_a_sender_that_was_stopped_for_long_finds_its_message_taken(
    case: Case, mail_server: MailServer, user: User
) -> None:
    message = replies.reply(case, "Hello", person(user))
    [mine] = sending.claim()
    CaseMessage.objects.filter(direction="out").update(next_at=message.at)
    assert sending.claim() == [message]
    with pytest.raises(sending._NotMine):
        sending._begin(mine)


def test_an_answer_shows_that_a_message_in_doubt_arrived(
    case: Case, source: Source, mail_server: MailServer, user: User
) -> None:
    mail_server.breaks_at = "end"
    message = replies.reply(case, "Hello", person(user))
    sending.deliver()
    intake.take_in(source, answer("Thanks", message.message_id, id="<2@example.org>"))
    message.refresh_from_db()
    assert (message.status, message.error) == ("sent", "")


# --- Agents ----------------------------------------------------------------------------------


@pytest.fixture
def desk(queue: Queue, scripted: Provider, make_agent: Make[Any]) -> Any:
    Queue.objects.filter(pk=queue.pk).update(replies=True)
    return make_agent("Desk", queue=queue)


def test_what_an_agent_writes_waits_for_approval_and_may_be_changed(
    case: Case, desk: Any, scripted: Provider, mail_server: MailServer, user: User
) -> None:
    scripted.answers(call("reply_to_customer", text="Dear Marta, it is on its way."))
    run = work_next()
    request = HumanRequest.objects.get(run=run)
    assert (request.kind, request.tool, request.details) == (
        "approval",
        "reply_to_customer",
        "Dear Marta, it is on its way.",
    )
    assert case.messages.get(direction="out").status == "waiting_approval"
    sending.deliver()
    assert not mail_server.got
    human_requests.decide(request, True, "", person(user), text="Dear Marta, it arrives on Monday.")
    message = case.messages.get(direction="out")
    assert (message.status, message.text, message.approved_by) == (
        "queued",
        "Dear Marta, it arrives on Monday.",
        str(user),
    )
    told = case.events.get(kind="replied")
    assert (told.agent_id, told.data["approved_by"]) == (desk.pk, str(user))
    result = Run.objects.get(pk=run.pk).steps.filter(kind="tool_result").last().data
    assert "arrives on Monday" in result["content"]
    sending.deliver()
    assert len(mail_server.got) == 1


def test_what_a_person_refuses_is_not_sent(case: Case, desk: Any, scripted: Provider, user: User) -> None:
    scripted.answers(call("reply_to_customer", text="No."))
    run = work_next()
    human_requests.decide(HumanRequest.objects.get(run=run), False, "Too short", person(user))
    assert not case.messages.filter(direction="out").exists()
    result = Run.objects.get(pk=run.pk).steps.filter(kind="tool_result").last().data
    assert result["content"] == "Not approved. Too short It was not sent."


def test_what_waits_goes_with_its_run(case: Case, desk: Any, scripted: Provider, user: User) -> None:
    scripted.answers(call("reply_to_customer", text="No."))
    run = work_next()
    moves.stop_run(Run.objects.get(pk=run.pk), person(user))
    assert not case.messages.filter(direction="out").exists()


def test_an_agent_that_is_freed_writes_at_once_and_says_that_it_is_a_program(
    case: Case, desk: Any, scripted: Provider, mail_server: MailServer
) -> None:
    type(desk).objects.filter(pk=desk.pk).update(replies_freely=True)
    scripted.answers(call("reply_to_customer", text="Done."), call("complete_case", summary="Answered"))
    work_next()
    assert not HumanRequest.objects.exists()
    sending.deliver()
    assert mail_server.got[0]["Auto-Submitted"] == "auto-replied"


def test_the_tool_is_offered_only_where_the_queue_allows_it(case: Case, desk: Any, scripted: Provider) -> None:
    Queue.objects.update(replies=False)
    scripted.answers(call("reply_to_customer", text="Hi"), call("fail_case", reason="No"))
    run = work_next()
    assert not case.messages.filter(direction="out").exists()
    assert Run.objects.get(pk=run.pk).steps.filter(kind="tool_result").first().data["code"] == "unknown_tool"


def test_an_agent_is_freed_when_it_is_created_or_later(team: Team) -> None:
    program = Client(headers={"authorization": f"Bearer {create_key(team, 'Ours')[1]}"})
    said = {"name": "Desk", "connections": {"replies_freely": True}}
    made = program.post("/api/v1/agents", said, content_type="application/json").json()
    assert made["connections"]["replies_freely"] is True
    change = {"connections": {"replies_freely": False}}
    changed = program.patch(f"/api/v1/agents/{made['id']}", change, content_type="application/json").json()
    assert changed["connections"]["replies_freely"] is False


# --- Pages and API ---------------------------------------------------------------------------


def test_the_api_replies_and_lists_the_messages(case: Case, mail_server: MailServer) -> None:
    program = Client(headers={"authorization": f"Bearer {create_key(case.team, 'Ours')[1]}"})
    address = f"/api/v1/cases/{case.pk}"
    sent = program.post(f"{address}/reply", {"text": "Hello Marta"}, content_type="application/json")
    assert sent.status_code == 200, sent.content
    came, went = sent.json()["messages"]
    assert (came["direction"], came["from"], came["status"]) == ("in", "marta@example.org", None)
    assert (went["direction"], went["to"], went["status"]) == ("out", "marta@example.org", "queued")
    assert (went["actor"], went["approved_by"]) == ("API key Ours", None)
    whole = program.get(f"/api/v1/case-messages/{came['id']}/original")
    assert whole.content == letter()
    empty = program.post(f"{address}/reply", {"text": " "}, content_type="application/json")
    assert "text" in empty.json()["error"]["fields"]


def test_the_page_of_a_case_shows_its_messages_and_replies(signed_in: Client, case: Case, source: Source) -> None:
    intake.take_in(source, answer("<script>alert(1)</script>", "<1@example.org>", id="<2@example.org>"))
    page = signed_in.get(reverse("case_messages", args=[case.pk])).content.decode()
    assert "Reply to marta@example.org" in page
    assert "<script>alert" not in page
    refused = signed_in.post(reverse("case_reply", args=[case.pk]), {"text": ""})
    assert refused.status_code == 422
    assert signed_in.post(reverse("case_reply", args=[case.pk]), {"text": "Hi"}).status_code == 302
    message = case.messages.filter(direction="in").first()
    got = signed_in.get(reverse("message_original", args=[message.pk]))
    assert (got.content, got.headers["Content-Type"]) == (letter(), "application/octet-stream")


def test_files_go_along_with_a_reply(signed_in: Client, case: Case, mail_server: MailServer) -> None:
    def post(*names: str, **said: Any) -> Any:
        files = [SimpleUploadedFile(name, name.encode()) for name in names]
        return signed_in.post(reverse("case_reply", args=[case.pk]), {"text": "Here", "files": files} | said)

    # What is refused keeps the files with the case, chosen for the next try.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replies, "FILES_LIMIT", 3)
        refused = post("bill.pdf")
    assert refused.status_code == 422
    [bill] = case.attachments.all()
    assert f'value="{bill.pk}" id="id_send_0" checked' in refused.content.decode().replace("\n", " ")
    other = make_attachment(case)
    assert post("terms.pdf", send=[bill.pk]).status_code == 302
    assert post(send=[uuid4()]).status_code == 422
    sending.deliver()
    [sent] = mail_server.got
    assert [part.get_filename() for part in sent.iter_attachments()] == ["bill.pdf", "terms.pdf"]
    page = signed_in.get(reverse("case_messages", args=[case.pk])).content.decode()
    assert reverse("attachment", args=[bill.pk]) in page
    assert reverse("attachment", args=[other.pk]) not in page


def make_attachment(case: Case) -> Any:
    [file] = attach(case, [SimpleUploadedFile("other.txt", b"x")], BATON)
    return file


def test_replies_of_operators_are_named(case: Case) -> None:
    assert replies.reply(case, "Hi", Actor("Somewhere")).actor == "Somewhere"
