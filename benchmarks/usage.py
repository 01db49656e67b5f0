"""How long the usage page takes for a team with a million runs in 90 days, and what adding to it costs a run.

python -m benchmarks.usage [--quick]
"""

from collections.abc import Callable
from decimal import Decimal

from django.test import Client

from benchmarks.figures import Notes, median_ms, timed
from benchmarks.ground import ask_often, complete, execute, member, run
from builder.agents.agents import create_agent
from builder.models import Agent
from builder.usage import limits, usage
from builder.usage.usage import Amount
from cases.queues.queues import create_team
from teams.models import Team

AGENTS, DAYS, MODELS, SLOTS = 100, 90, 2, 8
ROUNDS = 15

_ROWS = """
    insert into builder_usage (team_id, agent_id, day, model, slot, runs, requests, input_tokens, output_tokens,
        cached_tokens, cost_usd, unpriced_runs, unpriced_requests)
    select %s, agent.id, current_date - day, 'openai:model-' || model, slot, 7, 21, 40000, 4000, 0, 0.5, 0, 0
    from builder_agent agent, generate_series(0, %s) day, generate_series(1, %s) model, generate_series(0, %s) slot
"""
_RUNS = """
    insert into runs_run (id, team_id, agent_id, revision_id, trigger, input, status, outcome, result, error_code,
        error, losses, retries, fence, worker, hop, requests, input_tokens, output_tokens, cached_tokens,
        unpriced_requests, worked, cost_usd, created_at, ended_at, available_at{columns})
    select gen_random_uuid(), %s, %s, %s, 'api', '', 'completed', 'answered', repeat('x', 400), '', '', 0, 0, 1, '', 0,
        3, 5000, 500, 0, 0, '0', 0.05, now() - random() * interval '90 days', now(), now()
        {values}
    from generate_series(1, %s)
"""
_SUM_OF_RUNS = """
    select created_at::date, sum(requests), sum(input_tokens), sum(output_tokens), sum(cost_usd) from runs_run
    where team_id = %s and created_at > now() - interval '90 days' group by 1
"""


def measure(notes: Notes, quick: bool) -> None:
    runs = 20_000 if quick else 1_000_000
    team, agent, client = _team(runs)
    notes.note("runs", runs, "runs")
    notes.note("rows of usage", AGENTS * DAYS * MODELS * SLOTS, "rows")
    floor = "a sum over the runs, by day", median_ms(_often(lambda: execute(_SUM_OF_RUNS, [team.pk])))
    notes.note(floor[0], floor[1], "ms")
    for days in (7, 30, 90):
        notes.times(f"page, {days} days", ask_often(client, f"/usage/?days={days}"), floor)
    notes.times("agent, 30 days", _often(lambda: usage.of_agent(agent, usage.last_days(agent.team, 30))), floor)
    notes.times("today's spending of the team", _often(lambda: limits.overspent([agent])), floor)
    amount = Amount(runs=1, requests=1, input_tokens=900, cost_usd=Decimal("0.01"))
    notes.times("adding one request", _often(lambda: usage.add(agent, "openai:model-1", amount)))


def _team(runs: int) -> tuple[Team, Agent, Client]:
    team = create_team("Ours", "ours")
    team.budget = {"usd_per_day": 1_000_000}
    team.save()
    agent, *_ = [create_agent(team, f"Agent {number}") for number in range(AGENTS)]
    execute(_ROWS, [team.pk, DAYS - 1, MODELS, SLOTS - 1])
    execute(complete(_RUNS, "runs_run"), [team.pk, agent.pk, agent.live_revision.pk, runs])
    execute("vacuum analyze builder_usage")
    execute("vacuum analyze runs_run")
    return team, agent, member(team)[0]


def _often(act: Callable[[], object]) -> list[float]:
    return [timed(act) for _ in range(ROUNDS)]


if __name__ == "__main__":
    run(measure, "usage")
