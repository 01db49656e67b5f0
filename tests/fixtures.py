"""Rows to test with: real ones, made by the product's own verbs."""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

import pytest
from allauth.account.internal.userkit import user_id_to_str
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from builder.agents.agents import create_agent
from builder.agents.connections import Consumes, connect
from builder.models import Agent
from builder.procedures import mentions
from cases.models import Case, Queue
from cases.queues.queues import create_queue, create_team
from cases.work.creation import NewCase, add_case
from runs.models import Run
from runs.record.claims import Claim
from runs.workers import dispatcher
from teams.audit.actors import BATON, Actor, person
from teams.models import Member, Team, User

_numbers = count(1)

type Make[T = Any] = Callable[..., T]


@pytest.fixture(scope="module")
def shared_rows(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Rows that fixtures of a whole module make: undone after its last test, as each test's own are after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def make_team(db: None) -> Make[Team]:
    def make(name: str = "") -> Team:
        number = next(_numbers)
        return create_team(name or f"Team {number}", f"team-{number}")

    return make


@pytest.fixture
def team(make_team: Make[Team]) -> Team:
    return make_team("Ours")


@pytest.fixture
def make_member(team: Team) -> Make[Member]:
    def make(of: Team | None = None, role: str = Member.Role.ADMINISTRATOR) -> Member:
        user = User.objects.create_user(f"person{next(_numbers)}@example.com", "a long password")
        return Member.objects.create(team=of or team, user=user, role=role, tips_dismissed_at=timezone.now())

    return make


@pytest.fixture
def member(make_member: Make[Member]) -> Member:
    return make_member()


@pytest.fixture
def someone(member: Member) -> Actor:
    return person(member.user)


@pytest.fixture
def signed_in(client: Client, member: Member) -> Client:
    """A browser of `member`."""
    sign_in(client, member.user)
    return client


def sign_in(client: Client, user: User, *, seconds_ago: float = 0) -> None:
    """As someone who has typed their password that long ago."""
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - seconds_ago}]
    session["account_authentication_methods_user"] = user_id_to_str(user)
    session.save()


@pytest.fixture
def make_queue(team: Team) -> Make[Queue]:
    def make(name: str = "", of: Team | None = None, **fields: Any) -> Queue:
        return create_queue(of or team, name or f"Queue {next(_numbers)}", **fields)

    return make


@pytest.fixture
def queue(make_queue: Make[Queue]) -> Queue:
    return make_queue("Support")


@pytest.fixture
def make_agent(team: Team) -> Make[Agent]:
    """An agent; `mentions` are agents named at the end of its procedure, `queue` is one it consumes."""

    def make(
        name: str = "",
        *,
        of: Team | None = None,
        aop: str = "",
        mentions: Sequence[Agent] = (),
        queue: Queue | None = None,
        concurrency: int = 5,
        **fields: Any,
    ) -> Agent:
        agent = create_agent(of or team, name or f"Agent {next(_numbers)}", aop=mention(aop, *mentions), **fields)
        if queue:
            connect(agent, [Consumes(queue.pk, concurrency)])
        return agent

    return make


def mention(text: str, *agents: Agent) -> str:
    """The text with a mention of each agent at its end."""
    return " ".join([text, *(mentions.token(agent.pk, agent.name) for agent in agents)]).strip()


@pytest.fixture
def make_case(queue: Queue) -> Make[Case]:
    def make(title: str = "", *, in_queue: Queue | None = None, **fields: Any) -> Case:
        return add_case(in_queue or queue, NewCase(title or f"Case {next(_numbers)}", **fields), by=BATON)

    return make


@pytest.fixture
def make_run(make_agent: Make[Agent]) -> Make[Run]:
    """A queued standalone run."""

    def make(agent: Agent | None = None, **fields: Any) -> Run:
        agent = agent or make_agent()
        fields = {"trigger": Run.Trigger.MANUAL, "revision": agent.live_revision, **fields}
        return Run.objects.create(team_id=agent.team_id, agent=agent, **fields)

    return make


def take(worker: str = "test/1", limit: int = 1) -> list[Claim]:
    """What a worker with free places does."""
    return dispatcher.dispatch_and_claim(worker, limit)


def events(case: Case) -> list[str]:
    return [str(kind) for kind in case.events.values_list("kind", flat=True)]
