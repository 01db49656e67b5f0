"""Of many runs a list reads those that it shows, and little more, whatever it is asked for."""

from functools import partial
from itertools import product
from typing import Any

import pytest
from django.db import connection

from runs.models import Status
from runs.results.queries import ATTENTION, LONGEST, MOST_EXPENSIVE, STANDALONE, RunFilter, runs_page
from tests.reading import rows_read

RUNS = 6_000
MOST = 2_500

# Nearly all have failed, and nearly nobody needs to look at one: the cases are closed, or someone saw the run.
FILL = """
    insert into runs_run (id, team_id, agent_id, revision_id, case_id, case_fence, hop, trigger, input, status, outcome,
        result, error_code, error, stopped_by, stopped_because, losses, retries, retried, available_at, fence, worker,
        requests, input_tokens, output_tokens, cached_tokens, unpriced_requests, cost_usd, worked, created_at,
        started_at, ended_at, seen_at)
    select gen_random_uuid(), %(team)s, %(agent)s, %(revision)s, case when n %% 10 = 0 then %(case)s::uuid end, 1, 0,
        case when n < 500 then 'schedule' else 'api' end, '', 'failed', '', '', 'model_error', '', '', '', 0, 0, 0,
        now(), 1, '', 1, 1, 1, 0, 0, case when n < 800 then 0.01 end, '0', now() - n * interval '1 minute',
        now() - n * interval '1 minute', now(), now()
    from generate_series(1, %(runs)s) n
"""
ASKED: list[dict[str, Any]] = [
    {},
    {"state": ATTENTION},
    {"state": Status.FAILED},
    {"state": Status.COMPLETED},
    {"state": "handed_over"},
    {"trigger": "schedule"},
    {"state": ATTENTION, "on": STANDALONE},
]


@pytest.mark.django_db
def test_a_list_reads_little_more_than_it_shows(team, make_agent, make_case) -> None:
    agent, case = make_agent("Ada"), make_case()
    values = {"team": team.pk, "agent": agent.pk, "revision": agent.live_revision.pk, "case": case.pk, "runs": RUNS}
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(FILL, values)
        cursor.execute("set local session_replication_role = origin")
        cursor.execute("analyze runs_run, cases_case")
    read = {}
    for asked, sort in product(ASKED, ["", LONGEST, MOST_EXPENSIVE]):
        read[str((asked, sort))] = rows_read(partial(runs_page, team, RunFilter(**asked, sort=sort), ""))
    assert {asked: rows for asked, rows in read.items() if rows > MOST} == {}
