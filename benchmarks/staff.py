"""The desk of two-stage cases: Triage hands over to Billing. Import it after Django is set up."""

from benchmarks.provider import mail
from builder.agents.agents import create_agent
from builder.agents.connections import Consumes, connect
from builder.procedures import mentions
from cases.models import Queue
from cases.queues.queues import create_queue, create_team, save_queue
from cases.work.creation import BATCH_LIMIT, NewCase, add_cases
from teams.audit.actors import BATON


def desk(number: int = 1) -> Queue:
    """A queue whose cases Triage gets first; Billing completes them. Or the first of so many."""
    team = create_team("Ours", "ours")
    queues = [create_queue(team, f"Support {place}" if place else "Support") for place in range(number)]
    billing = create_agent(team, "Billing", aop="Refund what was paid twice, then complete the case.")
    triage = create_agent(team, "Triage", aop=f"Refunds go to {mentions.token(billing.pk, billing.name)}.")
    for agent in (billing, triage):
        connect(agent, [Consumes(queue.pk, 1000) for queue in queues])
    for queue in queues:
        save_queue(queue, first_agent=triage)
    return queues[0]


def add_mails(queue: Queue, first: int, count: int) -> None:
    for start in range(first, first + count, BATCH_LIMIT):
        numbers = range(start, min(start + BATCH_LIMIT, first + count))
        add_cases(queue, [NewCase(title, {"message": text}) for title, text in map(mail, numbers)], by=BATON)
