"""Who did it is told by what nobody can choose: address and id stand beside the name, from the row."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from builder.models import Agent
from cases.collaboration import comments
from cases.imports import uploads
from cases.models import Case, CaseUpload, Queue
from routes.corrections import corrections
from runs.bulk import bulk
from runs.engine import human_requests
from runs.models import HumanRequest, Run
from runs.people import moves
from runs.record import lifecycle
from teams.audit import audit
from teams.audit.actors import person, program
from teams.keys.api_keys import create_key
from teams.models import AuditEntry, Member, Team, User
from teams.people import accounts
from tests.fixtures import Make

pytestmark = pytest.mark.django_db


@pytest.fixture
def mallory(make_member: Make[Member]) -> User:
    """Who calls themselves Baton, as could be done before names were checked."""
    user = make_member().user
    User.objects.filter(pk=user.pk).update(first_name="Baton")
    user.refresh_from_db()
    return user


@pytest.fixture
def reader(team: Team) -> Client:
    return Client(headers={"authorization": f"Bearer {create_key(team, 'Reader')[1]}"})


def test_the_audit_log_tells_address_and_id_beside_the_name(
    signed_in: Client, reader: Client, team: Team, mallory: User
) -> None:
    audit.record(team.pk, "settings_changed", "Budgets", by=person(mallory))
    row = signed_in.get(reverse("audit_log") + "?area=settings").text.partition("<tbody>")[2]
    assert mallory.email in row and str(mallory.uuid) in row
    assert mallory.email in signed_in.get(reverse("audit_log") + f"?q={mallory.email}").text.partition("<tbody>")[2]

    [told] = reader.get("/api/v1/audit?act=settings_changed").json()["items"]
    assert told["actor"] == {
        "name": "Baton",
        "source": "person",
        "id": str(mallory.uuid),
        "email": mallory.email,
        "key": None,
    }
    [member] = [row for row in reader.get("/api/v1/members").json()["items"] if row["email"] == mallory.email]
    assert member["id"] == told["actor"]["id"]

    heads, *lines = csv.reader(io.StringIO(b"".join(signed_in.get(reverse("audit_export"))).decode("utf-8-sig")))
    [line] = [dict(zip(heads, line, strict=True)) for line in lines if line[3] == "Changed settings"]
    assert (line["Who"], line["Email or key"], line["Who (id)"]) == ("Baton", mallory.email, str(mallory.uuid))

    operator = User.objects.create_superuser("root@example.com", "a long password")
    client = Client()
    client.force_login(operator)
    assert mallory.email in client.get(reverse("admin:teams_auditentry_changelist")).text


def test_a_later_name_or_address_does_not_change_what_was_told(team: Team, mallory: User, reader: Client) -> None:
    address = mallory.email
    audit.record(team.pk, "settings_changed", "Budgets", by=person(mallory))
    accounts.rename(mallory, "Mallory")
    accounts.change_email(mallory, "elsewhere@example.com", verified=True)
    [told] = reader.get("/api/v1/audit?act=settings_changed").json()["items"]
    assert (told["actor"]["name"], told["actor"]["email"]) == ("Baton", address)
    assert told["actor"]["id"] == str(mallory.uuid)


def test_a_key_is_told_by_its_id_and_its_beginning(team: Team, reader: Client) -> None:
    key, _ = create_key(team, "Baton")
    audit.record(team.pk, "settings_changed", "Budgets", by=program(key))
    [told] = reader.get("/api/v1/audit?act=settings_changed").json()["items"]
    assert (told["actor"]["id"], told["actor"]["key"], told["actor"]["email"]) == (str(key.pk), f"{key.prefix}…", None)


def test_entries_from_before_tell_the_person_of_the_row(team: Team, mallory: User, reader: Client) -> None:
    AuditEntry.objects.create(
        team=team, actor="Baton", source="person", user=mallory, act="settings_changed", subject="Budgets"
    )
    [told] = reader.get("/api/v1/audit?act=settings_changed").json()["items"]
    assert (told["actor"]["id"], told["actor"]["email"]) == (str(mallory.uuid), mallory.email)


def test_a_change_of_a_person_names_them_by_their_address(team: Team, mallory: User) -> None:
    accounts.rename(mallory, "Mallory")
    assert AuditEntry.objects.get(act="person_changed").subject == f"Mallory ({mallory.email})"


def test_timeline_comments_and_approvals_tell_the_address(
    signed_in: Client, reader: Client, mallory: User, make_case: Make[Case], make_run: Make[Run]
) -> None:
    case = make_case("Refund")
    comments.comment(case, "I did it", mallory)
    moves.complete(case, "Done", person(mallory))
    page = signed_in.get(reverse("case", args=[case.pk])).text
    assert page.count(f"Baton ({mallory.email})") >= 2
    told = reader.get(f"/api/v1/cases/{case.pk}/events").json()["items"]
    assert {row["actor_email"] for row in told if row["actor"] == "Baton"} == {mallory.email}

    run = make_run(status="waiting")
    row = HumanRequest.objects.create(
        team_id=run.team_id, run=run, call_id="1", kind="approval", question="Refund", details="40 EUR"
    )
    human_requests.decide(row, True, "Go", person(mallory))
    assert f"Baton ({mallory.email})" in signed_in.get(reverse("inbox") + "?show=answered").text
    [told] = reader.get("/api/v1/human-requests").json()["items"]
    assert (told["actor"], told["actor_email"]) == ("Baton", mallory.email)


def test_corrections_tell_the_address_and_the_id(
    signed_in: Client, reader: Client, mallory: User, make_run: Make[Run], make_agent: Make[Agent]
) -> None:
    run = make_run(status="completed", outcome="answered")
    corrections.correct(corrections.of_run(run), make_agent("Billing"), "Wrong one", person(mallory))
    [told] = reader.get("/api/v1/corrections").json()["items"]
    assert told["actor"] == "Baton"
    assert (told["actor_id"], told["actor_email"]) == (str(mallory.uuid), mallory.email)
    for page in (reverse("corrections"), reverse("run", args=[run.pk])):
        assert f"Baton ({mallory.email})" in signed_in.get(page).text


def test_imports_and_bulk_actions_tell_the_address(
    signed_in: Client, team: Team, queue: Queue, mallory: User, make_case: Make[Case]
) -> None:
    case = make_case("Refund")
    action = bulk.start(team, "fail", {"reason": "Spam"}, team.cases.filter(pk=case.pk), person(mallory))
    assert f"Baton ({mallory.email})" in signed_in.get(reverse("bulk_action", args=[action.pk])).text

    upload = uploads.store_upload(queue, mallory, "cases.csv", b"title\nRefund\n")
    CaseUpload.objects.filter(pk=upload.pk).update(status="done", started_at=upload.created_at)
    for page in (reverse("case_import", args=[upload.pk]), reverse("cases_upload", args=[queue.pk])):
        assert f"Baton ({mallory.email})" in signed_in.get(page).text


def test_a_stopped_run_tells_the_address_and_the_id(
    signed_in: Client, reader: Client, mallory: User, make_run: Make[Run]
) -> None:
    run = make_run(status="running", lease_until=timezone.now() + timedelta(minutes=5))
    lifecycle.stop(run, "Not needed.", person(mallory))
    told = reader.get(f"/api/v1/runs/{run.pk}").json()
    assert told["stopped_by"] == "Baton"
    assert (told["stopped_by_id"], told["stopped_by_email"]) == (str(mallory.uuid), mallory.email)
    assert f"Baton ({mallory.email})" in signed_in.get(reverse("run", args=[run.pk])).text
