"""Create the demo team of `texts.py` in an empty database."""

import secrets
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from builder.agents.agents import create_agent, save_agent
from builder.agents.connections import Consumes, connect
from builder.models import Agent
from cases.models import Case, Queue
from cases.queues.queues import create_queue, create_team, save_queue
from cases.work.creation import NewCase, add_cases
from teams.audit.actors import BATON
from teams.models import Member, Team, User
from teams.people import accounts
from teams.people.demo_account import EMAIL, PASSWORD

from . import texts

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without characters that are easily confused
_AT_ONCE, _BETWEEN = 3, timedelta(seconds=4)
_LOCK = 0x44_45_4D_4F


@transaction.atomic
def seed_demo() -> bool:
    """Create the demo and return True, or return False if there already is a team, whose data must not be touched."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])  # so that two first starts at once create one demo
    if Team.objects.exists():
        return False
    team = create_team("Fernhill", "demo", is_demo=True)
    user = User.objects.create_superuser(EMAIL, PASSWORD, first_name="Demo")
    accounts.change_email(user, EMAIL, verified=True)  # nobody can receive email at this address
    Member.objects.create(team=team, user=user, role=Member.Role.ADMINISTRATOR)
    queue = create_queue(team, texts.QUEUE, texts.QUEUE_DESCRIPTION)
    agents = _agents(team, queue)
    save_queue(queue, first_agent=agents[texts.TRIAGE.name])
    add_cases(queue, [_case(case, place) for place, case in enumerate(texts.CASES)], by=BATON)
    return True


@transaction.atomic
def close_demo() -> str:
    """Replace the well-known password of the demo's account and remove its operator rights. Return the new password, or
    nothing if the account already had another one. An installation may open to other machines later.
    """
    user = User.objects.select_for_update().filter(email=EMAIL).first()
    if user is None or not user.check_password(PASSWORD):
        return ""
    password = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))
    user.set_password(password)
    user.is_staff = user.is_superuser = False
    user.save(update_fields=["password", "is_staff", "is_superuser"])
    accounts.end_sessions(user)
    return password


def _agents(team: Team, queue: Queue) -> dict[str, Agent]:
    """Create all agents first, then the procedures, which may mention any of them."""
    agents = {row.name: create_agent(team, row.name, row.description, may_ask=row.ask_person) for row in texts.AGENTS}
    ids = {name: agent.pk for name, agent in agents.items()}
    for row in texts.AGENTS:
        save_agent(agents[row.name], aop=texts.procedure(row.aop, ids))
        connect(agents[row.name], [Consumes(queue.pk, concurrency=5)])
    return agents


def _case(row: texts.DemoCase, place: int) -> NewCase:
    """Create the cases one by one, so that anyone who opens the page in time still sees a handover."""
    arrives = timezone.now() + max(0, place - _AT_ONCE + 1) * _BETWEEN
    return NewCase(
        title=row.title,
        data=row.data,
        priority=Case.Priority[row.priority.upper()],
        labels=row.labels,
        postpone_until=arrives if place >= _AT_ONCE else None,
    )
