"""How long the list of runs takes with a million runs in twenty teams, half of them in one: the whole request.

python -m benchmarks.runs_list [--quick]
"""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from benchmarks import ground
from benchmarks.figures import Notes
from benchmarks.ground import RARE, ask_often, empty, execute, member, run, turn_pages, vacuum
from builder.agents.agents import create_agent
from builder.models import Agent
from cases.queues.queues import create_queue, create_team
from teams.models import Team

TEAMS = 20
AGENTS = 30
ROUNDS = 20
MAILS = 20_000

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
    worker, requests, input_tokens, output_tokens, cost_usd, created_at, started_at, ended_at{columns})
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
    {values}
from generate_series(%(first)s, %(last)s) n
join mails mail on mail.number = n * 7919::bigint %% %(mails)s
cross join lateral (select now() - (%(runs)s - n) * interval '5 seconds' added, 1 + n * 104729::bigint %% %(count)s who,
    case when n > %(runs)s - 40 and n %% 5 = 0 then 'waiting' when n > %(runs)s - 60 and n %% 5 = 0 then 'queued'
        when n %% 25 = 4 then 'failed' when n %% 100 = 7 then 'stopped' else 'completed' end status) about
left join cases_case work on n %% 5 <> 0 and work.team_id = %(team)s and work.number = 1 + (n / 2) * 8 / 10
"""


def measure(notes: Notes, quick: bool) -> None:
    runs, deep = (40_000, 20) if quick else (1_000_000, 100)
    ground.keep_mails(_mails())
    execute("drop index run_words; drop index case_words")  # entry by entry would take an hour
    team, agents = fill("ours", runs // 2)
    for number in range(TEAMS - 1):
        fill(f"theirs-{number}", runs // 2 // (TEAMS - 1))
    execute("create index run_words on runs_runwords using gin (words) with (fastupdate = off)")
    vacuum()
    [(size,)] = execute("select pg_relation_size('run_words')")
    notes.note("runs of all teams", runs, "runs")
    notes.note("index of their words", size / 1e6, "MB")
    client, today = member(team)[0], timezone.localdate()
    floor = empty(member(create_team("nothing", "nothing"))[0], "/runs/")
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
        "most expensive first": {"sort": "cost"},
        "most expensive first, an agent without one": {"sort": "cost", "agent": agents[3].pk},
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
        "word, most expensive first": {"q": "damaged", "sort": "cost"},
    }
    for kind, query in kinds.items():
        notes.times(kind, ask_often(client, "/runs/", query, ROUNDS), floor)
    far: dict[str, ground.Query] = {"all": {}, "a word": {"q": "refund"}, "failed": {"state": "failed"}}
    for kind, query in far.items():
        notes.times(f"page {deep} of {kind}", turn_pages(client, "/runs/", query, deep)[-ROUNDS:], floor)


def fill(name: str, runs: int) -> tuple[Team, list[Agent]]:
    team = create_team(name, name)
    queue = create_queue(team, "Support")
    agents = [create_agent(team, f"Agent {number}") for number in range(AGENTS)]
    values: dict[str, Any] = {"team": team.pk, "queue": queue.pk, "mails": MAILS, "runs": runs, "count": AGENTS}
    values |= {"agents": [row.pk for row in agents], "revisions": [row.live_revision.pk for row in agents]}
    make = ground.complete(MAKE, "runs_run")
    execute(CASES, values)
    for first in range(1, runs + 1, 50_000):
        execute(make, values | {"first": first, "last": min(first + 49_999, runs)})
    return team, agents


def _mails() -> list[tuple[int, str, str]]:
    """Each has one of the rare words."""
    filler = [f"word{number}" for number in range(3_000)]
    return ground.mails(MAILS, lambda chance: [*chance.choices(filler, k=60), f"rare{chance.randrange(RARE)}"])


if __name__ == "__main__":
    run(measure, "runs_list")
