"""The audit log."""

import csv
import io
from datetime import timedelta
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse
from django.utils import timezone

from builder.agents import agents
from cases.models import CaseUpload
from runs.people import moves
from teams.audit import audit, views
from teams.audit.actors import person
from teams.keys import credentials
from teams.keys.api_keys import create_key
from teams.models import AuditEntry, User

pytestmark = pytest.mark.django_db


# What fixtures do is recorded too.
_SETTING_UP = ("team_made", "queue_made", "signed_in")


def _told(*of: str) -> list[tuple[str, str, str]]:
    entries = AuditEntry.objects.order_by("at", "id")
    entries = entries.filter(act__in=of) if of else entries.exclude(act__in=_SETTING_UP)
    return list(entries.values_list("actor", "act", "subject"))


def test_it_is_append_only_in_the_database(team) -> None:
    audit.record(team.pk, "settings_changed", "Budgets")
    for change in (AuditEntry.objects.all().delete, lambda: AuditEntry.objects.update(actor="Nobody")):
        with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
            change()


def test_it_says_who_signed_in_and_out_and_who_failed_to(team, member, client) -> None:
    address, typed = member.user.email, {"login": member.user.email, "password": "wrong-canary"}
    client.post("/sign-in/", typed)
    client.post("/sign-in/", typed | {"login": "nobody@example.com"})
    client.post("/sign-in/", typed | {"password": "a long password"})
    client.post("/sign-out/")
    acts = ("signed_in", "signed_out", "sign_in_failed")
    assert _told(*acts) == [
        ("Someone", "sign_in_failed", address),
        ("Someone", "sign_in_failed", "nobody@example.com"),
        (address, "signed_in", address),
        (address, "signed_out", address),
    ]
    assert AuditEntry.objects.get(subject="nobody@example.com").team is None  # in no team: that of the installation
    assert "canary" not in str(list(AuditEntry.objects.values()))


def test_pages_tell_who_changed_an_agent(signed_in, member, make_agent) -> None:
    agent = make_agent("Desk")
    signed_in.post(f"/agents/{agent.pk}/pause/")
    signed_in.post(f"/agents/{agent.pk}/delete/")
    assert _told() == [
        ("", "agent_made", "Desk"),
        (member.user.email, "agent_paused", "Desk"),
        (member.user.email, "agent_deleted", "Desk"),
    ]


def test_programs_are_named_by_their_key(team, make_agent) -> None:
    agent = make_agent("Desk")
    secret = create_key(team, "deploy")[1]
    client = Client(headers={"authorization": f"Bearer {secret}"})
    client.patch(f"/api/v1/agents/{agent.pk}", {"aop": "Answer."}, "application/json")
    entry = AuditEntry.objects.get(act="agent_published")
    assert (entry.actor, entry.source) == ("API key deploy", "key")
    assert entry.lines == ["Revision: 1 → 2", "Procedure: – → Answer."]
    audit.record(team.pk, "settings_changed", "Later")
    assert AuditEntry.objects.get(subject="Later").actor == ""


def test_moves_of_cases_by_hand_are_told(someone, make_case) -> None:
    case = make_case("Late parcel")
    moves.complete(case, "Done", someone)
    assert AuditEntry.objects.get(act="case_moved").actor == someone.label


def test_what_did_not_happen_is_not_told(team) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        credentials.add(team, "openai", name="Ours", key="sk-12345678")
        raise ZeroDivisionError
    assert _told() == []


def test_no_secret_gets_into_it(team) -> None:
    row = credentials.add(team, "openai", name="Ours", key="sk-canary-12345678")
    credentials.change(row, name="Ours", key="sk-canary-87654321")
    assert "canary" not in str(list(AuditEntry.objects.values()))


def test_it_is_searched_and_filtered(signed_in, team, make_agent) -> None:
    audit.record(team.pk, "settings_changed", "Budgets")
    desk = make_agent("Desk")
    ada = User.objects.create_user("ada@example.com")
    audit.record(team.pk, "agent_paused", desk, by=person(ada))
    for query in ("q=ada", "area=agents&q=desk", f"who=person:{ada.pk}", f"object=builder.agent:{desk.pk}&q=ada"):
        page = signed_in.get(f"/settings/audit/?{query}").text.partition("<tbody>")[2]
        assert "Desk" in page, query
        assert "Budgets" not in page, query
    page = signed_in.get("/settings/audit/?area=settings").text.partition("<tbody>")[2]
    assert "Budgets" in page
    assert "Desk" not in page
    today, tomorrow = timezone.localdate(), timezone.localdate() + timedelta(days=1)
    assert "Budgets" in signed_in.get(f"/settings/audit/?since={today}&until={today}").text
    assert "No results" in signed_in.get(f"/settings/audit/?since={tomorrow}").text


@pytest.mark.parametrize(
    "query",
    [
        "who=person:x",
        "who=person:99999999999999",
        "object=x",
        "object=builder.agent:1",
        "since=x&until=0001-01-01",
        "area=x",
        "q=%00",
        "who=%00",
        "cursor=x",
    ],
)
def test_an_address_without_sense_shows_a_page(signed_in, query) -> None:
    assert signed_in.get(f"/settings/audit/?{query}").status_code == 200


def test_entries_lead_to_what_is_still_there(signed_in, team, make_agent) -> None:
    desk, gone = make_agent("Desk"), make_agent("Gone")
    agents.delete_agent(gone)
    page = signed_in.get("/settings/audit/").text
    assert f'href="/agents/{desk.pk}/"' in page
    assert f'href="/agents/{gone.pk}/"' not in page


def test_it_is_read_by_the_api_with_the_scope_for_it(team, make_team, make_agent) -> None:
    desk = make_agent("Desk")
    audit.record(make_team().pk, "settings_changed", "Theirs")
    client = Client(headers={"authorization": f"Bearer {create_key(team, 'auditor', ['admin'])[1]}"})
    found = client.get("/api/v1/audit?area=agents").json()["items"]
    assert [(entry["act"], entry["object"]["id"]) for entry in found] == [("agent_made", str(desk.pk))]
    assert "Theirs" not in client.get("/api/v1/audit").text
    assert client.get("/api/v1/audit?act=x").status_code == 422
    reader = Client(headers={"authorization": f"Bearer {create_key(team, 'reader', ['read'])[1]}"})
    assert reader.get("/api/v1/audit").status_code == 403


def test_a_change_says_the_old_and_the_new() -> None:
    assert audit.changes([("Name", "Desk", "Office"), ("Same", 1, 1), ("Hours", None, 5), ("On", False, True)]) == (
        "Name: Desk → Office\nHours: – → 5\nOn: no → yes"
    )
    assert audit.changes([("Procedure", "x" * 300, "y" * 300)]) == "Procedure: changed"


def test_the_page_asks_no_more_for_more_rows(signed_in, team) -> None:
    counts = []
    for _ in range(2):
        for number in range(3):
            audit.record(team.pk, "settings_changed", f"Row {number}")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            signed_in.get("/settings/audit/")
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@sum", "\t=1", "  =1", "\r=1", '=HYPERLINK("http://x")'])
def test_the_export_holds_no_formula(signed_in, team, name) -> None:
    audit.record(team.pk, "agent_made", name, "x, y")
    response = signed_in.get("/settings/audit/export/")
    assert response["Content-Disposition"].startswith("attachment")
    heads, *rows = csv.reader(io.StringIO(b"".join(response).decode(), newline=""))
    assert heads == ["Time", "Who", "As", "What", "Object", "Id", "Change", "Email or key", "Who (id)"]
    [row] = [row for row in rows if row[3] == "Created an agent"]
    # A sign that may end a cell has an apostrophe before it and one after it.
    assert row[4] == f"'{name}".replace("\t=", "\t'=").replace("\r=", "\r'=")
    assert row[6] == "x, y"


@pytest.mark.parametrize("kind", [*views._PAGES, *views._LISTS])
def test_every_kind_of_object_has_a_page_that_exists(kind) -> None:
    model = apps.get_model(kind)
    if kind in views._LISTS:
        assert resolve(reverse(views._LISTS[kind]))
    else:
        example = model._meta.pk.to_python(uuid4()) if model._meta.pk.get_internal_type() == "UUIDField" else 1
        assert resolve(reverse(views._PAGES[kind], args=[example]))


def test_an_import_of_cases_leads_to_its_page(signed_in, team, queue, member) -> None:
    upload = CaseUpload.objects.create(team=team, queue=queue, user=member.user, name="claims.csv")
    audit.record(team.pk, "cases_imported", upload.name, of=upload)
    page = signed_in.get(reverse("audit_log"))
    assert page.status_code == 200
    assert reverse("case_import", args=[upload.pk]) in page.text
