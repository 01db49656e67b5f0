"""How long the list of cases takes with a million cases in a team: the whole request, per kind of question.

    python -m benchmarks.case_list [cases]

Makes a database of its own beside the one of the settings, and drops it. Another team has a tenth as many cases.
"""

import os
import random
import re
import statistics
import sys
import time

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings_test"
django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: E402

from builder.agents import Consumes, connect, create_agent  # noqa: E402
from builder.models import Agent  # noqa: E402
from cases.creation import BATCH_LIMIT, NewCase, add_cases  # noqa: E402
from cases.models import Queue  # noqa: E402
from cases.queues import create_queue  # noqa: E402
from cases.teams import create_team  # noqa: E402
from teams.actors import BATON  # noqa: E402
from teams.models import Member, Team, User  # noqa: E402

CASES = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
ROUNDS = 20
MAILS = 20_000
_DEEP = 200

# Each in as many cases as it says, of a hundred; one word in three mails is one of the 30,000 rare ones.
COMMON = {"refund": 50, "invoice": 30, "delivery": 20, "login": 10, "damaged": 3, "chargeback": 1}

MAKE = """
insert into cases_case (id, team_id, queue_id, number, title, data, priority, labels, external_digest, status, reason,
    detail, assignee_id, worked_by_id, rank, due_at, hops, fence, last_seq, created_at, moved_at)
select gen_random_uuid(), %(team)s, %(queue)s, n, mail.title,
    jsonb_build_object('from', 'customer' || n %% 100000 || '@example.com', 'order', 'A-' || n, 'message', mail.body),
    case when n %% 20 = 0 then 2 when n %% 7 = 0 then 1 else 0 end,
    case when n %% 1000 = 0 then '["urgent"]'::jsonb when n %% 3 = 0 then '["mail"]' else '[]' end, '', status,
    case when status = 'needs_input' then 'no_outcome' else '' end, '', case when n %% 10 > 6 then agent end, agent, 2,
    case when status = 'postponed' then now() + interval '1 day' end, 0, 1, 1,
    added, added + n %% 50000 * interval '1 second'
from generate_series(%(first)s, %(last)s) n
join mails mail on mail.number = n * 7919::bigint %% %(mails)s
cross join lateral (select now() - (%(cases)s - n) * interval '5 seconds' added,
    case when n %% 100 < 90 then 'completed' when n %% 100 < 92 then 'failed' when n %% 100 < 93 then 'needs_input'
    when n %% 100 < 94 then 'postponed' else 'pending' end status, (%(agents)s::uuid[])[1 + n %% 10] agent) about
"""


def main() -> None:
    setup_test_environment()
    old = setup_databases(verbosity=0, interactive=False)
    try:
        _measure()
    finally:
        teardown_databases(old, verbosity=0)


def _measure() -> None:
    start = time.perf_counter()
    team, agents, queues = _team("ours", CASES)
    _team("theirs", CASES // 10)
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
        cursor.execute("select pg_size_pretty(pg_relation_size('case_words'))")
        (size,) = cursor.fetchone()
    print(f"{CASES:,} cases made in {time.perf_counter() - start:.0f} s; the index of their words has {size}")
    client = _member(team)
    agent, queue = agents[3].pk, queues[1].pk
    kinds: dict[str, dict[str, object]] = {
        "first page": {},
        "open": {"status": "open"},
        "needs me": {"status": "needs_me"},
        "one state": {"status": "postponed"},
        "one queue": {"queue": queue},
        "with an agent": {"agent": agent},
        "last worked by an agent": {"worked": agent},
        "older than 30 days": {"age": "over-month"},
        "a rare label": {"label": "urgent"},
        "a common label": {"label": "mail"},
        "high, failed, of a queue": {"priority": 2, "status": "failed", "queue": queue},
        "most urgent first": {"sort": "priority"},
        "last moved first": {"sort": "moved"},
        "oldest first": {"sort": "oldest"},
        "word in half of all": {"q": "refund"},
        "word in one of a hundred": {"q": "chargeback"},
        "rare word": {"q": "rare777"},
        "beginning of a word": {"q": "char"},
        "one letter": {"q": "c"},
        "two common words": {"q": "invoice delivery"},
        "common and rare word": {"q": "refund rare777"},
        "words never together": {"q": "apple banana"},
        "an address": {"q": "customer4711@example.com"},
        "order number": {"q": "A-777777"},
        "number of a case": {"q": "#777777"},
        "nobody's word": {"q": "qqxzzv"},
        "word and open": {"q": "invoice", "status": "open"},
        "word, label and state": {"q": "damaged", "label": "mail", "status": "failed"},
    }
    print(f"{ROUNDS} requests each; milliseconds\n{'':28}{'median':>8}{'p95':>8}")
    for kind, query in kinds.items():
        _tell(kind, [_ask(client, query)[0] for _ in range(ROUNDS)])
    _tell(f"page {_DEEP} of all", [_deep(client, {})])
    _tell(f"page {_DEEP} of a word", [_deep(client, {"q": "refund"})])
    made = [_add(queues[0]) for _ in range(5)]
    _tell(f"{BATCH_LIMIT} cases added", made)


def _team(name: str, cases: int) -> tuple[Team, list[Agent], list[Queue]]:
    team = create_team(name, name)
    queues = [create_queue(team, f"Queue {number}") for number in range(4)]
    agents = [create_agent(team, f"Agent {number}") for number in range(10)]
    for agent in agents:
        connect(agent, [Consumes(queue.pk) for queue in queues])
    with connection.cursor() as cursor:
        cursor.execute("create temporary table if not exists mails (number int primary key, title text, body text)")
        cursor.execute("truncate mails")
        cursor.executemany("insert into mails values (%s, %s, %s)", list(_mails()))
        # Entry by entry would take an hour.
        cursor.execute("drop index if exists case_words")
        for first in range(1, cases + 1, 50_000):
            values = {"team": team.pk, "first": first, "last": min(first + 49_999, cases), "cases": cases}
            values |= {"queue": queues[first // 50_000 % 4].pk, "mails": MAILS, "agents": [row.pk for row in agents]}
            cursor.execute(MAKE, values)
        cursor.execute("create index case_words on cases_casewords using gin (words) with (fastupdate = off)")
    team.last_case_number = cases
    team.save()
    return team, agents, queues


def _mails() -> list[tuple[int, str, str]]:
    chance = random.Random(1)
    mails = []
    for number in range(MAILS):
        words = [word for word, share in COMMON.items() if chance.random() * 100 < share]
        words += ["apple" if number % 2 else "banana"]  # each in half of all, never together
        words += [f"rare{chance.randrange(30_000)}"] * (chance.random() < 0.33)
        words += [f"word{int(chance.paretovariate(1)) % 5000}" for _ in range(40)]
        chance.shuffle(words)
        mails.append((number, " ".join(words[:6]).capitalize(), " ".join(words[6:])))
    return mails


def _member(team: Team) -> Client:
    user = User.objects.create_user("somebody@example.com", "a long password")
    Member.objects.create(team=team, user=user, role=Member.Role.ADMINISTRATOR)
    client = Client()
    client.force_login(user)
    return client


def _ask(client: Client, query: dict[str, object]) -> tuple[float, str]:
    start = time.perf_counter()
    response = client.get("/cases/", query, headers={"HX-Request": "true", "HX-Target": "div#results"})
    took = (time.perf_counter() - start) * 1000
    assert response.status_code == 200, response.content
    return took, response.content.decode()


def _deep(client: Client, query: dict[str, object]) -> float:
    took, body = _ask(client, query)
    for _ in range(_DEEP - 1):
        older = re.search(r'rel="next" href="[^"]*cursor=([^"&]+)', body)
        assert older
        took, body = _ask(client, {**query, "cursor": older[1]})
    return took


def _add(queue: Queue) -> float:
    items = [NewCase(title, {"message": body}) for _, title, body in _mails()[:BATCH_LIMIT]]
    start = time.perf_counter()
    add_cases(queue, items, by=BATON)
    return (time.perf_counter() - start) * 1000


def _tell(kind: str, times: list[float]) -> None:
    p95 = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    print(f"{kind:28}{statistics.median(times):8.1f}{p95:8.1f}", flush=True)


if __name__ == "__main__":
    main()
