"""How long the list of queues and the start page take with 100 queues and 1,000,000 cases: the whole request.

    python -m benchmarks.queue_list [cases]

Makes a database of its own beside the one of the settings, and drops it.
"""

import os
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
from cases.queues import create_queue  # noqa: E402
from cases.teams import create_team  # noqa: E402
from teams.models import Member, User  # noqa: E402

CASES = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
QUEUES, ROUNDS = 100, 15

# A tenth is pending, the newest tenth of the completed ones was so in the last day.
MAKE = """
insert into cases_case (id, team_id, queue_id, number, title, data, priority, labels, external_digest, status, reason,
    detail, rank, hops, fence, last_seq, created_at, moved_at)
select gen_random_uuid(), %(team)s, (%(queues)s::uuid[])[1 + n %% %(count)s], n, 'A mail', '{}', 0, '[]', '', status,
    case when status = 'needs_input' then 'no_outcome' else '' end, '', 2, 0, 1, 1, at, at
from generate_series(1, %(cases)s) n
cross join lateral (select now() - n * interval '10 days' / %(cases)s as at,
    case n / 100 %% 100 when 0 then 'needs_input' when 1 then 'failed' else
        case when n / 100 %% 10 = 5 then 'pending' else 'completed' end end status) about
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
    queues = [create_queue(team, f"Queue {number:03}") for number in range(QUEUES)]
    for number in range(10):
        connect(create_agent(team, f"Agent {number}"), [Consumes(queue.pk) for queue in queues])
    ids = [queue.pk for queue in queues]
    with connection.cursor() as cursor:
        cursor.execute("alter table cases_case disable trigger user")
        cursor.execute(MAKE, {"team": team.pk, "queues": ids, "count": QUEUES, "cases": CASES})
        cursor.execute("alter table cases_case enable trigger user")
        cursor.execute("vacuum analyze cases_case")
    user = User.objects.create_user("somebody@example.com", "a long password")
    Member.objects.create(team=team, user=user, role=Member.Role.ADMINISTRATOR)
    client = Client()
    client.force_login(user)
    print(f"{QUEUES} queues, {CASES:,} cases; milliseconds, of {ROUNDS}")
    for kind, address in (
        ("the list of queues", "/queues/"),
        ("one queue", f"/queues/{ids[0]}/"),
        ("the start page", "/"),
    ):
        times = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            assert client.get(address).status_code == 200
            times.append((time.perf_counter() - start) * 1000)
        print(f"{kind:28}{statistics.median(times):8.1f}{statistics.quantiles(times, n=20)[-1]:8.1f}", flush=True)


if __name__ == "__main__":
    main()
