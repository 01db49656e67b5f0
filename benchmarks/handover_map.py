"""How long the map of handovers takes with 80 agents and 100,000 handovers in its period: the whole request.

    python -m benchmarks.handover_map [handovers]

Makes a database of its own beside the one of the settings, and drops it. As many handovers again are older.
"""

import os
import random
import statistics
import sys
import time

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings_test"
django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: E402

from builder.agents import Consumes, connect, create_agent, save_agent  # noqa: E402
from builder.mentions import token  # noqa: E402
from builder.models import Agent  # noqa: E402
from cases.queues import create_queue  # noqa: E402
from cases.teams import create_team  # noqa: E402
from runs.map_layout import lay_out  # noqa: E402
from teams.models import Member, Team, User  # noqa: E402

HANDOVERS = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
AGENTS, ROUNDS = 80, 15

# Half of them lie in the last seven days.
RUNS = """
insert into runs_run (id, team_id, agent_id, revision_id, case_id, hop, trigger, input, status, outcome, result,
    error_code, error, stopped_by, stopped_because, losses, retries, retried, available_at, fence, worker, worked,
    requests, input_tokens, output_tokens, cached_tokens, unpriced_requests, created_at, started_at, ended_at)
select md5('run' || n)::uuid, %(team)s, agent, revision, null, 0, 'dispatch',
    repeat('A mail about an order. ', 20), 'completed', 'handed_over', '', '', '', '', '', 0, 0, 0, moment, 1, '',
    '3 s', 2, 900, 80, 0, 0, moment, moment + interval '2 s', moment + interval '9 s'
from (select n, now() - n * interval '14 days' / %(all)s moment, pairs.* from generate_series(1, %(all)s) n
    join pairs on pairs.number = n * 7919::bigint %% %(pairs)s) made
"""
HANDED = """
insert into runs_handover (team_id, source_id, source_agent_id, target_id, target_name, reason, note, status,
    created_at, applied_at, is_return, next_run_id)
select %(team)s, md5('run' || n)::uuid, agent, target, 'x', 'It is about money that was charged twice.', '', 'applied',
    moment, moment, n %% 20 = 0, case when n > 1 then md5('run' || n - 1)::uuid end
from (select n, now() - n * interval '14 days' / %(all)s moment, pairs.* from generate_series(1, %(all)s) n
    join pairs on pairs.number = n * 7919::bigint %% %(pairs)s) made
"""


def main() -> None:
    setup_test_environment()
    old = setup_databases(verbosity=0, interactive=False)
    try:
        _measure()
    finally:
        teardown_databases(old, verbosity=0)


def _measure() -> None:
    team = create_team("ours", "ours")
    pairs = _agents(team)
    with connection.cursor() as cursor:
        cursor.execute("create temporary table pairs (number int, agent uuid, revision uuid, target uuid)")
        rows = [(at, source.pk, source.live_revision.pk, target.pk) for at, (source, target) in enumerate(pairs)]
        cursor.executemany("insert into pairs values (%s, %s, %s, %s)", rows)
        for statement in (RUNS, HANDED):
            cursor.execute(statement, {"team": team.pk, "all": 2 * HANDOVERS, "pairs": len(pairs)})
        cursor.execute("vacuum analyze")
    client = _member(team)
    source, target = pairs[0]
    both = {"from": source.pk, "to": target.pk}
    print(f"{AGENTS} agents, {len(pairs)} mentions, {HANDOVERS:,} handovers in 7 days; milliseconds, of {ROUNDS}")
    _tell("the map, 7 days", client, "/map/", {"days": 7})
    _tell("the map, 90 days", client, "/map/", {"days": 90})
    _tell("the map, laid out anew", client, "/map/", {"days": 7}, anew=True)
    _tell("round one agent", client, "/map/", {"days": 7, "agent": source.pk})
    _tell("all handovers", client, "/map/handovers/", {"days": 7})
    _tell("handovers of a pair", client, "/map/handovers/", {"days": 7, **both})
    _tell("handovers to one", client, "/map/handovers/", {"days": 7, "to": target.pk})
    _tell("straight back", client, "/map/handovers/", {"days": 7, "returned": 1})
    _tell("words that are nowhere", client, "/map/handovers/", {"days": 7, "q": "qqxzzv"})


def _agents(team: Team) -> list[tuple[Agent, Agent]]:
    chance = random.Random(1)
    queue = create_queue(team, "Support")
    agents = [create_agent(team, f"Agent {number}") for number in range(AGENTS)]
    links = set()
    for number, agent in enumerate(agents):
        connect(agent, [Consumes(queue.pk)])
        links.add((chance.randrange(number // 4 + 1), number))
        links |= {(number, 0)} if chance.random() < 0.3 else set()
        links |= {(number, chance.randrange(AGENTS))} if chance.random() < 0.3 else set()
    pairs = [(agents[a], agents[b]) for a, b in sorted(links) if a != b]
    for agent in agents:
        mentioned = " or ".join(token(target.pk, target.name) for source, target in pairs if source == agent)
        save_agent(agent, aop=f"Hand over to {mentioned}.")
    return pairs


def _member(team: Team) -> Client:
    user = User.objects.create_user("somebody@example.com", "a long password")
    Member.objects.create(team=team, user=user, role=Member.Role.ADMINISTRATOR)
    client = Client()
    client.force_login(user)
    return client


def _tell(kind: str, client: Client, address: str, query: dict[str, object], *, anew: bool = False) -> None:
    times = []
    for _ in range(ROUNDS):
        if anew:
            lay_out.cache_clear()
        start = time.perf_counter()
        response = client.get(address, query, headers={"HX-Request": "true", "HX-Target": "div#results"})
        times.append((time.perf_counter() - start) * 1000)
        assert response.status_code == 200, response.content
    print(f"{kind:28}{statistics.median(times):8.1f}{statistics.quantiles(times, n=20)[-1]:8.1f}", flush=True)


if __name__ == "__main__":
    main()
