"""The verbs of agents: create, save, pause, duplicate, delete, restore. How they are saved is in `saving`."""

from collections.abc import Iterable
from itertools import count

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from builder.models import Agent, Revision
from builder.procedures import mentions, people
from builder.procedures.people import PeopleTarget
from builder.procedures.targets import OK
from data.errors import Refused
from data.redis import bell
from teams.access import live
from teams.audit import audit
from teams.models import User, new_id

from .connections import copy_connections
from .saving import (
    AOP_LIMIT,
    AgentChange,
    NewAgent,
    create_agent,
    create_agents,
    freeze,
    lock_agents,
    rename,
    save_agent,
    save_agents,
)

__all__ = [
    "AOP_LIMIT",
    "AgentChange",
    "NewAgent",
    "create_agent",
    "create_agents",
    "delete_agent",
    "duplicate_agent",
    "freeze",
    "mentioned_by",
    "pause_agent",
    "restore_agent",
    "resume_agent",
    "save_agent",
    "save_agents",
]


@transaction.atomic
def pause_agent(agent: Agent) -> None:
    """The agent starts no new runs; those it has go on. The reverse is `resume_agent`."""
    if Agent.objects.filter(pk=agent.pk, paused_at=None).update(paused_at=Now()):
        audit.record(agent.team_id, "agent_paused", agent)
    live.announce(agent.team_id, "agent", agent.pk)


@transaction.atomic
def resume_agent(agent: Agent) -> None:
    if Agent.objects.filter(pk=agent.pk, paused_at__isnull=False).update(paused_at=None):
        audit.record(agent.team_id, "agent_resumed", agent)
    live.announce(agent.team_id, "agent", agent.pk)
    bell.ring()


@transaction.atomic
def duplicate_agent(agent: Agent, author: User | None = None) -> Agent:
    """A copy with the same procedure and connections. Paused, so that it takes no cases until someone resumes it."""
    agent = lock_agents([agent.pk])[agent.pk]
    current, name, copied = agent.live_revision, _copy_name(agent), f"Copied from {agent.name}"
    id = new_id()
    # What the original says of itself, the copy says of itself.
    aop = mentions.redirect(current.aop, agent.pk, id, name)
    new = NewAgent(name, agent.description, aop, current.model, agent.may_ask, id, copied, current.fallback)
    [copy] = create_agents(agent.team, [new], author, said=copied)
    Agent.objects.filter(pk=copy.pk).update(
        budget=agent.budget, when_unavailable=agent.when_unavailable, paused_at=timezone.now()
    )
    copy_connections(agent, copy)
    copy.refresh_from_db()
    return copy


def _copy_name(agent: Agent) -> str:
    """ "Copy of X", with a number when that is taken."""
    taken = {name.casefold() for name in agent.team.agents.live().values_list("name", flat=True)}
    names = (f"Copy of {agent.name}"[: 80 - len(end)].rstrip() + end for end in _endings())
    return next(name for name in names if name.casefold() not in taken)


def _endings() -> Iterable[str]:
    yield ""
    yield from (f" {number}" for number in count(2))


type Replacement = Agent | PeopleTarget


@transaction.atomic
def delete_agent(
    agent: Agent, replacement: Replacement | None = None, author: User | None = None, override: str = ""
) -> list[Agent]:
    """Delete an agent softly; the next sweep of the clock sends its work back to the queues.

    Its mentions turn red, or become those of `replacement`, each in a new live revision of the mentioning agent.
    Answers with the agents that mentioned it. `override`: as of `save_agents`.
    """
    mentioning = list(mentioned_by(agent))
    lock_agents(row.pk for row in [agent, *mentioning, *([replacement] if isinstance(replacement, Agent) else [])])
    if replacement is not None:
        _check_replacement(agent, replacement)
        save_agents([_replaced(other, agent, replacement) for other in mentioning], author=author, override=override)
        # Replace each draft by a new row, as always: anyone who has one open is asked which text to keep.
        drafts = Revision.objects.filter(team_id=agent.team_id, status=Revision.Status.DRAFT)
        for draft in drafts.filter(aop__contains=str(agent.pk)).select_for_update(no_key=True):
            draft.delete()
            draft.id = new_id()
            draft.aop = _redirected(draft.aop, agent, replacement)
            draft.save(force_insert=True)
    if Agent.objects.filter(pk=agent.pk, deleted_at=None).update(deleted_at=timezone.now()):
        audit.record(agent.team_id, "agent_deleted", agent, f"Replaced by {replacement.name}" if replacement else "")
    live.announce(agent.team_id, "agent", agent.pk)
    for other in mentioning:
        live.announce(agent.team_id, "agent", other.pk)
    bell.ring()
    return mentioning


def replace_deleted(
    agent: Agent, replacement: Replacement, author: User | None = None, override: str = ""
) -> list[Agent]:
    """Mention the replacement wherever a deleted agent is mentioned, as if chosen when that was deleted."""
    if not agent.is_deleted:
        raise Refused(f"{agent.name} has been restored.", "not_deleted")
    return delete_agent(agent, replacement, author, override)


def _check_replacement(agent: Agent, replacement: Replacement) -> None:
    """Refused unless it is another live agent of the team, or people of it who may work cases."""
    if isinstance(replacement, PeopleTarget):
        found = people.find_people(agent.team_id, [replacement.id]).get(replacement.id)
        if found is None or found.status != OK:
            raise _no_replacement(f"{replacement.name} can no longer work cases here. Choose someone else.")
        return
    if replacement.pk == agent.pk or replacement.team_id != agent.team_id:
        raise _no_replacement("Choose another agent that takes its place.")
    replacement.refresh_from_db()
    if replacement.is_deleted:
        raise _no_replacement(f"{replacement.name} has been deleted. Choose another agent.")


def _redirected(text: str, agent: Agent, to: Replacement) -> str:
    kind = to.kind if isinstance(to, PeopleTarget) else mentions.AGENT
    return mentions.redirect(text, agent.pk, to.id, to.name, kind)


def _replaced(other: Agent, agent: Agent, replacement: Replacement) -> AgentChange:
    aop = _redirected(other.live_revision.aop, agent, replacement)
    return AgentChange(other.pk, aop=aop, note=f"@{agent.name} was deleted: @{replacement.name} in its place")


def _no_replacement(message: str) -> Refused:
    return Refused(message, "invalid_replacement", {"replacement_id": message})


@transaction.atomic
def restore_agent(agent: Agent, name: str | None = None, override: str = "") -> Agent:
    """Restore a deleted agent, under another name if its own is in use by now. The reverse of `delete_agent`."""
    agent = lock_agents([agent.pk])[agent.pk]
    if not agent.is_deleted:
        return agent
    agent.deleted_at = None
    rename(agent, agent.name if name is None else name, override)
    audit.record(agent.team_id, "agent_restored", agent)
    live.announce(agent.team_id, "agent", agent.pk)
    for other in mentioned_by(agent):
        live.announce(agent.team_id, "agent", other.pk)
    bell.ring()
    return agent


def mentioned_by(agent: Agent) -> Iterable[Agent]:
    """The other live agents whose live revision mentions this one."""
    others = Agent.objects.live().exclude(pk=agent.pk)
    return others.filter(revisions__status=Revision.Status.LIVE, revisions__mentions__target=agent)
