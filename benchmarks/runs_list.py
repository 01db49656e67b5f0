"""How long the list of runs takes with a million runs in twenty teams, half of them in one: the whole request.

    python -m benchmarks.runs_list [runs]

Makes a database of its own beside the one of the settings, and drops it.
"""

import os
import random
import re
import statistics
import sys
import time
from datetime import timedelta
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings_test"
django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: E402
from django.utils import timezone  # noqa: E402

from builder.agents import create_agent  # noqa: E402
from builder.models import Agent  # noqa: E402
from cases.queues import create_queue  # noqa: E402
from cases.teams import create_team  # noqa: E402
from teams.models import Member, Team, User  # noqa: E402

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
TEAMS = 20
AGENTS = 30
ROUNDS = 20
MAILS = 20_000
_DEEP = 100

# Each in as many inputs as it says, of a hundred; every input has one of the 30,000 rare ones.
COMMON = {"refund": 50, "invoice": 30, "delivery": 20, "login": 10, "damaged": 3, "chargeback": 1}

# Two runs for a case: the first hands over, the second completes it. One run in five is on no case.
CASES = """
insert into cases_case (id, team_id, queue_id, number, title, data, priority, labels, external_digest, status, reason,
    detail, rank, hops, fence, last_seq, created_at, moved_at)
select gen_random_uuid(), %(team)s, %(queue)s, n, mail.title, '{}', 0, '[]', '',
    case when n %% 50 = 0 then 'needs_input' else 'completed' end,
    case when n %% 50 = 0 then 'no_outcome' else '' end, '', 2, 1, 3, 1, now(), now()
from generate_series(1, %(runs)s * 4 / 10) n join mails mail on mail.number = n * 7919::bigint %% %(mails)s
"""
MAKE = """
insert into runs_run (id, team_id, agent_id, revision_id, case_id, queue_id, case_fence, hop, trigger, input, status,
    outcome, result, error_code, error, stopped_by, stopped_because, losses, retries, retried, available_at, fence,
    worker, requests, input_tokens, output_tokens, cost_usd, created_at, started_at, ended_at{more_columns})
select gen_random_uuid(), %(team)s, (%(agents)s::uuid[])[who], (%(revisions)s::uuid[])[who], work.id, work.queue_id,
    case when work.id is not null then 1 + n %% 2 end, 0,
    case when work.id is null then (array['manual', 'api', 'api', 'schedule', 'try'])[1 + n / 5 %% 5]
        when n %% 2 = 0 then 'dispatch' else 'handover' end,
    case when work.id is null then mail.title || ' ' || mail.body else '' end, about.status,
    case when about.status <> 'completed' then '' when work.id is null then 'answered'
        when n %% 2 = 0 then 'handed_over'
        when n %% 20 = 1 then 'case_failed' when n %% 20 = 3 then 'case_postponed' else 'case_completed' end,
    mail.body, case when about.status = 'failed' then 'no_outcome' else '' end,
    case when about.status = 'failed' then 'It named no outcome.' else '' end, '', '',
    0, 0, 0, added, 1, '', 3, 4000, 300,
    case when n %% 3 > 0 then (n * 7919::bigint %% 99991) / 1000000.0 end, added, added + interval '1 second',
    case when about.status not in ('queued', 'waiting') then
        added + (2 + n * 31337::bigint %% 600) * interval '1 second' end
    {more_values}
from generate_series(%(first)s, %(last)s) n
join mails mail on mail.number = n * 7919::bigint %% %(mails)s
cross join lateral (select now() - (%(runs)s - n) * interval '5 seconds' added, 1 + n * 104729::bigint %% %(count)s who,
    case when n > %(runs)s - 40 and n %% 5 = 0 then 'waiting' when n > %(runs)s - 60 and n %% 5 = 0 then 'queued'
        when n %% 25 = 4 then 'failed' when n %% 100 = 7 then 'stopped' else 'completed' end status) about
left join cases_case work on n %% 5 <> 0 and work.team_id = %(team)s and work.number = 1 + (n / 2) * 8 / 10
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
    with connection.cursor() as cursor:
        cursor.execute("create temporary table mails (number int primary key, title text, body text)")
        cursor.executemany("insert into mails values (%s, %s, %s)", list(_mails()))
        cursor.execute("drop index run_words; drop index case_words")  # entry by entry would take an hour
    team, agents = _team("ours", RUNS // 2)
    for number in range(TEAMS - 1):
        _team(f"theirs-{number}", RUNS // 2 // (TEAMS - 1))
    with connection.cursor() as cursor:
        cursor.execute("create index run_words on runs_runwords using gin (words) with (fastupdate = off)")
        cursor.execute("vacuum analyze")
        cursor.execute("select pg_size_pretty(pg_relation_size('run_words'))")
        (size,) = cursor.fetchone()
    print(f"{RUNS:,} runs made in {time.perf_counter() - start:.0f} s; the index of their words has {size}", flush=True)
    client, today = _member(team), timezone.localdate()
    kinds: dict[str, dict[str, Any]] = {
        "first page": {},
        "needs attention": {"state": "attention"},
        "queued": {"state": "queued"},
        "running, of which there are none": {"state": "running"},
        "failed": {"state": "failed"},
        "completed": {"state": "completed"},
        "handed over": {"state": "handed_over"},
        "case postponed": {"state": "case_postponed"},
        "one agent": {"agent": agents[3].pk},
        "one agent, failed": {"agent": agents[3].pk, "state": "failed"},
        "on a case": {"on": "case"},
        "standalone": {"on": "standalone"},
        "standalone, failed": {"on": "standalone", "state": "failed"},
        "started by a schedule": {"trigger": "schedule"},
        "one day": {"since": today - timedelta(9), "until": today - timedelta(9)},
        "one day, failed": {"since": today - timedelta(9), "until": today - timedelta(9), "state": "failed"},
        "longest first": {"sort": "longest"},
        "longest first, failed": {"sort": "longest", "state": "failed"},
        "dearest first": {"sort": "dearest"},
        "dearest first, an agent without one": {"sort": "dearest", "agent": agents[3].pk},
        "word in half of all": {"q": "refund"},
        "word in one of a hundred": {"q": "chargeback"},
        "rare word": {"q": "rare777"},
        "beginning of a word": {"q": "char"},
        "one letter": {"q": "c"},
        "two common words": {"q": "invoice delivery"},
        "name of an agent": {"q": "agent 7"},
        "number of a case": {"q": "#77777"},
        "nobody's word": {"q": "qqxzzv"},
        "word, failed": {"q": "invoice", "state": "failed"},
        "word, dearest first": {"q": "damaged", "sort": "dearest"},
    }
    print(f"{ROUNDS} requests each; milliseconds\n{'':38}{'median':>8}{'p95':>8}", flush=True)
    for kind, query in kinds.items():
        _tell(kind, [_ask(client, query)[0] for _ in range(ROUNDS)])
    deep: dict[str, dict[str, Any]] = {"all": {}, "a word": {"q": "refund"}, "failed": {"state": "failed"}}
    for kind, query in deep.items():
        _tell(f"page {_DEEP} of {kind}", _deep(client, query))


def _team(name: str, runs: int) -> tuple[Team, list[Agent]]:
    team = create_team(name, name)
    queue = create_queue(team, "Support")
    agents = [create_agent(team, f"Agent {number}") for number in range(AGENTS)]
    values: dict[str, Any] = {"team": team.pk, "queue": queue.pk, "mails": MAILS, "runs": runs, "count": AGENTS}
    values |= {"agents": [row.pk for row in agents], "revisions": [row.live_revision.pk for row in agents]}
    columns, defaults = _not_null()
    make = MAKE.format(more_columns=columns, more_values=defaults)
    with connection.cursor() as cursor:
        cursor.execute(CASES, values)
        for first in range(1, runs + 1, 50_000):
            cursor.execute(make, values | {"first": first, "last": min(first + 49_999, runs)})
    return team, agents


def _not_null() -> tuple[str, str]:
    """Columns that came to be after this was written, with an empty value of their kind."""
    empty = {"character varying": "''", "text": "''", "boolean": "false", "jsonb": "'{}'", "interval": "'0'::interval"}
    with connection.cursor() as cursor:
        cursor.execute(
            "select column_name, data_type from information_schema.columns where table_name = 'runs_run'"
            " and is_nullable = 'NO' and column_default is null"
        )
        rows = [row for row in cursor.fetchall() if not re.search(rf"\b{row[0]}\b", MAKE)]
    more = "".join(f", {name}" for name, _ in rows)
    return more, "".join(f", {empty.get(kind, '0')}" for _, kind in rows)


def _mails() -> list[tuple[int, str, str]]:
    chance = random.Random(1)
    filler = [f"word{number}" for number in range(3_000)]
    mails = []
    for number in range(MAILS):
        words = [word for word, share in COMMON.items() if chance.random() * 100 < share]
        words += [*chance.choices(filler, k=60), f"rare{chance.randrange(30_000)}"]
        chance.shuffle(words)
        mails.append((number, " ".join(words[:6]), " ".join(words[6:])))
    return mails


def _member(team: Team) -> Client:
    user = User.objects.create_user("somebody@example.com", "a long password")
    Member.objects.create(team=team, user=user, role=Member.Role.ADMINISTRATOR)
    client = Client()
    client.force_login(user)
    return client


def _ask(client: Client, query: dict[str, Any]) -> tuple[float, str]:
    start = time.perf_counter()
    response = client.get("/runs/", query)
    took = (time.perf_counter() - start) * 1000
    assert response.status_code == 200, response.content
    return took, response.content.decode()


def _deep(client: Client, query: dict[str, Any]) -> list[float]:
    """The last rounds on the way down."""
    times: list[float] = []
    cursor = ""
    for _ in range(_DEEP):
        took, html = _ask(client, query | {"cursor": cursor})
        times.append(took)
        older = re.search(r'rel="next" href="[^"]*cursor=([^"&]+)', html)
        if older is None:
            break
        cursor = older[1]
    return times[-ROUNDS:]


def _tell(kind: str, times: list[float]) -> None:
    print(f"{kind:38}{statistics.median(times):8.1f}{statistics.quantiles(times, n=20)[-1]:8.1f}", flush=True)


if __name__ == "__main__":
    main()
