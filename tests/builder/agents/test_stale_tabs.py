"""Two tabs with one form: the later save writes what its own tab changed, and no old value over a new one."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from builder.agents import agents
from builder.agents.connections import Consumes, connect
from builder.history import drafts
from builder.models import Agent, QueueConnection, ToolServer
from builder.tools.forms import ToolServerForm
from cases.models import Queue
from runs.models import Schedule
from runs.schedules.schedules import create_schedule
from teams.audit.actors import person
from teams.models import Member, Team, Webhook
from teams.webhooks.webhooks import create_webhook
from tests.fixtures import Make

pytestmark = pytest.mark.django_db


@dataclass
class Tab(HTMLParser):
    """A page as a browser holds it: the fields of its form that is saved, as they were when it was opened."""

    client: Client
    address: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    open_form: bool = False
    select: str = ""
    area: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        page = self.client.get(self.address)
        assert page.status_code == 200
        self.read(page.text)

    def read(self, html: str) -> None:
        self.fields = {}
        form = next(form for form in re.findall(r"<form.*?</form>", html, re.DOTALL) if 'name="loaded"' in form)
        self.feed(form)

    def handle_starttag(self, tag: str, found: list[tuple[str, str | None]]) -> None:
        about = {name: value or "" for name, value in found}
        if tag == "input" and about.get("name") and about.get("type") != "submit":
            if about.get("type") not in ("checkbox", "radio") or "checked" in about:
                ticked = "on" if about.get("type") in ("checkbox", "radio") else ""
                self.fields.setdefault(about["name"], []).append(about.get("value", ticked))
        elif tag == "select":
            self.select = about["name"]
        elif tag == "option" and "selected" in about:
            self.fields.setdefault(self.select, []).append(about["value"])
        elif tag == "textarea" and about.get("name"):
            self.area = about["name"]
            self.fields[self.area] = [""]

    def handle_data(self, data: str) -> None:
        if self.area:
            self.fields[self.area] = [self.fields[self.area][0] + data.removeprefix("\n")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = ""

    def save(self, **changes: Any) -> Any:
        """With `None` a box is not ticked any more."""
        for name, value in changes.items():
            key = name.replace("__", "-")
            self.fields[key] = [] if value is None else value if isinstance(value, list) else [value]
        page = self.client.post(self.address, {name: value for name, value in self.fields.items() if value})
        if page.status_code == 422:
            self.read(page.text)
        return page


@pytest.fixture
def desk(make_agent: Make[Agent], queue: Queue) -> Agent:
    agent = make_agent(
        "Desk", description="Answers", aop="Answer.", model="openai-chat:one", fallback="openai-chat:two"
    )
    connect(agent, [Consumes(queue.pk, 3)])
    return agent


@pytest.fixture
def open_tab(signed_in: Client, desk: Agent) -> Callable[[], Tab]:
    return lambda: Tab(signed_in, reverse("agent", args=[desk.pk]))


def now(agent: Agent) -> dict[str, Any]:
    agent.refresh_from_db()
    works = QueueConnection.objects.filter(agent=agent)
    return {
        "name": agent.name,
        "description": agent.description,
        "may_ask": agent.may_ask,
        "replies_freely": agent.replies_freely,
        "budget": agent.budget,
        "aop": agent.live_revision.aop,
        "model": agent.live_revision.model,
        "fallback": agent.live_revision.fallback,
        "queues": {(row.queue.name, row.role, row.concurrency) for row in works.select_related("queue")},
    }


@pytest.fixture
def other_queue(make_queue: Make[Queue]) -> Queue:
    return make_queue("Sales")


def _changes(queue: Queue, other: Queue) -> dict[str, tuple[dict[str, Any], str, Any]]:
    """By name: what a tab does, and what it makes of the agent."""
    return {
        "name": ({"name": "Front desk"}, "name", "Front desk"),
        "description": ({"description": "Billing"}, "description", "Billing"),
        "may_ask": ({"may_ask": None}, "may_ask", False),
        "replies_freely": ({"replies_freely": "on"}, "replies_freely", True),
        "budget": ({"budget__usd": "2.50"}, "budget", {"usd": 2.5}),
        "procedure": ({"aop": "Ask first."}, "aop", "Ask first."),
        "model": ({"model": "openai-chat:three"}, "model", "openai-chat:three"),
        "fallback": ({"fallback": "openai-chat:four"}, "fallback", "openai-chat:four"),
        "queues": (
            {f"consumes__{other.pk}": "on", f"consumes__{queue.pk}": None},
            "queues",
            {("Sales", QueueConnection.Role.CONSUMER, 5)},
        ),
        "places": ({f"concurrency__{queue.pk}": "7"}, "queues", {("Support", QueueConnection.Role.CONSUMER, 7)}),
    }


_NAMES = ["name", "description", "may_ask", "replies_freely", "budget", "procedure"]
_NAMES += ["model", "fallback", "queues", "places"]


_PAIRS = [
    (mine, theirs)
    for mine in ("description", "procedure", "queues")
    for theirs in _NAMES
    if mine != theirs and {mine, theirs} != {"queues", "places"}
]


@pytest.mark.parametrize(("mine", "theirs"), _PAIRS)
def test_a_stale_tab_writes_what_it_changed_and_nothing_else(
    open_tab: Callable[[], Tab], desk: Agent, queue: Queue, other_queue: Queue, mine: str, theirs: str
) -> None:
    changes = _changes(queue, other_queue)
    stale, fresh = open_tab(), open_tab()
    wanted = now(desk) | {changes[name][1]: changes[name][2] for name in (mine, theirs)}
    assert fresh.save(**changes[theirs][0]).status_code == 302
    assert stale.save(**changes[mine][0]).status_code == 302
    assert now(desk) == wanted


def test_a_stale_tab_that_changed_nothing_changes_nothing(
    open_tab: Callable[[], Tab], desk: Agent, queue: Queue, other_queue: Queue
) -> None:
    stale, fresh = open_tab(), open_tab()
    for change, _, _ in _changes(queue, other_queue).values():
        assert fresh.save(**change).status_code == 302
        fresh = open_tab()
    saved, number = now(desk), desk.live_revision.number
    assert stale.save().status_code == 302
    assert now(desk) == saved
    assert desk.live_revision.number == number


@pytest.mark.parametrize(
    ("name", "mine", "theirs"),
    [
        ("name", "Mine", "Theirs"),
        ("description", "My line", "Their line"),
        ("model", "openai-chat:mine", "openai-chat:theirs"),
        ("fallback", "openai-chat:mine", "openai-chat:theirs"),
        ("budget__usd", "1.00", "2.00"),
    ],
)
def test_what_both_changed_is_shown_with_both_and_nothing_typed_is_lost(
    open_tab: Callable[[], Tab], desk: Agent, name: str, mine: str, theirs: str
) -> None:
    stale, fresh = open_tab(), open_tab()
    fresh.save(**{name: theirs})
    saved = now(desk)
    page = stale.save(**{name: mine}, note="Why not")
    assert page.status_code == 422
    clash = page.text.partition("Changed here and by someone else")[2].partition("</section>")[0]
    assert mine in clash and theirs in clash
    assert now(desk) == saved
    assert stale.fields[name.replace("__", "-")] == [mine] and stale.fields["note"] == ["Why not"]
    assert stale.save().status_code == 302, "saved again: mine"
    assert mine.rstrip("0.") in str(now(desk))


def test_theirs_is_chosen_with_a_tick(open_tab: Callable[[], Tab], desk: Agent) -> None:
    for name, theirs in (("description", "Their line"), ("model", "openai-chat:theirs")):
        stale, fresh = open_tab(), open_tab()
        fresh.save(**{name: theirs})
        assert stale.save(**{name: "openai-chat:mine", "name": "Front desk"}).status_code == 422
        assert stale.save(theirs=name).status_code == 302
        assert now(desk)[name] == theirs and desk.name == "Front desk"


def test_two_versions_of_the_procedure_are_still_shown_side_by_side(open_tab: Callable[[], Tab], desk: Agent) -> None:
    stale, fresh = open_tab(), open_tab()
    fresh.save(aop="Ask first.", description="Asks")
    page = stale.save(aop="Never ask.", fallback="openai-chat:four")
    assert page.status_code == 422
    assert "Two versions of this procedure" in page.text and "Ask first." in page.text
    assert stale.save().status_code == 302
    assert (now(desk)["aop"], desk.description, now(desk)["fallback"]) == ("Never ask.", "Asks", "openai-chat:four")


def test_a_queue_that_came_later_stays_connected(open_tab: Callable[[], Tab], desk: Agent, make_queue) -> None:
    stale = open_tab()
    late = make_queue("Late")
    connect(
        desk, [*(Consumes(row.queue_id, row.concurrency) for row in desk.queue_connections.all()), Consumes(late.pk)]
    )
    assert stale.save(description="Billing").status_code == 302
    assert {row[0] for row in now(desk)["queues"]} == {"Support", "Late"}


def test_a_draft_of_a_colleague_is_neither_published_nor_lost(
    open_tab: Callable[[], Tab], desk: Agent, make_member: Make[Member]
) -> None:
    stale = open_tab()
    drafts.save_draft(desk, "A draft.", "openai-chat:one", "openai-chat:two", known=None, author=make_member().user)
    assert stale.save(description="Billing").status_code == 302
    assert now(desk)["aop"] == "Answer." and now(desk)["description"] == "Billing"
    draft = drafts.draft_of(desk)
    assert draft and draft.aop == "A draft."


def test_the_name_of_a_mentioned_agent_is_no_change_of_the_text(signed_in: Client, make_agent: Make[Agent]) -> None:
    billing = make_agent("Billing")
    triage = make_agent("Triage", aop="Money:", mentions=[billing])
    stale = Tab(signed_in, reverse("agent", args=[triage.pk]))
    agents.save_agent(billing, name="Accounts")
    assert stale.save(description="First").status_code == 302
    assert triage.revisions.count() == 1


# --- The other forms --------------------------------------------------------------------------


def test_other_forms_write_what_their_tab_changed(
    signed_in: Client, team: Team, queue: Queue, desk: Agent, member: Member
) -> None:
    webhook, _ = create_webhook(team, "https://example.com/one", ["case.created"], "Ours")
    schedule = create_schedule(desk, "0 8 * * *", "UTC", "Sum up", by=person(member.user))
    forms: list[tuple[str, dict[str, Any], dict[str, Any], Callable[[], Any], Any]] = [
        (
            reverse("queue_edit", args=[queue.pk]),
            {"description": "Mine"},
            {"hop_limit": "3"},
            lambda: Queue.objects.filter(pk=queue.pk).values_list("description", "hop_limit").get(),
            ("Mine", 3),
        ),
        (
            reverse("webhook_edit", args=[webhook.pk]),
            {"description": "Mine"},
            {"events": ["case.created", "run.failed"]},
            lambda: (row := Webhook.objects.get(pk=webhook.pk)) and (row.description, set(row.events)),
            ("Mine", {"case.created", "run.failed"}),
        ),
        (
            reverse("schedule_edit", args=[schedule.pk]),
            {"input": "Mine"},
            {"at": "09:30"},
            lambda: Schedule.objects.filter(pk=schedule.pk).values_list("input", "expression").get(),
            ("Mine", "30 9 * * *"),
        ),
        (
            reverse("budgets"),
            {"usd": "3.00"},
            {"minutes": "30"},
            lambda: Team.objects.get(pk=team.pk).budget,
            {"usd": 3, "minutes": 30},
        ),
    ]
    for address, mine, theirs, read, wanted in forms:
        stale, fresh = Tab(signed_in, address), Tab(signed_in, address)
        assert fresh.save(**theirs).status_code == 302, address
        assert stale.save(**mine).status_code == 302, address
        assert read() == wanted, address
        stale, fresh = Tab(signed_in, address), Tab(signed_in, address)
        [name] = mine
        both = {"usd": ("4", "5")}.get(name, ("These", "Those"))
        fresh.save(**{name: both[0]})
        page = stale.save(**{name: both[1]})
        assert page.status_code == 422 and "Changed here and by someone else" in page.text, address
        assert stale.save().status_code == 302
        assert both[1] in str(read()), address


def test_events_that_two_tabs_tick_are_all_kept(signed_in: Client, team: Team) -> None:
    webhook, _ = create_webhook(team, "https://example.com/one", ["case.created", "run.failed"], "Ours")
    address = reverse("webhook_edit", args=[webhook.pk])
    stale, fresh = Tab(signed_in, address), Tab(signed_in, address)
    fresh.save(events=["case.created", "run.failed", "run.completed"])
    stale.save(events=["case.created", "case.completed"])
    webhook.refresh_from_db()
    assert set(webhook.events) == {"case.created", "run.completed", "case.completed"}


def test_the_address_of_an_mcp_server_is_not_put_back_by_a_stale_tab(signed_in: Client, team: Team) -> None:
    server = ToolServer.objects.create(team=team, name="Tools", url="https://example.com/a", listed_at=timezone.now())
    stale = Tab(signed_in, reverse("tool_server_edit", args=[server.pk]))
    ToolServer.objects.update(url="https://example.com/b")
    form = stale.fields | {"name": ["Renamed"]}
    data = QueryDict(mutable=True)
    for name, value in form.items():
        data.setlist(name, value)
    server.refresh_from_db()
    merged = ToolServerForm(data, server=server)
    assert merged.is_valid()
    assert (merged.cleaned_data["name"], merged.cleaned_data["url"]) == ("Renamed", "https://example.com/b")
