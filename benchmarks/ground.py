"""The ground that benchmarks stand on: Django with a database of their own, teams, people and mails.

Imported before anything of the apps: it sets Django up with servers that end with this process.
"""

import argparse
import os
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings_test"
os.environ.setdefault("LOG_LEVEL", "WARNING")
django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: E402

from benchmarks.figures import Notes, median_ms, timed  # noqa: E402
from teams.models import Member, Team, User  # noqa: E402

# Each in as many mails as it says, of a hundred.
COMMON = {"refund": 50, "invoice": 30, "delivery": 20, "login": 10, "damaged": 3, "chargeback": 1}
RARE = 30_000

type Measure = Callable[[Notes, bool], None]
type Query = dict[str, Any]


def run(measure: Measure, name: str) -> None:
    """What `python -m benchmarks.<name> [--quick] [--to FILE]` does: measures in a database made for it and dropped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="A small size, for a look.")
    parser.add_argument("--to", type=Path, help="A file that the figures are added to, as JSON lines.")
    chosen = parser.parse_args()
    with database():
        measure(Notes(name, chosen.to), chosen.quick)


@contextmanager
def database() -> Iterator[None]:
    setup_test_environment()
    old = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        teardown_databases(old, verbosity=0)


def vacuum() -> None:
    execute("vacuum analyze")


def execute(statement: str, values: Any = None) -> list[Any]:
    """Its rows, if it has any."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def complete(insert: str, table: str) -> str:
    """The statement, with a column at `{columns}` and an empty value at `{values}` for each that may not be null and
    came to be after the statement was written.
    """
    empty = {"character varying": "''", "text": "''", "boolean": "false", "jsonb": "'{}'", "interval": "'0'::interval"}
    rows = execute(
        "select column_name, data_type from information_schema.columns where table_name = %s"
        " and is_nullable = 'NO' and column_default is null",
        [table],
    )
    more = [(name, empty.get(kind, "0")) for name, kind in rows if not re.search(rf"\b{name}\b", insert)]
    columns, values = ("".join(f", {row[at]}" for row in more) for at in (0, 1))
    return insert.replace("{columns}", columns).replace("{values}", values)


# --- People ----------------------------------------------------------------------------------


def member(team: Team) -> tuple[Client, User]:
    """A browser in which an administrator of the team is signed in."""
    user = User.objects.create_user(f"someone@{team.slug}.example.com", "a long password")
    Member.objects.create(team=team, user=user, role=Member.Role.ADMINISTRATOR)
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    return client, user


PART = {"HX-Request": "true", "HX-Target": "div#results"}


def ask(client: Client, address: str, query: Query | None = None, headers: Query | None = None) -> str:
    response = client.get(address, query or {}, headers=headers)
    assert response.status_code == 200, response.content
    return response.content.decode()


def ask_often(client: Client, address: str, query: Query | None = None, rounds: int = 15, **more: Any) -> list[float]:
    """Seconds of each request. The first one, which compiles templates, does not count."""
    ask(client, address, query, **more)
    return [timed(lambda: ask(client, address, query, **more)) for _ in range(rounds)]


def turn_pages(client: Client, address: str, query: Query, number: int, **more: Any) -> list[float]:
    """Seconds of each page on the way to that one, or to the last."""
    times: list[float] = []
    while len(times) < number:
        began = time.perf_counter()
        body = ask(client, address, query, **more)
        times.append(time.perf_counter() - began)
        older = re.search(r'rel="next" href="[^"]*cursor=([^"&]+)', body)
        if older is None:
            break
        query = {**query, "cursor": older[1]}
    return times


def empty(client: Client, address: str, **more: Any) -> tuple[str, float]:
    """The floor of pages: the same one, asked by someone whose team has nothing."""
    return "the same of an empty team", median_ms(ask_often(client, address, **more))


# --- Mails -----------------------------------------------------------------------------------


def mails(count: int, words: Callable[[random.Random], Sequence[str]]) -> list[tuple[int, str, str]]:
    """Number, title and body: the common words by their shares, and `words` besides."""
    chance = random.Random(1)
    made = []
    for number in range(count):
        said = [word for word, share in COMMON.items() if chance.random() * 100 < share]
        said += words(chance)
        chance.shuffle(said)
        made.append((number, " ".join(said[:6]), " ".join(said[6:])))
    return made


def keep_mails(rows: list[tuple[int, str, str]]) -> None:
    """In a table that is there for statements of this connection."""
    execute("create temporary table if not exists mails (number int primary key, title text, body text)")
    execute("truncate mails")
    with connection.cursor() as cursor:
        cursor.executemany("insert into mails values (%s, %s, %s)", rows)
