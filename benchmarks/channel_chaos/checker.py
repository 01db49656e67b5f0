"""Was an email lost, made a case twice, answered twice or in the wrong thread, or did programs answer each other?

Judged from the database, the log of the SMTP server and what the customers wrote.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.channel_chaos.customers import Customers, address
from benchmarks.channel_chaos.provider import answer
from benchmarks.chaos.checker import Lists, broken_promises
from benchmarks.chaos.provider import case_in

_CASES = """
    select item.id::text, item.title, item.status, item.external_id,
        (select count(*) from runs_run where case_id = item.id and outcome = 'case_completed')
    from cases_case item
"""
_MESSAGES = """
    select message.id::text, item.title, message.direction, message.status, message.message_id, message.recipient,
        coalesce(message.run_id::text, ''), message.begun_at is not null, message.text
    from cases_casemessage message join cases_case item on item.id = message.case_id
"""
# What is still to be done. What a killed sender may have sent is in doubt, and told after some minutes.
_OPEN = """
    select (select count(*) from cases_case where status <> 'completed')
        + (select count(*) from cases_casemessage where status = 'queued' and begun_at is null)
        + (select count(*) from channels_source where kind = 'imap'
            and jsonb_array_length(state->'to_read') + jsonb_array_length(coalesce(state->'backlog', '[]')) > 0)
"""


@dataclass
class Findings(Lists):
    """What is wanted of all of these is that they are empty."""

    lost: list[str] = field(default_factory=list)
    cases_twice: list[str] = field(default_factory=list)
    replies_twice: list[str] = field(default_factory=list)
    wrong_threads: list[str] = field(default_factory=list)
    loops: list[str] = field(default_factory=list)
    promises_broken: list[str] = field(default_factory=list)


@dataclass
class Trace:
    """`sent`: the log of the SMTP server."""

    cases: list[tuple[Any, ...]]
    messages: list[tuple[Any, ...]]
    sent: list[dict[str, str]]


def is_open(connection: psycopg.Connection[Any], customers: Customers) -> bool:
    """Whether something is still to be taken in, worked or sent."""
    row = connection.execute(_OPEN).fetchone()
    taken = {row[4] for row in connection.execute(_MESSAGES).fetchall() if row[2] == "in"}
    return bool(row and row[0]) or not set(customers.emails) | set(customers.answers) <= taken


def read(connection: psycopg.Connection[Any], outbox: Path) -> Trace:
    rows = [connection.execute(sql).fetchall() for sql in (_CASES, _MESSAGES)]
    return Trace(*rows, logged(outbox))


def logged(outbox: Path) -> list[dict[str, str]]:
    """A server that was killed may have left half a line: it has not answered then."""
    found = []
    for line in outbox.read_text().splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def check(connection: psycopg.Connection[Any], customers: Customers, outbox: Path) -> Findings:
    found = judge(read(connection, outbox), customers)
    found.promises_broken = list(broken_promises(connection))
    return found


def judge(trace: Trace, customers: Customers) -> Findings:
    found = Findings(lost=list(customers.lost))
    _judge_cases(trace, customers, found)
    _judge_incoming(trace, customers, found)
    _judge_replies(trace, customers, found)
    return found


def _judge_cases(trace: Trace, customers: Customers, found: Findings) -> None:
    of_number = Counter(case_in(title) for _, title, *_ in trace.cases if title.startswith("Chaos"))
    for number in customers.emails.values():
        if not of_number[number]:
            found.lost.append(f"email {number} made no case")
    found.cases_twice += [f"email {number} made {times} cases" for number, times in of_number.items() if times > 1]
    found.loops += [f"a case was made of {title}" for _, title, *_ in trace.cases if not title.startswith("Chaos")]
    found.lost += [f"case {title} is {status}" for _, title, status, *_ in trace.cases if status != "completed"]


def _judge_incoming(trace: Trace, customers: Customers, found: Findings) -> None:
    came = [row for row in trace.messages if row[2] == "in"]
    in_case = {row[4]: case_in(row[1]) for row in came}
    for id, number in (customers.emails | customers.answers).items():
        if id not in in_case:
            found.lost.append(f"{id} is in no case")
        elif in_case[id] != number:
            found.wrong_threads.append(f"{id} is in case {in_case[id]}")
    found.cases_twice += [
        f"{id} came {times} times" for id, times in Counter(row[4] for row in came).items() if times > 1
    ]
    known = set(customers.emails) | set(customers.answers)
    found.loops += [f"{row[4]} was taken in" for row in came if row[4] not in known]


def _judge_replies(trace: Trace, customers: Customers, found: Findings) -> None:
    sent = Counter(entry["Message-ID"] for entry in trace.sent)
    found.replies_twice += [f"{id} was sent {times} times" for id, times in sent.items() if times > 1]
    ours = {row[4]: row for row in trace.messages if row[2] == "out"}
    found.replies_twice += [
        f"run {run} wrote {times} replies"
        for run, times in Counter(row[6] for row in ours.values()).items()
        if times > 1
    ]
    for id, (_, title, _, status, _, recipient, _, is_begun, text) in ours.items():
        number = case_in(title)
        if status == "sent" and not sent[id]:
            found.lost.append(f"the reply {id} of case {number} was not sent")
        if status == "queued" and not is_begun:
            found.lost.append(f"the reply {id} of case {number} still waits")
        if recipient != address(number) or answer(number) not in text:
            found.wrong_threads.append(f"case {number} wrote to {recipient}: {text}")
    for entry in trace.sent:
        _judge_sent(entry, ours, customers, found)
    written = Counter(case_in(row[1]) for row in ours.values())
    for _, title, status, _, runs in trace.cases:
        if title.startswith("Chaos") and status == "completed" and written[case_in(title)] < runs:
            found.lost.append(f"{title} was completed {runs} times with {written[case_in(title)]} replies")


def _judge_sent(entry: dict[str, str], ours: dict[str, Any], customers: Customers, found: Findings) -> None:
    id, number = entry["Message-ID"], case_in(entry["text"])
    if id not in ours:
        found.lost.append(f"{id} was sent and is nowhere")
    if address(number) not in entry["To"]:
        found.wrong_threads.append(f"{id} about {number} went to {entry['To']}")
    theirs = customers.emails | customers.answers
    if theirs.get(entry["In-Reply-To"]) != number:
        found.wrong_threads.append(f"{id} about {number} answers {entry['In-Reply-To']}")


def in_doubt(trace: Trace) -> int:
    """How many replies nobody knows of whether they were sent."""
    return sum(row[2] == "out" and row[7] for row in trace.messages)
