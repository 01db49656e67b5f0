"""What changes between the drawing of a page and its connection reaches it all the same."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import django_rq
import pytest

from teams.access import live, live_streams
from teams.access.live_streams import Hub, Stream
from teams.models import new_id

EVERYTHING = ("refresh", "all")
TEAM = new_id()


@pytest.fixture(autouse=True)
def quick_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_streams, "_RENDERING_SECONDS", 0)


def test_a_page_is_told_what_changed_after_it_was_drawn() -> None:
    async def visit(hub: Hub) -> None:
        await say(hub, ("case", "before"))
        drawn_at = time.time()
        await say(hub, ("case", "after"), ("case", "after"), ("run", "after"))
        assert told(hub.join(Stream(TEAM), drawn_at)) == [("case", "after"), ("run", "after")]
        assert told(hub.join(Stream(new_id()), drawn_at)) == []

    while_listening(visit)


def test_a_page_older_than_what_is_remembered_fetches_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_streams, "_REMEMBERED_SIGNALS", 2)

    async def visit(hub: Hub) -> None:
        assert told(hub.join(Stream(TEAM), time.time() - 3600)) == [EVERYTHING]
        drawn_at = time.time()
        await say(hub, ("case", "1"), ("case", "2"))
        assert told(hub.join(Stream(TEAM), drawn_at)) == [("case", "1"), ("case", "2")]
        await say(hub, ("case", "3"))
        assert told(hub.join(Stream(TEAM), drawn_at)) == [EVERYTHING]

    while_listening(visit)


def test_a_signal_that_cannot_be_sent_holds_up_no_other() -> None:
    async def visit(hub: Hub) -> None:
        stream, post = hub.join(Stream(TEAM)), live.Post()
        post.add(f"baton:live:{TEAM}", "case \ud800")
        while post._gathered:
            await asyncio.sleep(0.01)
        post.add(f"baton:live:{TEAM}", "case after")
        assert await heard(stream) == ("case", "after")

    while_listening(visit)


def while_listening(visit: Callable[[Hub], Awaitable[None]]) -> None:
    async def listen() -> None:
        hub = Hub()
        stream = hub.join(Stream(TEAM))
        assert await heard(stream) == EVERYTHING
        await visit(hub)

    asyncio.run(listen())


async def say(hub: Hub, *signals: tuple[str, str]) -> None:
    stream = hub.join(Stream(TEAM))
    for signal in signals:
        django_rq.get_connection("default").publish(f"baton:live:{TEAM}", " ".join(signal))
    for _ in signals:
        await heard(stream)


async def heard(stream: Stream) -> tuple[str, str]:
    return (await asyncio.wait_for(stream.signals.get(), 5))[:2]


def told(stream: Stream) -> list[tuple[str, str]]:
    return [stream.signals.get_nowait()[:2] for _ in range(stream.signals.qsize())]
