"""What the four kinds of APIs have in common. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

import httpx2

from .reading import Json, Unreadable, count

# What a request asks for that a server may not know, and is then asked without: see `transport`.
STREAM, USAGE, FORCED = "stream", "stream_options", "tool_choice"


class Pieces(Protocol):
    """An answer that arrives event by event."""

    @property
    def is_whole(self) -> bool: ...

    def end(self) -> None:
        """Note that the server has said that nothing follows."""
        ...

    def add(self, event: Json, name: str) -> bool:
        """Add an event. Return True if nothing follows."""
        ...

    def joined(self) -> Json:
        """Return the answer as it would have come in one piece."""
        ...


@dataclass(frozen=True)
class Dialect:
    """How a provider's protocol is spoken. `ask` turns a request into one for a stream, without what the server does
    not know. `settle` makes of whatever came an answer that the provider's library reads, or raises Unreadable.
    `replay` gives it as a stream again. `needs_another_address`: for a stream.
    """

    is_asked: Callable[[str], bool]
    ask: Callable[[httpx2.URL, Json, frozenset[str]], tuple[httpx2.URL, Json]]
    is_forced: Callable[[Json], bool]
    pieces: Callable[[], Pieces]
    settle: Callable[[Json, str], Json]
    replay: Callable[[Json], list[tuple[str, Json]]] | None = None
    needs_another_address: bool = False


_OF_TOOLS = re.compile(r"^(functions|default_api)[.:]")


def made_id() -> str:
    return f"call_{uuid4().hex[:24]}"


def usage(found: Json, names: dict[str, str], required: tuple[str, ...]) -> Json | None:
    """Return the counts of tokens under their canonical names; None (unknown) if none that is required is known."""
    counts = {name: number for name, source in names.items() if (number := count(found.get(source))) is not None}
    if not any(name in counts for name in required):
        return None
    return {**dict.fromkeys(required, 0), **counts}


def named(name: str) -> str:
    """Return the name of a tool as it was offered. Some models put the name of the list of tools before it."""
    name = _OF_TOOLS.sub("", name)
    if not name:
        raise Unreadable("The model called a tool without saying which.")
    return name
