"""The verbs of agents: create, save, connect, pause, delete."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from teams import bell, live
from teams.errors import Refused
from teams.models import Team, User
from teams.text import one_line, prose

from . import mentions
from .models import Agent, Mention, QueueConnection, Revision

AOP_LIMIT = 200_000


@dataclass(frozen=True)
class Consumes:
    queue_id: UUID
    concurrency: int = 5


@transaction.atomic
def create_agent(
    team: Team,
    name: str,
    description: str = "",
    aop: str = "",
    model: str = "",
    *,
    may_ask: bool = True,
    author: User | None = None,
) -> Agent:
    agent = Agent(team=team, may_ask=may_ask)
    _name(agent, name, description)
    _save_name(agent)
    _publish(agent, 1, aop, model, author)
    live.announce(team.pk, "agent", agent.pk)
    return agent


@transaction.atomic
def save_agent(
    agent: Agent,
    *,
    name: str | None = None,
    description: str | None = None,
    may_ask: bool | None = None,
    aop: str | None = None,
    model: str | None = None,
    author: User | None = None,
) -> Agent:
    """Saves what is given. Another AOP or model becomes a new live revision, for the runs that start from now on."""
    agent = _locked(agent)
    if may_ask is not None:
        agent.may_ask = may_ask
    _name(agent, agent.name if name is None else name, agent.description if description is None else description)
    _save_name(agent)
    current = agent.live_revision
    aop = current.aop if aop is None else prose(aop, "aop", AOP_LIMIT)
    model = current.model if model is None else model
    if (aop, model) != (current.aop, current.model):
        Revision.objects.filter(pk=current.pk).update(status=Revision.Status.HISTORIC)
        _publish(agent, current.number + 1, aop, model, author)
    live.announce(agent.team_id, "agent", agent.pk)
    bell.ring()  # an agent that was held up by its AOP may have cases waiting
    return agent


def _publish(agent: Agent, number: int, aop: str, model: str, author: User | None) -> Revision:
    aop = prose(aop, "aop", AOP_LIMIT)
    ids = mentions.target_ids(aop)
    targets = {target.pk: target for target in Agent.objects.filter(team_id=agent.team_id, pk__in=ids)}
    if unknown := [mention for mention in mentions.find(aop) if mention.agent_id not in targets]:
        message = f"“@{unknown[0].name}” is not an agent of this team. Remove it, or mention the agent anew."
        raise Refused(message, "unknown_mention", {"aop": message})
    revision = Revision.objects.create(
        team_id=agent.team_id,
        agent=agent,
        number=number,
        status=Revision.Status.LIVE,
        aop=mentions.relabel(aop, {pk: target.name for pk, target in targets.items()}),
        model=one_line(model, "model", 100, required=False) or settings.BATON_DEFAULT_MODEL,
        author=author,
    )
    Mention.objects.bulk_create(
        Mention(team_id=agent.team_id, revision=revision, target_id=target, position=position)
        for position, target in enumerate(ids)
    )
    return revision


def _name(agent: Agent, name: str, description: str) -> None:
    agent.name = one_line(name, "name", 80)
    agent.description = one_line(description, "description", 200, required=False)


def _save_name(agent: Agent) -> None:
    try:
        with transaction.atomic():
            agent.save()
    except IntegrityError as error:
        if "live_agent_names_are_unique" not in str(error):
            raise
        message = f"An agent called “{agent.name}” already exists. Please choose another name."
        raise Refused(message, "name_taken", {"name": message}) from error


@transaction.atomic
def connect(agent: Agent, consumes: Iterable[Consumes] | None = None, produces: Iterable[UUID] | None = None) -> None:
    """Replaces the agent's queue connections of each role that is given."""
    _locked(agent)
    if consumes is not None:
        rows = {item.queue_id: {"concurrency": item.concurrency} for item in consumes}
        _replace(agent, QueueConnection.Role.CONSUMER, rows)
    if produces is not None:
        _replace(agent, QueueConnection.Role.PRODUCER, {queue: {} for queue in produces})
    live.announce(agent.team_id, "agent", agent.pk)
    bell.ring()


def _replace(agent: Agent, role: QueueConnection.Role, rows: dict[UUID, dict[str, Any]]) -> None:
    QueueConnection.objects.filter(agent=agent, role=role).exclude(queue_id__in=rows).delete()
    for queue_id, fields in rows.items():
        QueueConnection.objects.update_or_create(
            agent=agent, queue_id=queue_id, role=role, defaults={**fields, "team_id": agent.team_id}
        )


def pause_agent(agent: Agent) -> None:
    """The agent starts no new runs; those it has go on. The reverse is `resume_agent`."""
    Agent.objects.filter(pk=agent.pk, paused_at=None).update(paused_at=Now())
    live.announce(agent.team_id, "agent", agent.pk)


def resume_agent(agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(paused_at=None)
    live.announce(agent.team_id, "agent", agent.pk)
    bell.ring()


@transaction.atomic
def delete_agent(agent: Agent) -> None:
    """Soft. Its mentions turn red, and the next sweep sends its work back to the queues."""
    _locked(agent)
    Agent.objects.filter(pk=agent.pk, deleted_at=None).update(deleted_at=timezone.now())
    live.announce(agent.team_id, "agent", agent.pk)
    for mentioning in mentioned_by(agent):
        live.announce(agent.team_id, "agent", mentioning.pk)
    bell.ring()


def mentioned_by(agent: Agent) -> Iterable[Agent]:
    """The other live agents whose live revision mentions this one."""
    others = Agent.objects.live().exclude(pk=agent.pk)
    return others.filter(revisions__status=Revision.Status.LIVE, revisions__mentions__target=agent)


def _locked(agent: Agent) -> Agent:
    return Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
