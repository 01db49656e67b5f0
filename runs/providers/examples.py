"""Examples: requests of which people have said where they go, for the offline stand-in to learn from at once.

What people say is kept by apps that know runs and that runs do not know; each registers a source here when it is ready.
"""

from collections.abc import Callable, Iterable

from builder.models import Agent

from .similarity import Example

type Source = Callable[[Agent, int], Iterable[Example]]

# An example costs about 10 ms of CPU the first time that it is compared.
_MOST = 60

_sources: list[Source] = []


def register(source: Source) -> None:
    """`source` gives the latest examples of an agent, newest first, at most as many as it is told."""
    if source not in _sources:
        _sources.append(source)


def of(agent: Agent) -> list[Example]:
    """The examples of an agent. Of two that say the same, the one that comes first counts, from whatever source."""
    by_text: dict[str, Example] = {}
    for source in _sources:
        for example in source(agent, _MOST):
            if example.text.strip():
                by_text.setdefault(example.text.strip(), example)
    return list(by_text.values())[:_MOST]
