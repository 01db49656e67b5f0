"""How long the map of handovers takes with 80 agents and 100,000 handovers in its period: the whole request.

    python -m benchmarks.handover_map [--quick]

As many handovers again are older.
"""

import random

from django.db import connection
from django.test import Client

from benchmarks.figures import Notes, timed
from benchmarks.ground import PART, Query, ask, empty, member, run, vacuum
from builder.agents.agents import create_agent, save_agent
from builder.agents.connections import Consumes, connect
from builder.models import Agent
from builder.procedures.mentions import token
from cases.queues.queues import create_queue, create_team
from routes.map.layout import lay_out
from teams.models import Team

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


def measure(notes: Notes, quick: bool) -> None:
    handovers = 5_000 if quick else 100_000
    team = create_team("ours", "ours")
    pairs = _agents(team)
    with connection.cursor() as cursor:
        cursor.execute("create temporary table pairs (number int, agent uuid, revision uuid, target uuid)")
        rows = [(at, source.pk, source.live_revision.pk, target.pk) for at, (source, target) in enumerate(pairs)]
        cursor.executemany("insert into pairs values (%s, %s, %s, %s)", rows)
        for statement in (RUNS, HANDED):
            cursor.execute(statement, {"team": team.pk, "all": 2 * handovers, "pairs": len(pairs)})
    vacuum()
    client, _ = member(team)
    floor = empty(member(create_team("nothing", "nothing"))[0], "/map/", headers=PART)
    source, target = pairs[0]
    both = {"from": source.pk, "to": target.pk}

    def tell(kind: str, address: str, query: Query, again: bool = False) -> None:
        notes.times(kind, _ask_often(client, address, query, again), floor)

    notes.note("handovers in 7 days", handovers, "handovers")
    notes.note("mentions", len(pairs), "mentions")
    tell("the map, 7 days", "/map/", {"days": 7})
    tell("the map, 90 days", "/map/", {"days": 90})
    tell("the map, laid out again", "/map/", {"days": 7}, again=True)
    tell("round one agent", "/map/", {"days": 7, "agent": source.pk})
    tell("all handovers", "/map/handovers/", {"days": 7})
    tell("handovers of a pair", "/map/handovers/", {"days": 7, **both})
    tell("handovers to one", "/map/handovers/", {"days": 7, "to": target.pk})
    tell("returned at once", "/map/handovers/", {"days": 7, "returned": 1})
    tell("words that are nowhere", "/map/handovers/", {"days": 7, "q": "qqxzzv"})


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


def _ask_often(client: Client, address: str, query: Query, again: bool) -> list[float]:
    times = []
    for _ in range(ROUNDS + 1):
        if again:
            lay_out.cache_clear()
        times.append(timed(lambda: ask(client, address, query, PART)))
    return times[1:]


if __name__ == "__main__":
    run(measure, "handover_map")
