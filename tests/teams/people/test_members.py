"""Members, their roles and invitations."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from builder.agents.agents import create_agent
from data.errors import Refused
from teams.audit.actors import BATON, person
from teams.models import AuditEntry, Invitation, Member, User
from teams.people import members
from tests.fixtures import sign_in
from tests.markup import one_line

pytestmark = pytest.mark.django_db


def test_an_invitation_leads_to_the_address_it_was_made_at(signed_in: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS, form = ["baton.test"], {"email": "new@example.com", "role": "operator"}
    page = signed_in.post(reverse("member_invite"), form, follow=True, headers={"host": "baton.test"})
    assert "http://baton.test/invitation/?token=" in page.text
    settings.BATON_URL, settings.BATON_URL_IS_SET = "https://baton.example.com", True
    page = signed_in.post(reverse("member_invite"), form, follow=True, headers={"host": "baton.test"})
    assert "https://baton.example.com/invitation/?token=" in page.text


def test_a_team_keeps_an_administrator(team, member, make_member) -> None:
    other = make_member(role="builder")
    by = person(member.user)
    for act in (lambda: members.change_role(member, "viewer", by), lambda: members.remove(member, by)):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "last_administrator"
    assert Member.objects.get(pk=member.pk).role == "administrator"
    members.change_role(other, "administrator", by)
    members.remove(member, by)
    assert list(Member.objects.filter(team=team)) == [other]


def test_someone_who_is_deactivated_administers_nothing(team, member, make_member) -> None:
    gone = make_member()
    User.objects.filter(pk=gone.user_id).update(is_active=False)
    with pytest.raises(Refused):
        members.remove(member, person(member.user))


@pytest.mark.django_db(transaction=True)
def test_two_administrators_cannot_demote_each_other_at_once(team, make_member) -> None:
    pair, start, refusals = [make_member(), make_member()], Barrier(2), []

    def demote(which: int) -> None:
        try:
            start.wait(60)
            members.change_role(pair[which], "viewer", person(pair[1 - which].user))
        except Refused as refusal:
            refusals.append(refusal.code)
        finally:
            connection.close()

    threads = [Thread(target=demote, args=[which]) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert refusals == ["last_administrator"]
    assert Member.objects.filter(team=team, role="administrator").count() == 1


def test_a_viewer_is_deactivated_no_matter_who_administers_the_team(team, make_member) -> None:
    viewer = make_member(role="viewer")
    members.deactivate(viewer.user, BATON)
    assert not User.objects.get(pk=viewer.user_id).is_active


def test_what_someone_did_stays_when_they_are_removed(team, member, make_member) -> None:
    other = make_member(role="builder")
    agent = create_agent(team, "Desk", author=other.user)
    members.remove(other, person(member.user))
    assert agent.live_revision.author == other.user


def test_an_invitation_lets_one_new_person_in(signed_in, team, member) -> None:
    answer = signed_in.post("/settings/members/invite/", {"email": "New@Example.com", "role": "operator"}, follow=True)
    token = answer.text.partition("invitation/?token=")[2].partition("<")[0]
    assert token
    assert token not in signed_in.get("/settings/members/").text
    assert token not in str(Invitation.objects.values().get())
    browser = Client()
    address = f"/invitation/?token={token}"
    assert "You sign in as new@example.com" in browser.get(address).text
    assert browser.post(address, {"name": "Nia", "password": "short"}).status_code == 422
    assert browser.post(address, {"name": "Nia", "password": "a long password"}).headers["Location"] == "/"
    joined = Member.objects.get(user__email="new@example.com")
    assert (joined.team, joined.role, str(joined.user)) == (team, "operator", "Nia")
    assert browser.get("/cases/").status_code == 200
    assert Client().get(address).status_code == 404


def test_an_invitation_lets_someone_into_another_team(make_team, make_member, member, client) -> None:
    theirs = make_team("Theirs")
    host = make_member(of=theirs)
    _, token = members.invite(theirs, member.user.email, "viewer", person(host.user))
    address = f"/invitation/?token={token}"
    assert "has an account" in client.get(address).text
    sign_in(client, member.user)
    assert client.post(address).headers["Location"] == "/"
    assert "Theirs" in client.get("/cases/").text.partition("</title>")[0]
    client.post("/team/", {"team": member.team.slug})
    assert "Ours" in client.get("/cases/").text.partition("</title>")[0]
    assert client.post("/team/", {"team": make_team("Strangers").slug}).status_code == 404


def test_an_invitation_ends(team, member, client) -> None:
    _, token = members.invite(team, "late@example.com", "viewer", person(member.user))
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(f"/invitation/?token={token}").status_code == 404
    _, token = members.invite(team, "late@example.com", "viewer", person(member.user))
    members.withdraw(Invitation.objects.get(), person(member.user))
    assert client.get(f"/invitation/?token={token}").status_code == 404


def test_an_invitation_takes_the_place_of_one_before(team, member, client) -> None:
    _, old = members.invite(team, "twice@example.com", "viewer", person(member.user))
    _, new = members.invite(team, "twice@example.com", "builder", person(member.user))
    assert client.get(f"/invitation/?token={old}").status_code == 404
    assert client.get(f"/invitation/?token={new}").status_code == 200


def test_roles_are_changed_and_members_leave_on_the_page(signed_in, team, member, make_member) -> None:
    other = make_member(role="viewer")
    signed_in.post(f"/settings/members/{other.pk}/role/", {"role": "administrator"})
    assert Member.objects.get(pk=other.pk).role == "administrator"
    signed_in.post("/settings/members/leave/")
    assert not Member.objects.filter(pk=member.pk).exists()
    assert signed_in.get("/cases/").status_code == 403
    acts = AuditEntry.objects.filter(act__startswith="member_").order_by("at").values_list("act", flat=True)
    assert list(acts) == ["member_role", "member_left"]


def test_pages_say_why_someone_can_only_look(client: Client, make_member, make_agent, make_case, queue) -> None:
    agent, case = make_agent(), make_case()
    builders = [f"/agents/{agent.pk}/", f"/queues/{queue.pk}/", "/agents/", "/queues/", "/schedules/"]
    sign_in(client, make_member(role="viewer").user)
    for page in builders:
        assert "You can look. Ask an administrator to make you a builder." in one_line(client.get(page).text), page
    for page in (f"/cases/{case.pk}/", "/inbox/", "/cases/", "/runs/"):
        assert "You can look. Ask an administrator to make you an operator." in one_line(client.get(page).text), page
    sign_in(client, make_member(role="operator").user)
    assert "You can run and try this agent. Ask an administrator" in client.get(builders[0]).text
    sign_in(client, make_member(role="builder").user)
    assert not [page for page in builders if "Ask an administrator" in client.get(page).text]
