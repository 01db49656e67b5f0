"""How many places in our code someone passes who follows one act: functions, files, and moves between files.

    python -m benchmarks.paths [--list]

Each act is done a few times, and every function of ours that the interpreter enters is recorded, in all threads:
(a) a handover, from the tool call in the model's answer to the target's start, and on to the target's first request;
(b) a mention typed and saved; (c) Reassign pressed on the page of a case. A move is an entry into another file than
the entry before. Each act is counted twice: with all that runs, and without the floor that every write and every page
of the product stands on. `--list` prints the functions, in the order in which they are first entered.

Only names that seldom change are used, so a copy of this file measures an older commit too:

    git archive COMMIT | tar -x -C FOLDER && cp benchmarks/paths.py FOLDER/benchmarks/
    cd FOLDER && python -m benchmarks.paths
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import CodeType
from typing import Any

from django.test import Client

from benchmarks.ground import database, member  # sets Django up, so it comes before the apps
from benchmarks.provider import provider
from benchmarks.staff import add_mails, desk
from benchmarks.two_stages import _work, ask

from builder.models import Agent  # isort: skip
from cases.models import Case, Queue  # isort: skip

ROOT = f"{Path(__file__).parent.parent}/"
# The code that does the acts and watches them is no part of them.
_NOT_FOLLOWED = ("benchmarks/", ".venv/", "manage.py")
# Statements and texts, the live stream, webhooks' outbox, figures for operators, and what surrounds every page.
_FLOOR = re.compile(
    r"^(data|web|config)/|/(telemetry|access|keys)/|/templatetags/|^teams/templating"
    r"|/(rows|live|bell|redis_pool|ids|text|json_text|outbox|counters|tracing|logs|zones|actors|permissions|middleware"
    r"|context_processors|icons|parts|redirects|careful_headers|credentials|errors|errors_pages|threads)\.py$"
)
_TOOL = sys.monitoring.PROFILER_ID
_TIMES = 5

# File and name of a function.
type Place = tuple[str, str]
type Walk = list[Place]


@contextmanager
def followed() -> Iterator[Walk]:
    """The functions of ours that are entered in the meantime, in order."""
    walk: Walk = []

    def enter(code: CodeType, offset: int) -> Any:
        file = code.co_filename.removeprefix(ROOT)
        # Lambdas and generator expressions are read where they stand.
        if file == code.co_filename or file.startswith(_NOT_FOLLOWED) or code.co_name.startswith("<"):
            return sys.monitoring.DISABLE
        walk.append((file, code.co_qualname))
        return None

    started = sys.monitoring.events.PY_START
    sys.monitoring.use_tool_id(_TOOL, "paths")
    sys.monitoring.register_callback(_TOOL, started, enter)
    sys.monitoring.set_events(_TOOL, started)
    try:
        yield walk
    finally:
        sys.monitoring.set_events(_TOOL, 0)
        sys.monitoring.free_tool_id(_TOOL)


def shortest(act: Callable[[], Walk]) -> Walk:
    """The shortest walk of a few, since a thread of the clock may come in between. The first one only fills caches."""
    act()
    return min((act() for _ in range(_TIMES)), key=len)


def handover(queue: Queue) -> Walk:
    with followed() as walk:
        _work(queue, 1, 1)
    begins = _at(walk, 0, "take_turn", "turns.py")
    return walk[begins : _at(walk, begins, "request", "llm.py", "model_requests.py")]


def until_start(walk: Walk) -> Walk:
    return walk[: _at(walk, 0, "work_on_run work _work_on", "engine.py")]


def _at(walk: Walk, after: int, names: str, *files: str) -> int:
    return next(at for at in range(after, len(walk)) if walk[at][1] in names.split() and walk[at][0].endswith(files))


def mention(client: Client, queue: Queue, agent: Agent, other: Agent) -> Walk:
    """Typed in the editor of an agent that does not mention the other one yet, and saved."""
    page = client.get(f"/agents/{agent.pk}/").content.decode()
    seen = re.search(r'name="revision"[^>]*value="(\d+)"|value="(\d+)"[^>]*name="revision"', page)
    assert seen
    number = seen[1] or seen[2]
    typed = {
        "name": agent.name,
        "aop": f"Procedure {number}. Hand over to @[{other.name}](agent:{other.pk}).",
        "model_kind": "provider",
        "model": "openai-chat:scripted",
        "revision": number,
        f"consumes-{queue.pk}": "on",
        f"concurrency-{queue.pk}": "1000",
    }
    with followed() as walk:
        found = client.get(f"/agents/{agent.pk}/mentions/", {"q": other.name[:4]})
        saved = client.post(f"/agents/{agent.pk}/", typed)
    assert found.status_code == 200 and saved.status_code == 302, saved.status_code
    return walk


def reassign(client: Client, queue: Queue, to: Agent) -> Walk:
    add_mails(queue, Case.objects.count(), 1)
    case = Case.objects.latest("number")
    with followed() as walk:
        answer = client.post(f"/cases/{case.pk}/reassign/", {"assignee_id": str(to.pk), "note": "Please look."})
    assert answer.status_code in (200, 302), answer.status_code
    case.refresh_from_db()
    assert case.assignee_id == to.pk
    return walk


def tell(act: str, walk: Walk, is_listed: bool = False) -> None:
    print(f"{act}: {_counted(walk)}; without the floor: {_counted([at for at in walk if not _FLOOR.search(at[0])])}")
    for file, name in dict.fromkeys(walk) if is_listed else ():
        print(f"    {'.' if _FLOOR.search(file) else ' '} {file}: {name}")


def _counted(walk: Walk) -> str:
    files = [file for file, _ in walk]
    moves = sum(one != other for one, other in pairwise(files))
    return f"{len(set(walk))} functions, {len(set(files))} files, {moves} moves"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="print the functions, too")
    is_listed = parser.parse_args().list
    with database(), provider() as standing:
        ask(standing)
        queue = desk()
        _work(queue, 3, 1)
        walk = shortest(lambda: handover(queue))
        tell("(a) a handover, to the target's start", until_start(walk))
        tell("(a) a handover, to the target's first request", walk, is_listed)
        (client, _), billing = member(queue.team), Agent.objects.get(name="Billing")
        triage = Agent.objects.get(name="Triage")
        tell("(b) a mention typed and saved", shortest(lambda: mention(client, queue, billing, triage)), is_listed)
        tell("(c) Reassign pressed", shortest(lambda: reassign(client, queue, billing)), is_listed)


if __name__ == "__main__":
    main()
