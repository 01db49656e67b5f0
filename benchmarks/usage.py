"""How long the usage page takes for a team with a million runs in 90 days, and what adding to it costs a run.

    python -m benchmarks.usage

Makes a database of its own beside the one of the settings, and drops it.
"""

import os
import statistics
import time
from collections.abc import Callable
from decimal import Decimal

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings_test"
django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: E402

from builder import limits, usage  # noqa: E402
from builder.agents import create_agent  # noqa: E402
from builder.models import Agent  # noqa: E402
from builder.usage import Amount  # noqa: E402
from cases.teams import create_team  # noqa: E402
from teams.models import Member, Team, User  # noqa: E402

AGENTS, DAYS, MODELS, SLOTS, RUNS = 100, 90, 2, 8, 1_000_000
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
        unpriced_requests, worked, cost_usd, created_at, ended_at, available_at)
    select gen_random_uuid(), %s, %s, %s, 'api', '', 'completed', 'answered', repeat('x', 400), '', '', 0, 0, 1, '', 0,
        3, 5000, 500, 0, 0, '0', 0.05, now() - random() * interval '90 days', now(), now()
    from generate_series(1, %s)
"""
_SUM_OF_RUNS = """
    select created_at::date, sum(requests), sum(input_tokens), sum(output_tokens), sum(cost_usd) from runs_run
    where team_id = %s and created_at > now() - interval '90 days' group by 1
"""


def main() -> None:
    setup_test_environment()
    old = setup_databases(verbosity=0, interactive=False)
    try:
        team, agent, client = _team()
        print(f"{RUNS:,} runs, {AGENTS * DAYS * MODELS * SLOTS:,} rows of usage; milliseconds, median of {ROUNDS}")
        for days in (7, 30, 90):
            _tell(f"page, {days} days", lambda days=days: client.get(f"/usage/?days={days}"))
        _tell("agent, 30 days", lambda: usage.of_agent(agent, usage.last_days(30)))
        _tell("today's spending of the team", lambda: limits.overspent([agent]))
        amount = Amount(runs=1, requests=1, input_tokens=900, cost_usd=Decimal("0.01"))
        _tell("adding one request", lambda: usage.add(team.pk, agent.pk, "openai:model-1", amount))
        _tell("instead: a sum over the runs, by day", lambda: _ask(_SUM_OF_RUNS, team.pk))
    finally:
        teardown_databases(old, verbosity=0)


def _team() -> tuple[Team, Agent, Client]:
    team = create_team("Ours", "ours")
    team.budget = {"usd_per_day": 1_000_000}
    team.save()
    agent, *_ = [create_agent(team, f"Agent {number}") for number in range(AGENTS)]
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [team.pk, DAYS - 1, MODELS, SLOTS - 1])
        cursor.execute(_RUNS, [team.pk, agent.pk, agent.live_revision.pk, RUNS])
        cursor.execute("vacuum analyze builder_usage")
        cursor.execute("vacuum analyze runs_run")
    user = User.objects.create_user("person@example.com")
    Member.objects.create(team=team, user=user, role=Member.Role.ADMINISTRATOR)
    client = Client()
    client.force_login(user)
    return team, agent, client


def _ask(query: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        cursor.fetchall()


def _tell(what: str, act: Callable[[], object]) -> None:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1000)
    print(f"{what:40}{statistics.median(times):8.1f}")


if __name__ == "__main__":
    main()
