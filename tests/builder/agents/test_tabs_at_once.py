"""Two tabs that save within the same milliseconds: the second one merges with what the first one has saved."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from builder.models import Agent, ToolServer
from builder.tools.servers import Credential, add_server, ask, change_server
from cases.models import Queue
from channels.forms.form_sources import FormFields, create_form
from channels.mailboxes.mailbox_sources import MailboxFields, create_mailbox
from channels.models import Source
from data.errors import Refused
from runs.models import Schedule
from runs.schedules.schedules import create_schedule
from teams.audit.actors import person
from teams.models import Member, Team, User, Webhook
from teams.webhooks.webhooks import create_webhook
from tests.builder.agents.test_stale_tabs import Tab
from tests.fixtures import Make, sign_in
from tests.tool_server import ToolServer as RealServer
from tests.tool_server import tool_server
from web.forms.stale import SharedForm

__all__ = ["tool_server"]

pytestmark = pytest.mark.django_db(transaction=True)

# Longer than a request takes; without the lock both would be there well before.
_SECONDS = 2


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one who has merged waits for the other one, who has merged too unless something holds them back."""
    barrier, merge = threading.Barrier(2), SharedForm.merge

    def merge_and_wait(form: SharedForm, *others: Any) -> None:
        merge(form, *others)
        if form.is_bound:
            with suppress(threading.BrokenBarrierError):
                barrier.wait(_SECONDS)

    monkeypatch.setattr(SharedForm, "merge", merge_and_wait)


def tab(user: User, address: str) -> Tab:
    client = Client()
    sign_in(client, user)
    return Tab(client, address)


def at_once(*saves: Callable[[], Any]) -> list[Any]:
    def save(act: Callable[[], Any]) -> Any:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(saves)) as threads:
        return list(threads.map(save, saves))


def _queue(team: Team, queue: Queue, agent: Agent, user: User) -> tuple[Any, ...]:
    found = Queue.objects.filter(pk=queue.pk).values_list("description", "hop_limit")
    return reverse("queue_edit", args=[queue.pk]), {"description": "Mine"}, {"hop_limit": "3"}, found.get, ("Mine", 3)


def _webhook(team: Team, queue: Queue, agent: Agent, user: User) -> tuple[Any, ...]:
    made, _ = create_webhook(team, "https://example.com/one", ["case.created"], "Ours")
    found = Webhook.objects.filter(pk=made.pk).values_list("description", "events")
    both = {"events": ["case.created", "run.failed"]}
    wanted = ("Mine", ["case.created", "run.failed"])
    return reverse("webhook_edit", args=[made.pk]), {"description": "Mine"}, both, found.get, wanted


def _schedule(team: Team, queue: Queue, agent: Agent, user: User) -> tuple[Any, ...]:
    made = create_schedule(agent, "0 8 * * *", "UTC", "Sum up", by=person(user))
    found = Schedule.objects.filter(pk=made.pk).values_list("input", "expression")
    address = reverse("schedule_edit", args=[made.pk])
    return address, {"input": "Mine"}, {"at": "09:30"}, found.get, ("Mine", "30 9 * * *")


def _budget(team: Team, queue: Queue, agent: Agent, user: User) -> tuple[Any, ...]:
    found = Team.objects.filter(pk=team.pk).values_list("budget", flat=True)
    return reverse("budgets"), {"usd": "3.00"}, {"minutes": "30"}, found.get, {"usd": 3, "minutes": 30}


def _agent(team: Team, queue: Queue, agent: Agent, user: User) -> tuple[Any, ...]:
    found = Agent.objects.filter(pk=agent.pk).values_list("name", "description")
    address = reverse("agent", args=[agent.pk])
    return address, {"name": "Front desk"}, {"description": "Billing"}, found.get, ("Front desk", "Billing")


def _mailbox(team: Team, queue: Queue, agent: Agent, user: User) -> tuple[Any, ...]:
    settings = {"host": "imap.example.com", "user": "support@example.com", "password": "secret"}
    made = create_mailbox(team, MailboxFields("Support", queue, settings, "secret"))
    found = Source.objects.filter(pk=made.pk).values_list("name", "settings__per_hour")
    return reverse("mailbox_edit", args=[made.pk]), {"name": "Desk"}, {"per_hour": "7"}, found.get, ("Desk", 7)


def _form(team: Team, queue: Queue, agent: Agent, user: User) -> tuple[Any, ...]:
    made = create_form(team, FormFields("Contact us", queue))
    found = Source.objects.filter(pk=made.pk).values_list("name", "settings__per_hour")
    return (
        reverse("form_edit", args=[made.pk]),
        {"name": "Write"},
        {"per_hour": "7"},
        found.get,
        ("Write", 7),
    )


@pytest.mark.parametrize("about", [_queue, _webhook, _schedule, _budget, _agent, _mailbox, _form])
def test_both_changes_are_kept(
    member: Member, team: Team, queue: Queue, make_agent: Make[Agent], meeting: None, about: Callable[..., Any]
) -> None:
    address, mine, theirs, read, wanted = about(team, queue, make_agent("Desk", queue=queue), member.user)
    one, other = tab(member.user, address), tab(member.user, address)
    pages = at_once(lambda: one.save(**mine), lambda: other.save(**theirs))
    assert [page.status_code for page in pages] == [302, 302]
    assert read() == wanted


def test_one_field_that_both_change_is_a_clash(member: Member, queue: Queue, meeting: None) -> None:
    address = reverse("queue_edit", args=[queue.pk])
    one, other = tab(member.user, address), tab(member.user, address)
    pages = at_once(lambda: one.save(description="One"), lambda: other.save(description="Other"))
    assert sorted(page.status_code for page in pages) == [302, 422]
    [refused] = [page for page in pages if page.status_code == 422]
    assert "Changed here and by someone else" in refused.text


def test_a_server_that_two_save_while_it_is_asked_is_saved_once(team: Team, tool_server: RealServer) -> None:
    """No lock is held while a server of others is asked, so the later one is told to look."""
    made = add_server(
        team, "Bank", tool_server.url, credential=Credential(), listing=ask(tool_server.url, Credential()), choices={}
    )
    barrier = threading.Barrier(2)

    def rename(name: str) -> str:
        seen = ToolServer.objects.get(pk=made.pk)
        barrier.wait(60)
        try:
            change_server(seen, name, seen.url, None)
        except Refused as refusal:
            return refusal.code
        return ""

    assert sorted(at_once(lambda: rename("One"), lambda: rename("Other"))) == ["", "conflict"]


def pages(patterns: Any) -> Iterator[Any]:
    for pattern in patterns:
        yield from pages(pattern.url_patterns) if isinstance(pattern, URLResolver) else [pattern]


def test_every_page_of_a_shared_form_saves_in_turn_or_refuses() -> None:
    found = [page for page in pages(get_resolver().url_patterns) if isinstance(page, URLPattern)]
    in_turn = {page.name for page in found if getattr(page.callback, "saved_in_turn", False)}
    assert in_turn == {
        "agent",
        "queue_edit",
        "webhook_edit",
        "schedule_edit",
        "budgets",
        "group_edit",
        "source_edit",
        "mailbox_edit",
        "form_edit",
    }
    shared = {form.__name__ for form in SharedForm.__subclasses__()}
    assert shared == {
        *("AgentForm", "EditQueueForm", "WebhookForm", "ScheduleForm", "TeamBudgetForm", "ToolServerForm", "GroupForm"),
        *("SourceForm", "MailboxForm", "FormForm"),
    }
