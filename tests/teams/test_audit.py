"""The audit log."""

import csv
import io

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs import interventions
from teams import audit, credentials
from teams.actors import person
from teams.keys import create_key
from teams.models import AuditEntry, User

pytestmark = pytest.mark.django_db


def _told() -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.order_by("at", "id").values_list("actor", "act", "subject"))


def test_it_is_append_only_in_the_database(team) -> None:
    audit.record(team.pk, "settings_changed", "Budgets")
    for change in (AuditEntry.objects.all().delete, lambda: AuditEntry.objects.update(actor="Nobody")):
        with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
            change()


def test_it_says_who_signed_in(team, member, client) -> None:
    client.post("/sign-in/", {"login": member.user.email, "password": "wrong"})
    assert _told() == []
    client.post("/sign-in/", {"login": member.user.email, "password": "a long password"})
    assert _told() == [(member.user.email, "signed_in", member.user.email)]


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
    assert (entry.actor, entry.change) == ("API key deploy", "Revision 2.")
    audit.record(team.pk, "settings_changed", "Later")
    assert AuditEntry.objects.get(subject="Later").actor == ""


def test_moves_of_cases_by_hand_are_told(somebody, make_case) -> None:
    case = make_case("Late parcel")
    interventions.complete(case, "Done", somebody)
    assert AuditEntry.objects.get(act="case_moved").actor == somebody.label


def test_what_did_not_happen_is_not_told(team) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        credentials.add(team, "openai", name="Ours", key="sk-12345678")
        raise ZeroDivisionError
    assert _told() == []


def test_no_secret_gets_into_it(team) -> None:
    row = credentials.add(team, "openai", name="Ours", key="sk-canary-12345678")
    credentials.change(row, name="Ours", key="sk-canary-87654321")
    assert "canary" not in str(list(AuditEntry.objects.values()))


def test_it_is_searched_and_filtered(signed_in, team) -> None:
    audit.record(team.pk, "settings_changed", "Budgets")
    audit.record(team.pk, "agent_paused", "Desk", by=person(User.objects.create_user("ada@example.com")))
    page = signed_in.get("/settings/audit/?q=ada").text
    assert "Desk" in page
    assert "Budgets" not in page.partition("<tbody>")[2]
    page = signed_in.get("/settings/audit/?act=settings_changed").text.partition("<tbody>")[2]
    assert "Budgets" in page
    assert "Desk" not in page


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
    heads, row = csv.reader(io.StringIO(b"".join(response).decode(), newline=""))
    assert heads == ["Time", "Who", "What", "Object", "Change"]
    assert row[3] == f"'{name}"
    assert row[4] == "x, y"
