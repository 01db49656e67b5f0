"""Notifications: who is told of what, once, and until they have read it."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases.collaboration import comments
from cases.models import Notification
from cases.notifications import notifications
from cases.work import goals as case_goals
from cases.work.people import People
from routes.checks import checks
from routes.models import Check
from runs.engine import human_requests
from runs.models import HumanRequest, RequestEmail
from runs.notifications import mailer, request_email
from runs.people import moves
from teams.audit.actors import person
from teams.models import Member
from tests.smtp import MailServer, mail_server, text_of

__all__ = ["mail_server"]
pytestmark = pytest.mark.django_db


def told(member: Member) -> list[tuple[str, str, int]]:
    rows = Notification.objects.unread().filter(member=member).order_by("at", "kind")
    return [(row.kind, row.event, row.count) for row in rows]


@pytest.fixture
def question(make_run, member) -> HumanRequest:
    run = make_run(status="waiting", input="A letter")
    return HumanRequest.objects.create(team=run.team, run=run, call_id="1", kind="question", question="Which card?")


def test_those_who_own_or_watch_a_case_are_told_of_its_news_and_who_did_it_is_not(
    make_case, make_member, make_team
) -> None:
    case, owner, watcher, other = make_case(), make_member(), make_member(), make_member()
    comments.watch(case, watcher.user)
    left = make_member(of=make_team())  # and no longer in this team
    comments.watch(case, left.user)
    case.refresh_from_db()
    assert case.is_watched
    moves.take_over(case, person(owner.user))
    moves.complete(case, "Paid.", person(other.user))
    assert told(owner) == told(watcher) == [("followed", "completed", 1)]
    assert told(other) == []
    assert told(left) == []
    for one in (watcher, left):
        comments.unwatch(case, one.user)
    case.refresh_from_db()
    assert not case.is_watched


def test_a_notification_is_written_with_what_it_tells_or_not_at_all(make_case, make_member) -> None:
    case, ada, ben = make_case(), make_member(), make_member()
    with transaction.atomic():
        comments.comment(case, f"@{ada.user.email}", ben.user)
        assert len(told(ada)) == 1
        transaction.set_rollback(True)
    assert not told(ada)


def test_five_comments_on_a_case_are_one_entry_until_it_is_read(make_case, make_member, client: Client) -> None:
    case, ada, ben = make_case(), make_member(), make_member()
    comments.watch(case, ada.user)
    for number in range(5):
        comments.comment(case, f"No. {number}", ben.user)
    assert told(ada) == [("followed", "commented", 5)] and told(ben) == []
    client.force_login(ada.user)
    client.get(reverse("case", args=[case.pk]))
    assert told(ada) == []
    comments.comment(case, "One more", ben.user)
    assert told(ada) == [("followed", "commented", 1)]


def test_who_is_mentioned_is_told_so_and_not_of_the_comment_too(make_case, make_member) -> None:
    case, ada, ben = make_case(), make_member(), make_member()
    comments.watch(case, ada.user)
    said = comments.comment(case, f"@{ada.user.email} look", ben.user)
    assert told(ada) == [("mentioned", "commented", 1)]
    comments.change(said, f"@{ada.user.email} look again", ben.user)
    assert told(ada) == [("mentioned", "commented", 1)]


def test_a_question_is_told_of_until_someone_has_it_or_has_answered(question, member, make_member) -> None:
    ben = make_member()
    request_email.asked([question], question.run)
    assert told(member) == told(ben) == [("unassigned", "question", 1)]
    human_requests.assign(question, ben, person(member.user))
    assert (told(member), told(ben)) == ([], [("assigned", "question", 1)])
    human_requests.answer(question, "Visa", person(member.user))
    assert told(ben) == []


def test_a_case_is_told_to_whom_it_is_assigned_and_not_when_it_is_deleted(make_case, make_member) -> None:
    case, ada, ben = make_case(), make_member(), make_member()
    moves.assign_to_people(case, person(ben.user), People(owner=ada.user))
    assert told(ada) == [("assigned", "case", 1)]
    moves.delete(case, person(ben.user))
    assert told(ada) == []


def test_a_missed_goal_is_told_to_who_owns_the_case(make_case, make_member, queue) -> None:
    case, ada = make_case(), make_member()
    moves.take_over(case, person(ada.user))
    type(case).objects.update(done_by=timezone.now() - timedelta(minutes=1))
    case_goals.book_what_is_missed()
    assert told(ada) == [("due", "done", 1)]


@pytest.mark.parametrize("passed", [True, False])
def test_who_changed_an_agent_is_told_how_its_check_ended(make_agent, make_member, passed: bool) -> None:
    ada, agent = make_member(), make_agent()
    check = Check.objects.create(team=agent.team, agent=agent, fingerprint="", live_number=1, user=ada.user)
    checks._tell_author(Check(pk=check.pk, team=check.team, agent=agent, user=ada.user, passed=passed))
    assert told(ada) == [("checks", "passed" if passed else "failed", 1)]


def test_each_kind_is_told_as_the_member_wants(
    make_case, make_member, mail_server: MailServer, django_capture_on_commit_callbacks
) -> None:
    case, ben = make_case("Refund"), make_member()
    both, bell, email, none = [make_member() for _ in range(4)]
    for member in (both, bell, email, none):
        comments.watch(case, member.user)
        in_bell, in_email = member in (both, bell), member in (both, email)
        kinds = {"bell_kinds": ["followed"] * in_bell, "email_kinds": ["followed"] * in_email}
        Member.objects.filter(pk=member.pk).update(**kinds)
    for _ in range(2):
        comments.comment(case, "See <b>this</b>", ben.user)
    assert [bool(told(member)) for member in (both, bell, email, none)] == [True, True, False, False]
    assert not mailer.has_emails()
    Notification.objects.exclude(email_at=None).update(email_at=timezone.now())
    assert mailer.has_emails()
    mailer.deliver()
    assert sorted(mail["To"] for mail in mail_server.got) == sorted([both.user.email, email.user.email])
    assert {mail["Subject"] for mail in mail_server.got} == {f"[Ours] #{case.number} Refund"}
    text = text_of(mail_server.got[0])
    assert f"{ben.user} commented (2 updates): #{case.number} Refund" in text and "> See <b>this</b>" in text
    assert not mailer.has_emails() and RequestEmail.objects.filter(status="sent").count() == 2


def test_what_was_read_before_its_email_is_not_emailed(make_case, make_member, mail_server) -> None:
    case, ada, ben = make_case(), make_member(), make_member()
    comments.comment(case, f"@{ada.user.email}", ben.user)
    notifications.mark_read(ada)
    Notification.objects.update(email_at=timezone.now())
    mailer.deliver()
    assert mail_server.got == []


def test_marking_as_read_can_be_undone_but_not_against_newer_news(
    make_case, make_member, member: Member, signed_in: Client
) -> None:
    first, second, ben = make_case("First"), make_case("Second"), make_member()
    for case in (first, second):
        comments.watch(case, member.user)
        comments.comment(case, "New", ben.user)
    page = signed_in.get(reverse("notifications")).content.decode()
    assert "First" in page and "Second" in page and "Notifications, 2 unread" in page
    answer = signed_in.post(reverse("notifications_read"), headers={"HX-Target": "div#toasts", "HX-Request": "true"})
    assert "2 notifications marked as read." in answer.content.decode() and told(member) == []
    at = Notification.objects.latest("at").read_at
    comments.comment(second, "Newer", ben.user)
    signed_in.post(f"{reverse('notifications_unread')}?at={at:%Y-%m-%dT%H:%M:%S.%f}%2B00:00")
    assert told(member) == [("followed", "commented", 1)] * 2
    one = Notification.objects.unread().get(case=first)
    signed_in.post(reverse("notifications_read"), {"id": str(one.pk)})
    assert told(member) == [("followed", "commented", 1)]
    for bad in ("x", str(question_id := "00000000-0000-7000-8000-000000000000")):
        assert signed_in.post(reverse("notifications_read"), {"id": bad}).status_code == 404, question_id
    assert signed_in.post(f"{reverse('notifications_unread')}?at=yesterday").status_code == 302
    assert len(told(member)) == 1


def test_a_notification_leads_to_its_subject_and_is_read_then(question, member, signed_in: Client, make_case) -> None:
    request_email.asked([question], question.run)
    row = Notification.objects.get()
    opened = signed_in.get(reverse("notification_open", args=[row.pk]))
    assert opened.headers["Location"] == reverse("run", args=[question.run_id])
    assert told(member) == []
    assert question.question in signed_in.get(f"{reverse('notifications')}?show=all&kind=unassigned").content.decode()
    assert "caught up" in signed_in.get(f"{reverse('notifications')}?kind=nonsense").content.decode()


def test_pages_ask_once_for_the_bell_however_many_notifications_there_are(
    make_case, make_member, member, signed_in
) -> None:
    ben, counts = make_member(), []
    for _ in range(2):
        for case in (make_case(), make_case(), make_case()):
            comments.watch(case, member.user)
            comments.comment(case, "New", ben.user)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            signed_in.get(reverse("notifications"))
        counts.append(len(asked))
        assert sum("count(*)" in row["sql"].lower() and "cases_notification" in row["sql"] for row in asked) == 1
    assert counts[0] == counts[1]


def test_a_case_that_nobody_follows_costs_no_statement(make_case, someone) -> None:
    case = make_case()
    with CaptureQueriesContext(connection) as asked:
        moves.complete(case, "Paid.", someone)
    assert not [row for row in asked if "cases_notification" in row["sql"] or "cases_watch" in row["sql"]]


def test_old_notifications_are_forgotten(make_case, make_member) -> None:
    case, ada, ben = make_case(), make_member(), make_member()
    comments.comment(case, f"@{ada.user.email}", ben.user)
    Notification.objects.update(at=timezone.now() - timedelta(days=61))
    notifications.forget_old()
    assert not Notification.objects.exists()
