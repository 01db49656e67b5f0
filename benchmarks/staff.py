"""The desk of two-stage cases: Triage hands over to Billing. For whoever has set Django up."""

from benchmarks.provider import mail
from builder import mentions
from builder.agents import create_agent
from builder.connections import Consumes, connect
from cases.creation import BATCH_LIMIT, NewCase, add_cases
from cases.models import Queue
from cases.queues import create_queue, save_queue
from cases.teams import create_team
from teams.actors import BATON


def desk() -> Queue:
    """A queue whose cases Triage gets first; Billing completes them."""
    team = create_team("Ours", "ours")
    queue = create_queue(team, "Support")
    billing = create_agent(team, "Billing", aop="Refund what was paid twice, then complete the case.")
    triage = create_agent(team, "Triage", aop=f"Refunds go to {mentions.token(billing.pk, billing.name)}.")
    for agent in (billing, triage):
        connect(agent, [Consumes(queue.pk, 1000)])
    save_queue(queue, first_agent=triage)
    return queue


def add_mails(queue: Queue, first: int, count: int) -> None:
    for start in range(first, first + count, BATCH_LIMIT):
        numbers = range(start, min(start + BATCH_LIMIT, first + count))
        add_cases(queue, [NewCase(title, {"message": text}) for title, text in map(mail, numbers)], by=BATON)
