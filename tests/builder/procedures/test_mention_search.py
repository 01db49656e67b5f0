"""Who is meant by what was typed behind an @, and what the editor is told of those that are mentioned."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError
from django.db import ProgrammingError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from builder.agents.agents import delete_agent, pause_agent
from builder.agents.connections import connect
from builder.models import Agent
from builder.procedures import mention_search
from cases.models import Queue
from teams.models import Team
from tests.fixtures import mention

type Make = Callable[..., Any]


def asked(client: Client, agent: Agent | None = None, **query: str) -> Any:
    address = reverse("mention_options", args=[agent.pk] if agent else [])
    response = client.get(address, query)
    assert response.status_code == 200
    found = response.json()
    # The members and groups have tests of their own.
    return found | {"agents": [row for row in found["agents"] if row["kind"] == "agent"]}


def names(client: Client, words: str, agent: Agent | None = None) -> list[str]:
    return [row["name"] for row in asked(client, agent, q=words)["agents"]]


def test_the_best_match_comes_first(signed_in: Client, make_agent: Make) -> None:
    for name in ("Rebilling", "Old Billing", "Zoo-billing", "billing clerk", "Biling Typo", "Sales"):
        make_agent(name)
    assert names(signed_in, "billing") == ["billing clerk", "Old Billing", "Zoo-billing", "Rebilling", "Biling Typo"]
    assert names(signed_in, "  BILLING   Cl ") == ["billing clerk"] + [
        name for name in names(signed_in, "billing cl") if name != "billing clerk"
    ]
    assert names(signed_in, "qqq") == []


def test_similar_spelling_finds_too_and_says_so(signed_in: Client, make_agent: Make) -> None:
    make_agent("Billing Specialist")
    make_agent("Technical Support")
    for words, name in {
        "biling": "Billing Specialist",
        "suport": "Technical Support",
        "specalist": "Billing Specialist",
    }.items():
        found = asked(signed_in, q=words)
        assert [row["name"] for row in found["agents"]] == [name]
        assert found["similar"]
    assert not asked(signed_in, q="support")["similar"]


def test_what_means_something_in_a_pattern_is_only_a_letter(signed_in: Client, make_agent: Make) -> None:
    for name in ("100% (a+b) [x] \\d ^.*$ _", "Anything"):
        make_agent(name)
    for words in ("100%", "%", "(a+b)", "[x]", "\\d", "^.*$", "_", "+b) ["):
        assert names(signed_in, words) == ["100% (a+b) [x] \\d ^.*$ _"]
    assert names(signed_in, "a\x00nything") == ["Anything"]


def test_at_most_twenty_are_listed_and_it_says_that_there_are_more(signed_in: Client, make_agent: Make) -> None:
    for number in range(mention_search.LIMIT):
        make_agent(f"Helper {number:02}")
    found = asked(signed_in, q="")
    assert len(found["agents"]) == 20
    assert not found["more"]
    make_agent("A helper more")
    found = asked(signed_in, q="")
    assert len(found["agents"]) == 20
    assert found["agents"][0]["name"] == "A helper more"
    assert found["more"]
    assert asked(signed_in, q="helper")["more"]


def test_neither_itself_nor_the_deleted_nor_other_teams_are_listed(
    signed_in: Client, make_agent: Make, make_team: Make
) -> None:
    itself, gone = make_agent("Billing"), make_agent("Billing Gone")
    delete_agent(gone)
    make_agent("Billing Abroad", of=make_team())
    make_agent("Billing Clerk")
    assert names(signed_in, "billing", itself) == ["Billing Clerk"]
    assert names(signed_in, "", itself) == ["Billing Clerk"]
    assert names(signed_in, "biling", itself) == ["Billing Clerk"]
    assert names(signed_in, "billing") == ["Billing", "Billing Clerk"]


def test_an_agent_that_works_none_of_the_queues_says_why(
    signed_in: Client, make_agent: Make, make_queue: Make, queue: Queue
) -> None:
    other = make_queue("Other")
    far = make_agent("Far", queue=other)
    make_agent("Near", queue=queue)
    triage = make_agent("Triage", queue=queue)

    def statuses(agent: Agent | None = None, **query: str) -> dict[str, str]:
        return {row["name"]: row["status"] for row in asked(signed_in, agent, **query)["agents"]}

    assert statuses(triage, q="") == {"Far": "unavailable", "Near": "ok"}
    [row] = asked(signed_in, triage, q="far")["agents"]
    assert row["explanation"] == "Far works none of Triage’s queues."
    assert row["queues"] == ["Other"]
    assert statuses(triage, q="", queues="") == {"Far": "ok", "Near": "ok"}, "the form's queues count, not the saved"
    assert statuses(triage, q="", queues=f"{other.pk},{queue.pk},nonsense") == {"Far": "ok", "Near": "ok"}
    assert statuses(q="far", queues=str(queue.pk)) == {"Far": "unavailable"}
    assert asked(signed_in, q="far", queues=str(queue.pk))["agents"][0]["explanation"] == (
        "Far works none of this agent’s queues."
    )
    assert statuses(triage, ids=str(far.pk)) == {"Far": "unavailable"}


def test_ids_tell_what_is_known_of_mentioned_agents(
    signed_in: Client, make_agent: Make, make_team: Make, queue: Queue
) -> None:
    triage = make_agent("Triage")
    gone = make_agent("Gone", description="Was here.")
    busy = make_agent("Busy", queue=queue, may_ask=False, aop="NEEDS\n- order number\n- amount: number")
    connect(busy, produces=[queue.pk])
    pause_agent(busy)
    delete_agent(gone)
    stranger = make_agent("Stranger", of=make_team())
    wanted = ",".join(str(pk) for pk in (triage.pk, gone.pk, busy.pk, stranger.pk, uuid4(), "nonsense"))
    rows = {row["name"]: row for row in asked(signed_in, triage, ids=wanted)["agents"]}
    assert {name: row["status"] for name, row in rows.items()} == {"Triage": "self", "Gone": "deleted", "Busy": "ok"}
    assert rows["Busy"] | {"id": "", "url": ""} == {
        "id": "",
        "kind": "agent",
        "name": "Busy",
        "description": "",
        "status": "ok",
        "explanation": "Paused: cases wait for it.",
        "needs": ["order number", "amount"],
        "queues": ["Support"],
        "produces": ["Support"],
        "paused": True,
        "asks": False,
        "url": "",
    }


def test_the_page_knows_its_mentions_from_the_start(signed_in: Client, make_agent: Make, queue: Queue) -> None:
    billing = make_agent("Billing <b>", queue=queue)
    triage = make_agent("Triage", mentions=[billing])
    response = signed_in.get(reverse("agent", args=[triage.pk]))
    [known] = json.loads(response.context["mentioned"])
    assert (known["name"], known["status"]) == ("Billing <b>", "ok")
    assert "Billing <b>" not in response.content.decode()


def test_the_number_of_queries_does_not_grow(signed_in: Client, make_agent: Make, make_queue: Make) -> None:
    def queries(**query: Any) -> int:
        with CaptureQueriesContext(connection) as captured:
            asked(signed_in, **query)
        return len(captured)

    make_agent("Helper", queue=make_queue())
    before = queries(q="helper"), queries(q="")
    for _ in range(8):
        make_agent(f"Helper {uuid4()}", queue=make_queue())
    assert (queries(q="helper"), queries(q="")) == before


def test_an_agent_is_created_by_its_name(signed_in: Client, team: Team, queue: Queue, make_agent: Make) -> None:
    response = signed_in.post(reverse("mention_create"), {"name": "  Refund   checker ", "queues": ""})
    assert response.status_code == 201
    made = team.agents.get(name="Refund checker")
    assert response.json()["agent"]["id"] == str(made.pk)
    assert response.json()["agent"]["status"] == "ok"
    response = signed_in.post(reverse("mention_create"), {"name": "Second", "queues": str(queue.pk)})
    assert response.json()["agent"]["status"] == "unavailable"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("  ", "Required."),
        ("refund CHECKER", "already exists"),
        ("x" * 81, "at most 80 characters"),
        ("a\x07b", "a character that nobody sees"),
        ("a\x00b", "a character that nobody sees"),
    ],
)
def test_a_name_that_cannot_be_is_refused(
    signed_in: Client, team: Team, make_agent: Make, name: str, words: str
) -> None:
    make_agent("Refund checker")
    response = signed_in.post(reverse("mention_create"), {"name": name})
    assert response.status_code == 422
    assert words in response.json()["error"]
    assert team.agents.count() == 1


# --- Bad input in the form -------------------------------------------------------------------


@pytest.fixture
def triage(make_agent: Make) -> Agent:
    agent: Agent = make_agent("Triage", aop="Before.")
    return agent


def _posted(client: Client, agent: Agent | None, **fields: str) -> tuple[int, dict[str, list[str]], str]:
    address = reverse("agent", args=[agent.pk]) if agent else reverse("agent_new")
    form = {"name": "Triage", "description": "", "aop": "", "model_kind": "offline", "model": ""} | fields
    response = client.post(address, form)
    if response.status_code == 302:
        return 302, {}, ""
    bound = response.context["form"]
    return response.status_code, dict(bound.errors), bound["aop"].value()


def test_bad_texts_are_errors_at_the_field_and_stay_there(
    signed_in: Client, triage: Agent, make_agent: Make, make_team: Make
) -> None:
    stranger = make_agent("Stranger", of=make_team())
    nobody = f"@[Nobody](agent:{uuid4()})"
    for text, words in {
        f"Ask {mention('', stranger)}.": "“@Stranger” is not an agent of this team.",
        f"Ask {nobody}.": "“@Nobody” is not an agent of this team.",
        "x" * 1_000_000: "at most 200,000 characters",
        "a\x00b": "haracters",
        "a\x07b": "cannot be shown",
    }.items():
        for agent in (triage, None):
            status, errors, kept = _posted(signed_in, agent, aop=text, name="Triage" if agent else "Other")
            assert status == 422
            assert list(errors) == ["aop"]
            assert words in errors["aop"][0]
            assert kept == text
    triage.refresh_from_db()
    assert triage.live_revision.aop == "Before."
    assert not Agent.objects.filter(name="Other").exists()


def test_bad_names_are_errors_at_the_field_and_the_text_stays(
    signed_in: Client, triage: Agent, make_agent: Make
) -> None:
    make_agent("Taken")
    for name in ("taken", "   ", "x" * 81, "a\x07b", "a\x00b"):
        for agent in (triage, None):
            status, errors, kept = _posted(signed_in, agent, name=name, aop="My words.")
            assert (status, list(errors), kept) == (422, ["name"], "My words.")


def test_a_forged_mention_of_a_disabled_agent_saves_and_is_no_target(
    signed_in: Client, triage: Agent, make_agent: Make, make_queue: Make, queue: Queue
) -> None:
    """The list offers it disabled; typing the token by hand gives an amber badge, and hands nothing over."""
    far = make_agent("Far", queue=make_queue())
    text = f"Ask {mention('', far)}."
    status, _, _ = _posted(
        signed_in, triage, aop=text, **{f"consumes-{queue.pk}": "on", f"concurrency-{queue.pk}": "1"}
    )
    assert status == 302
    response = signed_in.get(reverse("agent", args=[triage.pk]))
    [known] = json.loads(response.context["mentioned"])
    assert (known["name"], known["status"]) == ("Far", "unavailable")


def test_a_text_with_windows_line_ends_is_stored_with_ours(signed_in: Client, triage: Agent) -> None:
    assert _posted(signed_in, triage, aop="One\r\nTwo\rThree\n")[0] == 302
    triage.refresh_from_db()
    assert triage.live_revision.aop == "One\nTwo\nThree\n"


# --- A database of one's own -----------------------------------------------------------------


def test_a_database_that_lacks_the_right_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import import_module

    migration = import_module("builder.migrations.0003_constraints")

    def refuse(*_: object) -> None:
        raise ProgrammingError("permission denied")

    monkeypatch.setattr(migration.TrigramExtension, "database_forwards", refuse)
    with pytest.raises(CommandError, match="CREATE EXTENSION pg_trgm"):
        migration.OwnTrigramExtension().database_forwards("builder", None, None, None)
