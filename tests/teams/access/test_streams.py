"""Streams of a real web process: how many it holds, and when each ends."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks.streams import open_page
from data.secrets import seal
from teams.access import live, live_streams
from teams.access.live_access import Holder, holder_of
from teams.audit.actors import Actor
from teams.models import Member, Team, User
from teams.people import accounts, members
from tests.fixtures import Make
from tests.web_process import wait_until_quiet

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a long enough password"


@pytest.fixture
def port(web_process: int) -> Iterator[int]:
    yield web_process
    wait_until_quiet()


@pytest.fixture
def listener(make_member: Make[Member]) -> Member:
    """A member with an open page, who is not the only administrator."""
    make_member()
    member = make_member()
    member.user.set_password(PASSWORD)
    member.user.save()
    return member


def browser_of(user: User) -> Client:
    client = Client()
    assert client.login(email=user.email, password=PASSWORD)
    return client


def session_of(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


async def hear(reader: asyncio.StreamReader, *words: bytes, within: float = 60) -> None:
    async with asyncio.timeout(within):
        for each in words:
            await reader.readuntil(each)


async def until_listening(reader: asyncio.StreamReader, team: Team) -> None:
    """Return when the web process hears what Redis tells."""
    async with asyncio.timeout(20):
        while True:
            await asyncio.to_thread(live.announce, team.pk, "case", "are you there")
            with suppress(TimeoutError):
                return await hear(reader, b"are you there", within=0.2)


def test_more_pages_are_open_than_there_are_connections_to_the_database(port: int, make_member) -> None:
    clients = [Client() for _ in range(25)]
    for client in clients:
        client.force_login(make_member().user)

    async def visit() -> None:
        first = await open_page(port, session_of(clients[0]))  # the process has begun to answer
        pages = [first] + [await asyncio.wait_for(open_page(port, session_of(client)), 20) for client in clients[1:]]
        for _, writer in pages:
            writer.close()

    asyncio.run(visit())


def test_of_the_streams_of_one_session_the_oldest_give_way(
    port: int, signed_in: Client, make_member, team: Team
) -> None:
    other = Client()
    other.force_login(make_member().user)

    async def visit() -> None:
        beside = await open_page(port, session_of(other))
        pages = [await open_page(port, session_of(signed_in)) for _ in range(40)]
        readers = [reader for reader, _ in pages]
        for reader in readers[: -live_streams.PER_SESSION]:
            await hear(reader, b"event: enough", b"\r\n0\r\n\r\n")
        await until_listening(beside[0], team)
        await asyncio.to_thread(live.announce, team.pk, "case", "told to others")
        for reader in [beside[0], *readers[-live_streams.PER_SESSION :]]:
            await hear(reader, b"told to others")
        for _, writer in [beside, *pages]:
            writer.close()

    asyncio.run(visit())


def _sign_out(member: Member, browser: Client, by: Actor) -> None:
    browser.post(reverse("account_logout"))


def _sign_out_elsewhere(member: Member, browser: Client, by: Actor) -> None:
    """From another device, all others."""
    for session in Session.objects.all():
        if session.get_decoded().get(SESSION_KEY) == str(member.user_id):
            UserSession.objects.get_or_create(user=member.user, session_key=session.pk, defaults={"ip": "127.0.0.1"})
    browser_of(member.user).post(reverse("usersessions_list"))


def _new_password(member: Member, browser: Client, by: Actor) -> None:
    another = browser_of(member.user)
    words = {"oldpassword": PASSWORD, "password1": "another long password", "password2": "another long password"}
    another.post(reverse("account_change_password"), words)
    member.user.refresh_from_db()
    assert member.user.check_password("another long password")


def _require_second_step(member: Member, browser: Client, by: Actor) -> None:
    """By another administrator, who has one as all others do."""
    others = [other.user for other in Member.objects.exclude(pk=member.pk)]
    for other in others:
        Authenticator.objects.create(user=other, type="totp", data={"secret": seal("JBSWY3DPEHPK3PXP")})
    members.require_two_step(member.team, True, others[0])


LOSSES: list[Callable[[Member, Client, Actor], object]] = [
    _sign_out,
    _sign_out_elsewhere,
    _new_password,
    lambda member, browser, by: members.remove(member, by),
    lambda member, browser, by: members.deactivate(member.user, by),
    lambda member, browser, by: members.change_role(member, Member.Role.VIEWER, by),
    lambda member, browser, by: accounts.end_sessions(member.user),
    _require_second_step,
]


@pytest.mark.parametrize(
    "lose",
    LOSSES,
    ids=["signed out", "elsewhere", "password", "removed", "deactivated", "role", "all sessions", "two-step"],
)
def test_the_streams_of_someone_who_loses_access_end_at_once(
    port: int, listener: Member, someone: Actor, lose, signed_in: Client
) -> None:
    browser = browser_of(listener.user)

    async def visit() -> None:
        [reader, writer], [beside, other] = [
            await open_page(port, session_of(client)) for client in (browser, signed_in)
        ]
        await until_listening(beside, listener.team)
        await asyncio.to_thread(lose, listener, browser, someone)
        await hear(reader, b"event: ended", b"\r\n0\r\n\r\n", within=5)
        await asyncio.to_thread(live.announce, listener.team_id, "case", "told to others")
        await hear(beside, b"told to others")
        writer.close()
        other.close()

    asyncio.run(visit())


@pytest.mark.parametrize(
    "lose",
    [
        lambda session: session.delete(),
        lambda session: session.update(expire_date=timezone.now()),
        lambda session: Team.objects.update(require_two_step=True),
    ],
    ids=["deleted", "at its limit", "without a second step"],
)
def test_without_a_signal_a_stream_ends_at_the_next_check(
    listener: Member,
    make_member: Make[Member],
    monkeypatch: pytest.MonkeyPatch,
    rf,
    lose: Callable[[QuerySet[Session]], object],
) -> None:
    """As when Redis is down, a session has reached its limit, or the database was changed by hand."""
    monkeypatch.setattr(live_streams, "CHECK_SECONDS", 0.05)
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")

    def holder(member: Member) -> Holder:
        client, request = Client(), rf.get("/")
        client.force_login(member.user)
        request.session, request.user = client.session, member.user
        return holder_of(member, request)

    kept, lost = holder(make_member(role=Member.Role.VIEWER)), holder(listener)
    lose(Session.objects.filter(pk=lost.session_key))

    async def visit() -> None:
        hub = live_streams.Hub()
        streams = [hub.join(live_streams.Stream(listener.team_id, whose)) for whose in (kept, lost)]
        assert (await asyncio.wait_for(streams[1].signals.get(), 10)).subject == "ended"
        assert streams[0].signals.empty()

    asyncio.run(visit())
