"""The operators' admin: each list, row and search opens, in as many queries for many rows as for few."""

import uuid

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import ops.admin  # noqa: F401
from builder.models import Agent, ToolServer
from cases.models import Case, CaseMessage, Queue
from channels.models import Arrival, Source
from data.secrets import seal
from runs.models import BulkAction, HumanRequest, RequestEmail, Run, Schedule, Status
from teams.models import ApiKey, AuditEntry, Credential, Delivery, Member, Team, User, Webhook
from teams.settings import pausing
from tests.driving import work_next
from tests.fixtures import sign_in, take
from tests.provider import call

pytestmark = pytest.mark.django_db

SECRET = "Never-shown-to-anyone"
APPS = ("teams", "builder", "cases", "channels", "runs", "routes")
MODELS = [model for model in admin.site._registry if model._meta.app_label in APPS]


@pytest.fixture
def operator(client: Client) -> Client:
    sign_in(client, User.objects.create_superuser("operator@example.com"))
    return client


@pytest.fixture
def make_rows(scripted, team, make_agent, make_case, make_queue, member):
    """One more row, at least, of everything that the admin shows."""

    def make() -> None:
        name = uuid.uuid4().hex[:10]
        queue = make_queue()
        other = make_agent(f"B{name}", queue=queue)
        agent = make_agent(f"A{name}", queue=queue, mentions=[other], aop="See")
        make_case(in_queue=queue, assignee=agent)
        scripted.answers(call("request_handover", target=f"b{name}", reason="r"), call("ask_person", question="Why?"))
        work_next()
        run = work_next()
        request = HumanRequest.objects.get(run=run)
        request.assignee = member
        request.save()
        RequestEmail.objects.create(team=team, request=request, member=member, why="asked")
        Schedule.objects.create(
            team=team, agent=agent, expression="0 8 * * *", zone="UTC", next_at=run.created_at, created_by=member.user
        )
        BulkAction.objects.create(team=team, user=member.user, actor="x", verb="complete")
        sealed = seal(SECRET)
        hook = Webhook.objects.create(team=team, url="https://example.com", secret=sealed, old_secret=sealed)
        Delivery.objects.create(team=team, webhook=hook, event="ping", body="{}")
        Credential.objects.create(team=team, provider=f"p-{name}", name="n", key=sealed)
        ToolServer.objects.create(team=team, name=name, slug=name, url="https://example.com", credential=sealed)
        source = Source.objects.create(team=team, queue=queue, name=name, token=f"{SECRET}{name}", secret=sealed)
        case = Case.objects.filter(queue=queue).get()
        Arrival.objects.create(team=team, source=source, case=case, status="added", content="{}")
        CaseMessage.objects.create(team=team, case=case, direction="in", message_id=f"<{name}@example.org>")
        ApiKey.objects.create(team=team, name=name, prefix="p", digest=f"{SECRET}{name}")

    return make


def address(model, page: str = "changelist", *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as log:
        response = client.get(url)
    assert response.status_code == 200, url
    return len(log)


def test_each_list_row_and_search_opens_and_no_list_asks_more_for_more_rows(operator: Client, make_rows) -> None:
    make_rows()
    assert [model for model in MODELS if not model._default_manager.exists()] == []
    for model in MODELS:
        operator.get(address(model))  # what is remembered from the first request on
    few = {model: queries(operator, address(model)) for model in MODELS}
    for _ in range(3):
        make_rows()
    assert {model: queries(operator, address(model)) for model in MODELS} == few
    for model in MODELS:
        row = model._default_manager.order_by("pk").first()
        page = operator.get(address(model, "change", row.pk))
        assert page.status_code == 200
        for sealed in (*Credential.objects.values_list("key", flat=True), SECRET):
            assert sealed not in page.content.decode()
        for term in ("word", "#1", str(row.pk), str(uuid.uuid4())):
            assert operator.get(address(model), {"q": term}).status_code == 200
        assert operator.get(address(model), {"p": 1}).status_code == 200


def test_rows_are_found_by_their_words_and_ids(operator: Client, make_rows) -> None:
    make_rows()
    case = Case.objects.get()
    run = case.runs.latest("created_at")
    for model, term, row in (
        (Case, case.title, case),
        (Case, str(case.pk), case),
        (Run, str(case.pk), run),
        (Agent, run.agent.name, run.agent),
        (HumanRequest, str(run.pk), run.human_requests.get()),
    ):
        assert address(model, "change", row.pk) in operator.get(address(model), {"q": term}).content.decode()
    found = operator.get(address(Run), {"case__id__exact": str(case.pk)}).content.decode()
    assert str(run.pk) in found


def test_what_verbs_change_no_form_changes(operator: Client, make_rows) -> None:
    make_rows()
    for model in set(MODELS) - {Team, User}:
        row = model._default_manager.first()
        assert operator.get(address(model, "add")).status_code == 403
        assert operator.post(address(model, "change", row.pk), {"status": "completed"}).status_code == 403
        assert operator.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def act(client: Client, row, action: str) -> None:
    """Asked first, nothing happens; then it does."""
    post = {"action": action, "_selected_action": [str(row.pk)]}
    before = type(row).objects.filter(pk=row.pk).values().get()
    question = client.post(address(type(row)), post)
    assert b"Shall " in question.content
    assert type(row).objects.filter(pk=row.pk).values().get() == before
    assert client.post(address(type(row)), post | {"confirmed": "yes"}).status_code == 302
    row.refresh_from_db()


@pytest.mark.parametrize("model", [Team, Agent, Queue, Schedule, Webhook])
def test_pause_and_resume(operator: Client, make_rows, model) -> None:
    make_rows()
    row = model.objects.first()
    act(operator, row, "pause")
    assert row.paused_at
    act(operator, row, "resume")
    assert row.paused_at is None


def test_runs_are_stopped_and_requeued_and_cases_retried(operator, make_case, make_agent, queue) -> None:
    case = make_case(assignee=make_agent(queue=queue))
    [claim] = take()
    run = case.runs.get()
    act(operator, run, "requeue")
    assert (run.status, run.losses, run.fence) == (Status.QUEUED, 0, claim.fence + 1)
    act(operator, run, "stop")
    assert (run.status, run.stopped_by) == (Status.STOPPED, "operator@example.com")
    case.refresh_from_db()
    act(operator, case, "retry")
    assert case.status == "pending"
    operator.post(address(Run), {"action": "stop", "_selected_action": [str(run.pk)], "confirmed": "yes"})
    assert "left alone" in operator.get(address(Run)).content.decode()


def test_a_delivery_is_sent_again(operator: Client, make_rows) -> None:
    make_rows()
    delivery = Delivery.objects.get()
    Delivery.objects.update(status="failed", attempts=9)
    act(operator, delivery, "send_again")
    assert (delivery.status, delivery.attempts) == ("waiting", 0)


def test_the_health_page_leads_to_the_rows_and_pauses_everything(
    operator: Client, team, make_agent, make_case, queue
) -> None:
    case = make_case(assignee=make_agent(queue=queue))
    take()
    case.runs.update(status="failed", error_code="x", lease_until=None)
    page = operator.get("/admin/health/").content.decode()
    link = f"{address(Case)}?id__in={case.pk}"
    assert link in page
    assert str(case.pk) in operator.get(link).content.decode()
    assert b"Shall " in operator.post("/admin/health/", {"action": "pause"}).content
    assert not pausing.paused([team.pk])
    operator.post("/admin/health/", {"action": "pause", "confirmed": "yes"})
    assert pausing.paused([team.pk])
    assert "Everything is paused" in operator.get("/admin/health/").content.decode()
    operator.post("/admin/health/", {"action": "resume", "confirmed": "yes"})
    assert not pausing.paused([team.pk])


def test_the_dashboard_leads_from_each_figure_to_its_rows(operator: Client, make_rows) -> None:
    make_rows()
    failed = Run.objects.order_by("pk")[0]
    Run.objects.filter(pk=failed.pk).update(
        status="failed", outcome="", error_code="provider_error", error="<b>It said no</b>", lease_until=None
    )
    Delivery.objects.update(status="failed")
    page = operator.get("/admin/")
    tiles = {tile.title: tile for tile in page.context["tiles"]}
    assert (tiles["Failed runs"].value, tiles["Webhook messages"].value) == ("1", "1")
    assert (tiles["Workers"].value, tiles["Workers"].tone) == ("0", "bad")
    assert tiles["With people"].value == "1"
    for tile in tiles.values():
        assert operator.get(tile.address).status_code == 200
    assert str(failed.pk) in operator.get(tiles["Failed runs"].address).content.decode()
    text = page.content.decode()
    assert "provider_error" in text
    assert "&lt;b&gt;It said no" in text
    few = queries(operator, "/admin/")
    make_rows()
    assert queries(operator, "/admin/") == few


def test_pages_of_rqs_queues_and_workers_are_there(operator: Client) -> None:
    assert b"default" in operator.get("/admin/django_rq/dashboard/").content


def test_members_and_staff_without_rights_get_nowhere(client: Client, member: Member, make_run) -> None:
    run = make_run()
    addresses = ["/admin/health/", "/admin/", "/admin/django_rq/dashboard/", address(Run)]
    sign_in(client, member.user)
    assert all(client.get(page)["Location"].startswith("/admin/login/") for page in addresses)
    member.user.is_staff = True
    member.user.save()
    assert client.get("/admin/health/").status_code == client.get(address(Run)).status_code == 403
    post = {"action": "stop", "_selected_action": [str(run.pk)], "confirmed": "yes"}
    assert client.post(address(Run), post).status_code == 403
    assert client.post("/admin/health/", {"action": "pause", "confirmed": "yes"}).status_code == 403
    run.refresh_from_db()
    assert run.status == Status.QUEUED


# --- People ----------------------------------------------------------------------------------


def choose(operator: Client, name: str, *people: User) -> str:
    data = {"action": name, "_selected_action": [str(person.pk) for person in people], "confirmed": "yes"}
    return operator.post(address(User), data, follow=True).text


def test_people_are_deactivated_and_let_in_again(operator: Client, team, member, make_member) -> None:
    assert "Ours needs an administrator" in choose(operator, "deactivate", member.user)
    assert User.objects.get(pk=member.user_id).is_active
    make_member()
    browser = Client()
    browser.post("/sign-in/", {"login": member.user.email, "password": "a long password"})
    choose(operator, "deactivate", member.user)
    assert not User.objects.get(pk=member.user_id).is_active
    assert browser.get("/cases/").status_code == 302
    choose(operator, "let_in_again", member.user)
    assert browser.get("/cases/").status_code == 302, "the session is gone"
    acts = list(AuditEntry.objects.filter(subject=member.user.email).order_by("at").values_list("act", flat=True))
    assert acts[-2:] == ["person_deactivated", "person_reactivated"]


def test_a_second_step_is_ended_for_who_lost_their_phone(operator: Client, member) -> None:
    Authenticator.objects.create(user=member.user, type="totp", data={"secret": seal("A")})
    choose(operator, "end_two_step_sign_in", member.user)
    assert not Authenticator.objects.exists()


def test_an_operator_changes_an_address_and_adds_people(operator: Client, member) -> None:
    fields = {"email": "Other@Example.com", "first_name": "Ada", "last_name": ""}
    assert operator.post(address(User, "change", member.user_id), fields).status_code == 302
    row = EmailAddress.objects.get(user=member.user)
    assert (row.email, row.verified, row.primary) == ("other@example.com", True, True)
    assert User.objects.get(pk=member.user_id).email == "other@example.com"
    password = "quite a long one"
    fields = {"email": "New@Example.com", "password1": password, "password2": password, "usable_password": "true"}
    assert operator.post(address(User, "add"), fields).status_code == 302
    browser = Client()
    browser.post("/sign-in/", {"login": "new@example.com", "password": password})
    assert "no team" in browser.get("/").text


def test_an_operator_in_no_team_is_told_what_to_do(operator: Client, make_case) -> None:
    page = operator.get(reverse("case", args=[make_case().pk]))
    assert page.status_code == 403
    assert "create_administrator --email" in page.text
    unknown = operator.get("/nowhere/")
    assert unknown.status_code == 404
    assert "Open the admin" in unknown.text
    assert "Open the admin" not in Client().get("/nowhere/").text
    icon = Client().get("/favicon.ico")
    assert icon.status_code == 302
    assert icon["Location"].endswith(".svg")
    assert icon["Location"] in operator.get("/admin/").text


def test_members_are_only_looked_at_and_people_not_deleted(operator: Client, team, member) -> None:
    assert operator.post(address(User, "delete", member.user_id), {"post": "yes"}).status_code == 403
    fields = {"name": "Ours", "slug": team.slug, "member_set-TOTAL_FORMS": "1", "member_set-INITIAL_FORMS": "1"}
    fields |= {"member_set-0-id": str(member.pk), "member_set-0-role": "viewer", "member_set-0-DELETE": "on"}
    operator.post(address(Team, "change", team.pk), fields)
    assert Member.objects.get(pk=member.pk).role == "administrator"


# --- What operators do is recorded, and breaks no team ---------------------------------------


def test_each_action_is_recorded_as_an_operators(operator: Client, member, make_member, make_rows, make_run) -> None:
    make_rows()
    make_member()
    Delivery.objects.update(status="failed")
    Authenticator.objects.create(user=member.user, type="totp", data={"secret": seal("A")})
    told = AuditEntry.objects.filter(source="operator")
    silent = []
    for model in MODELS:
        for action in admin.site._registry[model].actions or ():
            rows = {Run: make_run, User: lambda: member.user}
            row = rows.get(model, model._default_manager.order_by("pk").first)()
            post = {"action": action.__name__, "_selected_action": [str(row.pk)], "confirmed": "yes"}
            before = told.count()
            operator.post(address(model), post)
            if told.count() == before:
                silent.append(f"{model.__name__}: {action.__name__}")
    assert silent == []


def test_a_teams_new_name_is_recorded(operator: Client, team) -> None:
    fields = {"name": "Yours", "slug": team.slug, "member_set-TOTAL_FORMS": "0", "member_set-INITIAL_FORMS": "0"}
    operator.post(address(Team, "change", team.pk), fields)
    entry = AuditEntry.objects.get(act="team_changed")
    assert (entry.team, entry.source, entry.change) == (team, "operator", "Name: Ours → Yours")


def person_form(user: User, **more: object) -> dict[str, object]:
    return {"email": user.email, "first_name": "", "last_name": "", "is_active": "on", **more}


def test_what_becomes_of_an_account_is_recorded(operator: Client, team, member) -> None:
    operator.post(address(User, "change", member.user_id), person_form(member.user, is_staff="on"))
    entry = AuditEntry.objects.get(act="person_changed")
    assert (entry.team, entry.source, entry.change) == (team, "operator", "May open the admin: no → yes")


def test_the_last_operator_stays_one(operator: Client) -> None:
    user = User.objects.get()
    assert "Nobody could open this admin" in choose(operator, "deactivate", user)
    page = operator.post(address(User, "change", user.pk), person_form(user, is_staff="on"), follow=True)
    assert "Nobody could open this admin" in page.text
    user.refresh_from_db()
    assert user.is_superuser


def test_a_new_password_by_an_operator_is_recorded(operator: Client, member) -> None:
    form = {"password1": "a longer canary", "password2": "a longer canary", "usable_password": "true"}
    operator.post(f"/admin/teams/user/{member.user_id}/password/", form)
    entry = AuditEntry.objects.get(act="password_changed")
    assert (entry.source, entry.subject) == ("operator", member.user.email)
    assert "canary" not in str(list(AuditEntry.objects.values()))


def test_what_is_done_to_rq_is_recorded(operator: Client) -> None:
    operator.post("/admin/django_rq/dashboard/queues/0/empty/")
    assert AuditEntry.objects.get(act="rq_changed").team is None


def test_an_operator_without_a_team_finds_the_way_to_the_admin(operator: Client) -> None:
    assert address(Team) in operator.get("/").text
    assert operator.get("/admin/").status_code in (200, 302)
