"""How long the list of cases takes with a million cases in a team: the whole request, per kind of question.

    python -m benchmarks.case_list [--quick]

Another team has a tenth as many cases.
"""

import random

from benchmarks import ground
from benchmarks.figures import Notes, timed
from benchmarks.ground import PART, RARE, ask_often, empty, execute, member, run, turn_pages, vacuum
from builder.agents.agents import create_agent
from builder.agents.connections import Consumes, connect
from builder.models import Agent
from cases.models import Queue
from cases.queues.queues import create_queue, create_team
from cases.work.creation import BATCH_LIMIT, NewCase, add_cases
from teams.audit.actors import BATON
from teams.models import Team

ROUNDS = 20
MAILS = 20_000

MAKE = """
insert into cases_case (id, team_id, queue_id, number, title, data, priority, labels, external_digest, status, reason,
    detail, assignee_id, worked_by_id, rank, due_at, hops, fence, last_seq, created_at, moved_at)
select gen_random_uuid(), %(team)s, %(queue)s, n, mail.title,
    jsonb_build_object('from', 'customer' || n %% 100000 || '@example.com', 'order', 'A-' || n, 'message', mail.body),
    case when n %% 20 = 0 then 2 when n %% 7 = 0 then 1 else 0 end,
    case when n %% 1000 = 0 then '["urgent"]'::jsonb when n %% 3 = 0 then '["mail"]' else '[]' end, '', status,
    case when status = 'needs_input' then 'no_outcome' else '' end, '', case when n %% 10 > 6 then agent end, agent, 2,
    case when status = 'postponed' then now() + interval '1 day' end, 0, 1, 1,
    added, added + n %% 50000 * interval '1 second'
from generate_series(%(first)s, %(last)s) n
join mails mail on mail.number = n * 7919::bigint %% %(mails)s
cross join lateral (select now() - (%(cases)s - n) * interval '5 seconds' added,
    case when n %% 100 < 90 then 'completed' when n %% 100 < 92 then 'failed' when n %% 100 < 93 then 'needs_input'
    when n %% 100 < 94 then 'postponed' else 'pending' end status, (%(agents)s::uuid[])[1 + n %% 10] agent) about
"""


def measure(notes: Notes, quick: bool) -> None:
    cases, deep = (20_000, 20) if quick else (1_000_000, 200)
    team, agents, queues = fill("ours", cases)
    fill("theirs", cases // 10)
    vacuum()
    [(size,)] = execute("select pg_relation_size('case_words')")
    notes.note("cases of the team", cases, "cases")
    notes.note("index of their words", size / 1e6, "MB")
    client, _ = member(team)
    floor = empty(member(create_team("nothing", "nothing"))[0], "/cases/", headers=PART)
    agent, queue = agents[3].pk, queues[1].pk
    kinds: dict[str, dict[str, object]] = {
        "first page": {},
        "open": {"status": "open"},
        "needs me": {"status": "needs_me"},
        "one state": {"status": "postponed"},
        "one queue": {"queue": queue},
        "with an agent": {"agent": agent},
        "last worked by an agent": {"worked": agent},
        "older than 30 days": {"age": "over-month"},
        "a rare label": {"label": "urgent"},
        "a common label": {"label": "mail"},
        "high, failed, of a queue": {"priority": 2, "status": "failed", "queue": queue},
        "most urgent first": {"sort": "priority"},
        "last moved first": {"sort": "moved"},
        "oldest first": {"sort": "oldest"},
        "word in half of all": {"q": "refund"},
        "word in one of a hundred": {"q": "chargeback"},
        "rare word": {"q": "rare777"},
        "beginning of a word": {"q": "char"},
        "one letter": {"q": "c"},
        "two common words": {"q": "invoice delivery"},
        "common and rare word": {"q": "refund rare777"},
        "words never together": {"q": "apple banana"},
        "an address": {"q": "customer4711@example.com"},
        "order number": {"q": "A-777777"},
        "number of a case": {"q": "#777777"},
        "nobody's word": {"q": "qqxzzv"},
        "word and open": {"q": "invoice", "status": "open"},
        "word, label and state": {"q": "damaged", "label": "mail", "status": "failed"},
    }
    for kind, query in kinds.items():
        notes.times(kind, ask_often(client, "/cases/", query, ROUNDS, headers=PART), floor)
    notes.times(f"page {deep} of all", turn_pages(client, "/cases/", {}, deep, headers=PART)[-1:], floor)
    notes.times(
        f"page {deep} of a word", turn_pages(client, "/cases/", {"q": "refund"}, deep, headers=PART)[-1:], floor
    )
    items = [NewCase(title, {"message": body}) for _, title, body in _mails()[:BATCH_LIMIT]]
    notes.times(f"{BATCH_LIMIT} cases added", [timed(lambda: add_cases(queues[0], items, by=BATON)) for _ in range(5)])


def fill(name: str, cases: int) -> tuple[Team, list[Agent], list[Queue]]:
    team = create_team(name, name)
    queues = [create_queue(team, f"Queue {number}") for number in range(4)]
    agents = [create_agent(team, f"Agent {number}") for number in range(10)]
    for agent in agents:
        connect(agent, [Consumes(queue.pk) for queue in queues])
    ground.keep_mails(_mails())
    # Entry by entry would take an hour.
    execute("drop index if exists case_words")
    for first in range(1, cases + 1, 50_000):
        values = {"team": team.pk, "first": first, "last": min(first + 49_999, cases), "cases": cases}
        values |= {"queue": queues[first // 50_000 % 4].pk, "mails": MAILS, "agents": [row.pk for row in agents]}
        execute(MAKE, values)
    execute("create index case_words on cases_casewords using gin (words) with (fastupdate = off)")
    team.last_case_number = cases
    team.save()
    return team, agents, queues


def _mails() -> list[tuple[int, str, str]]:
    """One mail in three has one of the rare words; of two words each has one, so they are never together."""

    def words(chance: random.Random) -> list[str]:
        rare = [f"rare{chance.randrange(RARE)}"] * (chance.random() < 0.33)
        usual = [f"word{int(chance.paretovariate(1)) % 5000}" for _ in range(40)]
        return [chance.choice(["apple", "banana"]), *rare, *usual]

    return ground.mails(MAILS, words)


if __name__ == "__main__":
    run(measure, "case_list")
