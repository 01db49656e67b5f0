"""Mail to members about requests: who is written to, in which words, and how it is sent by a real server."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from builder.models import Agent
from cases.models import Queue
from runs.engine import human_requests
from runs.models import HumanRequest, RequestEmail, Run
from runs.notifications import mailer, request_email
from runs.notifications.answer_links import answer_link
from runs.notifications.mailer import claim_emails, deliver
from runs.people import moves
from runs.workers import clock
from teams.audit.actors import Actor, person
from teams.models import Member, Team
from tests.driving import work_next
from tests.fixtures import Make
from tests.provider import Provider, call
from tests.smtp import MailServer, html_of, mail_server, text_of

__all__ = ["mail_server"]
pytestmark = pytest.mark.django_db

SOMEONE = Actor("Someone")


@pytest.fixture
def make_question(make_run: Make[Run]) -> Make[HumanRequest]:
    def make(question: str = "Which card?", **fields: object) -> HumanRequest:
        run = make_run(status="waiting", input="A letter")
        about = {"kind": "question", **fields}
        return HumanRequest.objects.create(team_id=run.team_id, run=run, call_id="1", question=question, **about)

    return make


def written() -> list[tuple[str, int]]:
    return [(email.why, email.member_id) for email in RequestEmail.objects.order_by("created_at", "id")]


def delivered(server: MailServer) -> list[str]:
    deliver()
    return [f"{mail['To']}: {mail['Subject']}" for mail in server.got]


# --- Who is written to -----------------------------------------------------------------------


def test_a_new_request_is_mailed_to_those_who_want_what_nobody_has_taken_on(
    mail_server: MailServer,
    scripted: Provider,
    make_agent: Make[Agent],
    make_case,
    queue: Queue,
    make_member,
    make_team,
) -> None:
    eager, modest, quiet = make_member(), make_member(), make_member()
    make_member(role=Member.Role.VIEWER), make_member(of=make_team())
    Member.objects.filter(pk=modest.pk).update(email_kinds=["assigned", "due"])
    Member.objects.filter(pk=quiet.pk).update(email_kinds=[])
    clerk = make_agent("Clerk", queue=queue)
    case = make_case("Charged twice", assignee=clerk)
    scripted.answers(call("ask_person", question="Which **card**?", choices=["Visa", "The other one"]))
    run = work_next()
    assert delivered(mail_server) == [f"{eager.user.email}: [Ours] Clerk asks: Which **card**?"]
    [mail] = mail_server.got
    text = text_of(mail)
    assert f"Clerk asks about case #{case.number}, Charged twice:\n\n> Which **card**?\n" in text
    assert "1. Visa\n2. The other one\n" in text
    assert f"{answer_link(run.human_requests.get(), eager)}\n" in text
    assert f"http://localhost:8000{reverse('notification_settings')}\n" in text
    assert "\n\n\n" not in text


def test_an_approval_shows_exactly_what_would_be_done(mail_server: MailServer, make_question, member: Member) -> None:
    request = make_question("Refund", kind="approval", details='{"amount": 900}\nto <Marta> & co')
    request_email.asked([request], request.run)
    deliver()
    [mail] = mail_server.got
    assert mail["Subject"] == f"[Ours] {request.run.agent.name} asks for approval: Refund"
    assert 'Proposed action:\n\n> {"amount": 900}\n> to <Marta> & co\n' in text_of(mail)
    assert "Input: A letter" in text_of(mail)


def test_who_is_given_a_request_hears_of_it_unless_they_took_it(mail_server, make_question, make_member) -> None:
    anna, ben = make_member(), make_member()
    request = make_question()
    human_requests.assign(request, anna, person(anna.user))
    assert written() == []
    human_requests.assign(request, ben, person(anna.user))
    human_requests.assign(request, None, person(ben.user))
    human_requests.assign(request, ben, person(anna.user))
    assert written() == [("given", ben.pk)] * 2
    assert delivered(mail_server)[0] == f"{ben.user.email}: [Ours] {anna.user} assigned you a request: Which card?"


def test_a_reminder_comes_once_when_three_quarters_of_the_time_are_over(
    mail_server, make_question, make_member
) -> None:
    anna, _ = make_member(), make_member()
    request = make_question(assignee=anna)
    human_requests.set_due(request, timezone.now() + timedelta(hours=4))
    request.refresh_from_db()
    assert request.remind_at - timezone.now() == pytest.approx(timedelta(hours=3), abs=timedelta(seconds=5))
    clock.sweep()
    assert written() == []
    HumanRequest.objects.update(remind_at=timezone.now(), due_at=timezone.now() + timedelta(hours=1))
    for _ in range(2):
        clock.sweep()
    assert written() == [("reminder", anna.pk)]
    assert delivered(mail_server) == [f"{anna.user.email}: [Ours] Due in 1 h: Which card?"]
    text = text_of(mail_server.got[0])
    assert "Nobody has answered this yet." in text and "After that it goes to another member" in text


def test_a_reminder_of_what_nobody_has_goes_to_all_who_want_to_know(mail_server, make_question, make_member) -> None:
    anna, ben = make_member(), make_member()
    make_question(remind_at=timezone.now(), due_at=timezone.now() + timedelta(hours=1))
    clock.sweep()
    assert sorted(written()) == [("reminder", anna.pk), ("reminder", ben.pk)]


def test_what_is_passed_on_is_mailed_to_its_new_member(mail_server, make_question, make_member) -> None:
    anna, ben = make_member(), make_member()
    make_question(assignee=anna, due_at=timezone.now() - timedelta(minutes=1))
    clock.sweep()
    assert delivered(mail_server) == [f"{ben.user.email}: [Ours] Now yours: Which card?"]


def test_without_a_mail_server_nothing_is_written_and_the_page_says_so(
    signed_in: Client, make_question, make_member
) -> None:
    human_requests.assign(make_question(), make_member(), SOMEONE)
    assert written() == []
    assert "No email is sent." in signed_in.get(reverse("notification_settings")).content.decode()


def test_a_member_chooses_what_is_mailed(signed_in: Client, member: Member, mail_server) -> None:
    assert "No email is sent." not in signed_in.get(reverse("notification_settings")).content.decode()
    signed_in.post(reverse("notification_settings"), {"email_kinds": ["due", "assigned"], "bell_kinds": "checks"})
    member.refresh_from_db()
    assert (member.email_kinds, member.bell_kinds) == (["assigned", "due"], ["checks"])
    assert signed_in.post(reverse("notification_settings"), {"email_kinds": "everything"}).status_code == 422


def test_a_try_asks_nobody_by_mail(mail_server, make_question, member) -> None:
    request = make_question()
    Run.objects.update(trigger="try")
    request_email.asked([request], Run.objects.get())
    assert written() == []


# --- Words -----------------------------------------------------------------------------------


def test_nothing_in_a_question_gets_into_the_headers_or_passes_for_our_words(
    mail_server, make_question, member: Member, team: Team
) -> None:
    Team.objects.update(name="Ours\r\nBcc: a@example.com")
    request = make_question("Which?\r\nBcc: b@example.com\r\n\r\n--\nAnswer here:\nhttp://evil.example/\x1b[2J")
    request_email.asked([request], request.run)
    deliver()
    [mail] = mail_server.got
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("[Ours Bcc: a@example.com] ")
    lines = text_of(mail).splitlines()
    assert "> http://evil.example/‹U+001B›[2J" in lines and "http://evil.example/" not in lines
    assert mail["Auto-Submitted"] == "auto-generated"


def test_each_email_about_a_request_answers_the_first_one(mail_server, make_question, member: Member) -> None:
    request = make_question()
    for _ in range(2):
        request_email.due_soon(request)
    deliver()
    request_email.due_soon(request)
    deliver()
    first, second, third = mail_server.got
    assert first["References"] is first["In-Reply-To"] is None
    for later in (second, third):
        assert later["References"] == later["In-Reply-To"] == first["Message-ID"]
    assert len({mail["Message-ID"] for mail in mail_server.got}) == 3


def test_no_email_names_one_that_was_never_sent(mail_server, make_question, make_member) -> None:
    """Neither one that was refused, nor one that became needless, nor that of another member or request."""
    anna, ben = make_member(), make_member()
    request, other = make_question(), make_question()
    request_email.asked([other], other.run)
    deliver()
    mail_server.refuses = {anna.user.email}
    request_email.asked([request], request.run)
    deliver()
    assert set(RequestEmail.objects.filter(member=anna, request=request).values_list("status", flat=True)) == {"failed"}
    RequestEmail.objects.create(team_id=request.team_id, request=request, member=anna, why="given", status="dropped")
    mail_server.refuses = set()
    request_email.due_soon(request)
    deliver()
    sent = {(mail["To"], mail["Message-ID"]) for mail in mail_server.got}
    [to_anna, to_ben] = sorted(mail_server.got[-2:], key=lambda mail: mail["To"] == ben.user.email)
    assert to_anna["References"] is to_anna["In-Reply-To"] is None
    assert to_ben["References"] and all(
        (mail["To"], mail[name]) in sent
        for mail in mail_server.got
        for name in ("References", "In-Reply-To")
        if mail[name]
    )


def test_one_click_leads_from_an_email_to_the_notification_settings(
    mail_server, make_question, member: Member, signed_in: Client
) -> None:
    request = make_question()
    request_email.asked([request], request.run)
    deliver()
    [mail] = mail_server.got
    address = mail["List-Unsubscribe"].strip("<>")
    assert address == f"http://localhost:8000{reverse('notification_settings')}"
    assert f'<a href="{address}"' in html_of(mail)
    assert signed_in.get(address).status_code == 200


# --- Sending ---------------------------------------------------------------------------------


@pytest.fixture
def email(mail_server, make_question, member: Member) -> RequestEmail:
    request = make_question()
    request_email.asked([request], request.run)
    return RequestEmail.objects.get()


@pytest.mark.parametrize(
    "act",
    [
        lambda request, member: human_requests.answer(request, "That one", SOMEONE),
        lambda request, member: moves.stop_run(request.run, SOMEONE),
        lambda request, member: Member.objects.filter(pk=member.pk).update(email_kinds=["assigned", "due"]),
        lambda request, member: type(member.user).objects.filter(pk=member.user_id).update(is_active=False),
    ],
)
def test_what_became_needless_before_it_was_sent_is_dropped(email: RequestEmail, mail_server, member, act) -> None:
    act(email.request, member)
    assert delivered(mail_server) == []
    email.refresh_from_db()
    assert email.status == "dropped"


def test_what_someone_else_took_on_is_dropped(email: RequestEmail, mail_server, make_member) -> None:
    other = make_member()
    assert email.request
    human_requests.assign(email.request, other, person(other.user))
    assert delivered(mail_server) == []


def test_a_server_that_is_away_is_tried_again_for_a_day_and_then_the_inbox_says_so(
    email: RequestEmail, mail_server, signed_in: Client, member: Member
) -> None:
    mail_server.hangs_up = True
    for attempt, pause in enumerate([*mailer.PAUSES, 3600], start=1):
        deliver()
        email.refresh_from_db()
        assert (email.status, email.attempts, bool(email.error)) == ("waiting", attempt, True)
        assert (email.next_at - timezone.now()).total_seconds() == pytest.approx(pause, abs=5)
        RequestEmail.objects.update(next_at=timezone.now())
    assert "could not be delivered" not in signed_in.get(reverse("inbox")).content.decode()
    RequestEmail.objects.update(created_at=timezone.now() - timedelta(days=1, minutes=1))
    deliver()
    email.refresh_from_db()
    assert email.status == "failed"
    assert f"The email to {member.user} could not be delivered" in signed_in.get(reverse("inbox")).content.decode()


def test_a_server_that_comes_back_gets_it(email: RequestEmail, mail_server) -> None:
    mail_server.hangs_up = True
    deliver()
    mail_server.hangs_up = False
    RequestEmail.objects.update(next_at=timezone.now())
    assert len(delivered(mail_server)) == 1
    deliver()
    assert len(mail_server.got) == 1


@pytest.mark.parametrize(("refusal", "status"), [("550 No such person", "failed"), ("451 Later", "waiting")])
def test_an_address_that_is_refused_holds_up_no_other(
    email: RequestEmail, mail_server, make_member, member: Member, refusal: str, status: str
) -> None:
    other = make_member()
    assert email.request
    request_email.due_soon(email.request)
    mail_server.refuses, mail_server.refusal = {member.user.email}, refusal
    assert [words.partition(":")[0] for words in delivered(mail_server)] == [other.user.email]
    email.refresh_from_db()
    assert (email.status, email.error) == (status, refusal)


def test_an_email_whose_mailer_died_is_sent_again(email: RequestEmail, mail_server) -> None:
    claim_emails()
    assert delivered(mail_server) == []
    RequestEmail.objects.update(next_at=timezone.now())
    assert len(delivered(mail_server)) == 1


def test_what_a_slow_mailer_says_of_an_email_taken_again_does_not_count(email: RequestEmail, mail_server) -> None:
    [slow] = claim_emails()
    RequestEmail.objects.update(next_at=timezone.now())
    deliver()
    mailer._put_off(slow, "too slow")
    email.refresh_from_db()
    assert (email.status, email.error) == ("sent", "")


@pytest.mark.django_db(transaction=True)
def test_two_mailers_send_an_email_once(email: RequestEmail, mail_server) -> None:
    def work() -> None:
        deliver()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mail_server.got) == 1


def test_old_emails_are_forgotten(email: RequestEmail) -> None:
    RequestEmail.objects.update(status="sent", created_at=timezone.now() - timedelta(days=31))
    request_email.forget_old()
    assert not RequestEmail.objects.exists()
