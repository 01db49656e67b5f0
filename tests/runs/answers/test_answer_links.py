"""The link in an email about a request: for whom it works, how often, and what looking at it changes."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from builder.models import Agent
from cases.models import Queue
from runs.engine import human_requests
from runs.models import HumanRequest
from runs.notifications import mailer
from runs.notifications.answer_links import answer_link, read_link
from teams.audit.actors import person
from teams.models import AuditEntry, Member
from tests.driving import work_next
from tests.fixtures import Make, events, sign_in
from tests.provider import Provider, call
from tests.smtp import MailServer, mail_server, text_of

__all__ = ["mail_server"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(scripted: Provider, make_agent: Make[Agent], make_case: Any, queue: Queue, member: Member) -> Any:
    def ask(*asked: Any) -> HumanRequest:
        make_case("Charged twice", assignee=make_agent("Clerk", queue=queue))
        scripted.answers(*(asked or [call("ask_person", question="Which card?", choices=["Visa", "The other one"])]))
        work_next()
        return HumanRequest.objects.get()

    return ask


def path_of(request: HumanRequest, member: Member) -> str:
    return answer_link(request, member).removeprefix("http://localhost:8000")


def test_the_mailed_link_shows_and_answers_once(
    ask: Any, mail_server: MailServer, client: Client, member: Member, make_member: Make[Member]
) -> None:
    request = ask()
    mailer.deliver()
    found = re.search(r"http://localhost:8000(/answer/\S+)", text_of(mail_server.got[0]))
    assert found
    path = found[1]
    # Unknown, as a program is that checks emails: nothing is shown and nothing changes.
    assert client.get(path)["Location"] == f"{reverse('account_login')}?next={path}"
    assert client.post(path, {"answer": "Visa"}).status_code == 401
    sign_in(client, member.user)
    page = client.get(path).text
    assert "Which card?" in page and "The other one" in page and f'action="{path}"' in page
    request.refresh_from_db()
    assert request.status == "open"
    assert client.post(path, {"choice": "Visa", "shown": request.fingerprint}).status_code == 200
    request.refresh_from_db()
    assert (request.status, request.answer, request.answered_by) == ("answered", "Visa", member.user)
    assert events(request.run.case)[-1] == "answered"
    assert " by email" in client.get(reverse("case", args=[request.run.case_id])).text
    assert AuditEntry.objects.filter(act="request_answered").get().change == "Answered by email"
    again = client.post(path, {"choice": "The other one", "shown": request.fingerprint})
    assert again.status_code == 422
    assert "answered or closed in the meantime" in again.text and "Visa" in again.text
    request.refresh_from_db()
    assert request.answer == "Visa"


def test_a_forwarded_link_gives_nobody_a_right(
    ask: Any, client: Client, member: Member, make_member: Make[Member], make_team: Any
) -> None:
    request = ask()
    path, said = path_of(request, member), {"choice": "Visa", "shown": request.fingerprint}
    for other, status in [(make_member(), 403), (make_member(of=make_team()), 404)]:
        sign_in(client, other.user)
        for response in (client.get(path), client.post(path, said)):
            assert response.status_code == status
            assert "Which card?" not in response.text
    Member.objects.filter(pk=member.pk).update(role=Member.Role.VIEWER)
    sign_in(client, member.user)
    assert client.get(path).status_code == 200
    assert client.post(path, said).status_code == 403
    member.delete()
    assert client.post(path, said).status_code in (302, 403, 404)
    request.refresh_from_db()
    assert request.status == "open"


def test_a_link_is_bound_to_what_its_email_showed(ask: Any, client: Client, member: Member) -> None:
    request = ask(call("request_approval", title="Refund", details='{"amount": 9}'))
    path, shown = path_of(request, member), request.fingerprint
    HumanRequest.objects.update(details='{"amount": 900}')
    request.refresh_from_db()
    sign_in(client, member.user)
    for said in (shown, request.fingerprint):
        assert client.post(path, {"decision": "approve", "shown": said}).status_code == 409
    assert client.get(path).status_code == 409
    HumanRequest.objects.update(details='{"amount": 9}')
    # A form that says nothing of what was read approves nothing.
    assert client.post(path, {"decision": "approve"}).status_code == 409
    assert client.post(path, {"decision": "perhaps", "shown": shown}).status_code == 422
    assert client.post(path, {"decision": "approve", "shown": shown, "answer": "Fine"}).status_code == 200
    request.refresh_from_db()
    assert (request.approved, request.answer) == (True, "Fine")


def test_who_comes_second_reads_who_answered_what_and_loses_nothing_typed(
    ask: Any, client: Client, member: Member, make_member: Make[Member]
) -> None:
    request, first = ask(), make_member()
    human_requests.answer(request, "The other one", person(first.user))
    sign_in(client, member.user)
    path = path_of(request, member)
    assert first.user.email in client.get(path).text
    second = client.post(path, {"answer": "My long thoughts", "shown": request.fingerprint})
    assert second.status_code == 422
    assert "My long thoughts" in second.text and "The other one" in second.text


def test_a_link_leads_to_its_team_whichever_was_chosen(
    ask: Any, client: Client, member: Member, make_team: Any
) -> None:
    request, other = ask(), make_team("A before the other")
    Member.objects.create(team=other, user=member.user, role=Member.Role.VIEWER)
    sign_in(client, member.user)
    session = client.session
    session["team"] = str(other.pk)
    session.save()
    path = path_of(request, member)
    assert client.post(path, {"choice": "Visa", "shown": request.fingerprint}).status_code == 200
    assert client.get(reverse("case", args=[request.run.case_id])).status_code == 200


def test_what_was_not_signed_or_is_gone_leads_nowhere(ask: Any, client: Client, member: Member) -> None:
    request = ask()
    path = path_of(request, member)
    token = path.rpartition("/")[2]
    link = read_link(token)
    assert link and (link.request_id, link.member_id, link.shown) == (request.pk, member.pk, request.fingerprint)
    sign_in(client, member.user)
    other = "B" if token[30] == "A" else "A"
    for wrong in ["x", "%00", "ä", "A" * 75, token[:-1], token + "A", token[:30] + other + token[31:], "=" * 9]:
        assert client.get(f"/answer/{wrong}").status_code == 404, wrong
    request.delete()
    assert client.get(path).status_code == 404
