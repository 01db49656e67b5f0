"""Examples: requests of which people have said where they go, for the offline stand-in to learn from at once.

What people say is kept by apps that know runs and that runs do not know. The settings CORRECTION_EXAMPLES and
TEST_EXAMPLES name the functions that give it.
"""

from collections.abc import Callable, Iterable

from django.conf import settings
from django.utils.module_loading import import_string

from builder.models import Agent

from .similarity import Example

# Gives the latest examples of an agent, newest first, at most as many as it is told.
type Source = Callable[[Agent, int], Iterable[Example]]

# An example costs about 10 ms of CPU the first time that it is compared.
_MOST = 60


def of(agent: Agent, *, but: str = "", with_tests: bool = True) -> list[Example]:
    """The examples of an agent, without those whose text is `but`. Of two that say the same, corrections count before
    tests, and the newest first. Without tests where tests are run: they would prove themselves.
    """
    names = [settings.CORRECTION_EXAMPLES, *([settings.TEST_EXAMPLES] if with_tests else [])]
    sources: list[Source] = [import_string(name) for name in names]
    by_text: dict[str, Example] = {}
    for source in sources:
        for example in source(agent, _MOST):
            if example.text.strip() not in ("", but.strip()):
                by_text.setdefault(example.text.strip(), example)
    return list(by_text.values())[:_MOST]
