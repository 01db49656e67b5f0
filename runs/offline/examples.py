"""Examples: requests of which people have said where they go, for the offline stand-in to learn from at once.

What people say is kept by apps that know runs and that runs do not know; each registers a source here when it is ready.
"""

from collections.abc import Callable, Iterable

from builder.models import Agent

from .similarity import Example

type Source = Callable[[Agent, int], Iterable[Example]]

# An example costs about 10 ms of CPU the first time that it is compared.
_MOST = 60

# Each with whether it gives routing tests.
_sources: dict[Source, bool] = {}


def register(source: Source, *, gives_tests: bool = False) -> None:
    """`source` gives the latest examples of an agent, newest first, at most as many as it is told. `gives_tests`: they
    are routing tests, which do not count where tests are run, or else they would prove themselves.
    """
    _sources[source] = gives_tests


def of(agent: Agent, *, but: str = "", with_tests: bool = True) -> list[Example]:
    """The examples of an agent, without those whose text is `but`. Of two that say the same, corrections count before
    tests, and the newest first.
    """
    by_text: dict[str, Example] = {}
    for source, gives_tests in sorted(_sources.items(), key=lambda pair: pair[1]):
        for example in source(agent, _MOST) if with_tests or not gives_tests else ():
            if example.text.strip() not in ("", but.strip()):
                by_text.setdefault(example.text.strip(), example)
    return list(by_text.values())[:_MOST]
