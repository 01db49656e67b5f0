"""How long the list of queues and the start page take with 100 queues and 1,000,000 cases: the whole request.

python -m benchmarks.queue_list [--quick]
"""

from benchmarks.figures import Notes
from benchmarks.ground import ask_often, empty, execute, member, run
from builder.agents.agents import create_agent
from builder.agents.connections import Consumes, connect
from cases.queues.queues import create_queue, create_team

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


def measure(notes: Notes, quick: bool) -> None:
    cases = 20_000 if quick else 1_000_000
    team = create_team("ours", "ours")
    queues = [create_queue(team, f"Queue {number:03}") for number in range(QUEUES)]
    for number in range(10):
        connect(create_agent(team, f"Agent {number}"), [Consumes(queue.pk) for queue in queues])
    ids = [queue.pk for queue in queues]
    execute("alter table cases_case disable trigger user")
    execute(MAKE, {"team": team.pk, "queues": ids, "count": QUEUES, "cases": cases})
    execute("alter table cases_case enable trigger user")
    execute("vacuum analyze cases_case")
    client, _ = member(team)
    nobody, _ = member(create_team("nothing", "nothing"))
    notes.note("cases", cases, "cases")
    for kind, address, floor in (
        ("the list of queues", "/queues/", empty(nobody, "/queues/")),
        ("one queue", f"/queues/{ids[0]}/", None),
        ("the start page", "/", empty(nobody, "/")),
    ):
        notes.times(kind, ask_often(client, address, rounds=ROUNDS), floor)


if __name__ == "__main__":
    run(measure, "queue_list")
