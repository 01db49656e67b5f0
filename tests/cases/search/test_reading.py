"""Of many cases a list reads those that it shows, and little more, whatever it is asked for."""

from functools import partial
from itertools import product
from uuid import uuid4

import pytest
from django.db import connection

from cases.models import Queue
from cases.search.filters import NEWEST, OLDEST, ORDERS, read_filter
from cases.work.queries import case_page
from tests.reading import rows_read

CASES = 12_000
# Those that are sorted apart, and a page of each part that a list may be read in.
MOST = 4_500

# Most cases are closed, long ago the urgent and open ones; one agent and one queue have only old ones.
FILL = """
    insert into cases_case (id, team_id, queue_id, number, title, data, priority, labels, external_digest, status,
        reason, detail, assignee_id, worked_by_id, rank, due_at, hops, fence, last_seq, created_at, moved_at)
    select gen_random_uuid(), %(team)s, case when n < 2000 then %(old)s else %(queue)s end, n, 'A mail', '{}',
        case when n %% 3 = 0 and n > 3000 then 2 else 0 end, '[]', '', status,
        case when status = 'needs_input' then 'no_outcome' else '' end, '', null, case when n < 1500 then %(agent)s end,
        2, null, 0, 1, 1, now() - (%(cases)s - n) * interval '1 minute', now() - (%(cases)s - n) * interval '1 minute'
    from generate_series(1, %(cases)s) n cross join lateral (
        select case when n between 3000 and 4100 and n %% 3 > 0 then (array['pending', 'needs_input'])[1 + n %% 2]
            when n %% 2 = 0 then 'failed' else 'completed' end status
    ) about
"""
ASKED: list[dict[str, str]] = [
    {},
    {"status": "open"},
    {"status": "completed"},
    {"status": "postponed"},
    {"status": "needs_input"},
    {"reason": "loop"},
    {"reason": "no_outcome"},
    {"priority": "2"},
    {"priority": "1"},
    {"status": "open", "priority": "2"},
    {"age": "over-month"},
    {"overdue": "1"},
    {"mine": "news"},
    {"owner": str(uuid4())},
    {"group": str(uuid4())},
]


@pytest.fixture
def old(make_queue) -> Queue:
    return make_queue("Old")


@pytest.mark.django_db
def test_a_list_reads_little_more_than_it_shows(team, queue, old, make_agent, member) -> None:
    agent = make_agent("Ada")
    values = {"team": team.pk, "queue": queue.pk, "old": old.pk, "agent": agent.pk, "cases": CASES}
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(FILL, values)
        cursor.execute("set local session_replication_role = origin")
        cursor.execute("analyze cases_case")
    own = [{"queue": str(old.pk)}, {"queue": str(old.pk), "status": "open"}, {"worked": str(agent.pk)}]
    read = {}
    for asked, sort in [*product(ASKED, ORDERS), *product(own, [NEWEST, OLDEST])]:
        wanted = read_filter({**asked, "sort": sort}, member)
        read[str({**asked, "sort": sort})] = rows_read(partial(case_page, team, wanted))
    assert {asked: rows for asked, rows in read.items() if rows > MOST} == {}
