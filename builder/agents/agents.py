"""The verbs of agents: create, save, try, pause, duplicate, delete, restore."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from builder.models import Agent, Mention, Revision
from builder.procedures import mentions, needs
from data.errors import Refused
from data.redis import bell
from data.texts.text import one_line, plain_name, prose
from teams.access import live
from teams.audit import audit
from teams.models import Team, User, new_id
from web.forms.refusals import refusing_a_taken_name

from .connections import copy_connections

AOP_LIMIT = 200_000


@dataclass(frozen=True)
class NewAgent:
    name: str
    description: str = ""
    aop: str = ""
    model: str = ""
    may_ask: bool = True
    id: UUID = field(default_factory=new_id)
    note: str = ""
    fallback: str = ""


def create_agent(
    team: Team,
    name: str,
    description: str = "",
    aop: str = "",
    model: str = "",
    *,
    may_ask: bool = True,
    fallback: str = "",
    author: User | None = None,
) -> Agent:
    new = NewAgent(name, description, aop, model, may_ask, fallback=fallback)
    [agent] = create_agents(team, [new], author)
    return agent


@transaction.atomic
def create_agents(team: Team, wanted: Sequence[NewAgent], author: User | None = None) -> list[Agent]:
    """In that order. Agents that are made together may mention each other, by the ids that they are given."""
    made = [Agent(id=new.id, team=team, may_ask=new.may_ask) for new in wanted]
    for agent, new in zip(made, wanted, strict=True):
        _name(agent, new.name, new.description)
        _save_name(agent)
    for agent, new in zip(made, wanted, strict=True):
        _publish(agent, 1, new.aop, new.model, author, fallback=new.fallback, note=new.note)
        audit.record(team.pk, "agent_made", agent)
        live.announce(team.pk, "agent", agent.pk)
    return made


@transaction.atomic
def save_agent(
    agent: Agent,
    *,
    name: str | None = None,
    description: str | None = None,
    may_ask: bool | None = None,
    aop: str | None = None,
    model: str | None = None,
    fallback: str | None = None,
    author: User | None = None,
    note: str = "",
) -> Agent:
    """Saves what is given. What an agent is told becomes a new live revision, for runs that start from now on."""
    agent = _locked(agent)
    before = (agent.name, agent.description, agent.may_ask)
    if may_ask is not None:
        agent.may_ask = may_ask
    _name(agent, agent.name if name is None else name, agent.description if description is None else description)
    _save_name(agent)
    after = (agent.name, agent.description, agent.may_ask)
    if change := audit.changes(zip(("Name", "Description", "May ask people"), before, after, strict=True)):
        audit.record(agent.team_id, "agent_changed", agent, change)
    current = agent.live_revision
    aop = current.aop if aop is None else prose(aop, "aop", AOP_LIMIT)
    model = current.model if model is None else model
    fallback = current.fallback if fallback is None else _fallback(fallback)
    if (aop, model, fallback) != (current.aop, current.model, current.fallback):
        Revision.objects.filter(pk=current.pk).update(status=Revision.Status.HISTORIC)
        made = _publish(agent, current.number + 1, aop, model, author, fallback=fallback, note=note)
        audit.record(agent.team_id, "agent_published", agent, _published(current, made))
    live.announce(agent.team_id, "agent", agent.pk)
    bell.ring()  # an agent that was held up by its AOP may have cases waiting
    return agent


def _published(before: Revision, made: Revision) -> str:
    changed = [
        ("Revision", before.number, made.number),
        ("Procedure", before.aop, made.aop),
        ("Model", before.model, made.model),
        ("Model if that fails", before.fallback, made.fallback),
    ]
    lines = [*audit.changes(changed).splitlines(), f"Note: {made.note}" if made.note else ""]
    return "\n".join(filter(None, lines))


@transaction.atomic
def freeze(agent: Agent, aop: str, model: str, fallback: str = "", author: User | None = None) -> Revision:
    """The revision with this text and these models, so that a run can follow it: the live one, or a tried one."""
    current = _locked(agent).live_revision
    aop, model, fallback = _labelled(agent, prose(aop, "aop", AOP_LIMIT)), _model(model), _fallback(fallback)
    if (aop, model, fallback) == (_labelled(agent, current.aop), current.model, current.fallback):
        return current
    status = Revision.Status.TRIED
    tried = agent.revisions.filter(status=status, number=current.number, aop=aop, model=model, fallback=fallback)
    return tried.first() or _publish(agent, current.number, aop, model, author, fallback=fallback, status=status)


def _labelled(agent: Agent, aop: str) -> str:
    """With the current names in the mentions, whatever they were called when the text was written."""
    found = Agent.objects.filter(team_id=agent.team_id, pk__in=mentions.target_ids(aop))
    return mentions.relabel(aop, dict(found.values_list("pk", "name")))


def _publish(
    agent: Agent,
    number: int,
    aop: str,
    model: str,
    author: User | None,
    *,
    fallback: str,
    note: str = "",
    status: Revision.Status = Revision.Status.LIVE,
) -> Revision:
    aop = prose(aop, "aop", AOP_LIMIT)
    ids = mentions.target_ids(aop)
    targets = {target.pk: target for target in Agent.objects.filter(team_id=agent.team_id, pk__in=ids)}
    if unknown := [mention for mention in mentions.find_mentions(aop) if mention.agent_id not in targets]:
        message = f"“@{unknown[0].name}” is not an agent of this team. Remove it, or mention the agent again."
        raise Refused(message, "unknown_mention", {"aop": message})
    revision = Revision.objects.create(
        team_id=agent.team_id,
        agent=agent,
        number=number,
        status=status,
        aop=mentions.relabel(aop, {pk: target.name for pk, target in targets.items()}),
        model=_model(model),
        fallback=_fallback(fallback),
        needs=needs.NEEDS.dump_python([*needs.read(aop).needs], mode="json"),
        author=author,
        note=one_line(note, "note", 200, required=False),
    )
    Mention.objects.bulk_create(
        Mention(team_id=agent.team_id, revision=revision, target_id=target, position=position)
        for position, target in enumerate(ids)
    )
    return revision


def _model(name: str) -> str:
    return one_line(name, "model", 100, required=False) or settings.BATON_DEFAULT_MODEL


def _fallback(name: str) -> str:
    return one_line(name, "fallback", 100, required=False)


def _name(agent: Agent, name: str, description: str) -> None:
    agent.name = plain_name(name, "name", 80)
    agent.description = one_line(description, "description", 200, required=False)


def _save_name(agent: Agent) -> None:
    with refusing_a_taken_name("live_agent_names_are_unique", "An agent", agent.name):
        agent.save()


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
    agent = _locked(agent)
    current = agent.live_revision
    copy = Agent(team=agent.team, may_ask=agent.may_ask, budget=agent.budget, paused_at=timezone.now())
    _name(copy, _copy_name(agent), agent.description)
    _save_name(copy)
    # What the original says of itself, the copy says of itself.
    aop = mentions.redirect(current.aop, agent.pk, copy.pk, copy.name)
    _publish(copy, 1, aop, current.model, author, fallback=current.fallback, note=f"Copied from {agent.name}")
    copy_connections(agent, copy)
    audit.record(agent.team_id, "agent_made", copy, f"Copied from {agent.name}")
    live.announce(agent.team_id, "agent", copy.pk)
    return copy


def _copy_name(agent: Agent) -> str:
    """ "Copy of X", with a number when that is taken."""
    taken = {name.casefold() for name in agent.team.agents.live().values_list("name", flat=True)}
    names = (f"Copy of {agent.name}"[: 80 - len(end)].rstrip() + end for end in _endings())
    return next(name for name in names if name.casefold() not in taken)


def _endings() -> Iterable[str]:
    yield ""
    yield from (f" {number}" for number in count(2))


@transaction.atomic
def delete_agent(agent: Agent, replacement: Agent | None = None, author: User | None = None) -> list[Agent]:
    """Soft; the next sweep sends its work back to the queues.

    Its mentions turn red, or become those of `replacement`, each in a new live revision of the mentioning agent.
    Answers with the agents that mentioned it.
    """
    if replacement is not None and (replacement.pk == agent.pk or replacement.team_id != agent.team_id):
        raise _no_replacement("Please choose another agent that takes its place.")
    mentioning = list(mentioned_by(agent))
    _lock_all([agent, *mentioning, *([replacement] if replacement else [])])
    if replacement is not None:
        replacement.refresh_from_db()
        if replacement.is_deleted:
            raise _no_replacement(f"{replacement.name} was deleted meanwhile. Please choose another agent.")
        for other in mentioning:
            _replace_mentions(other, agent, replacement, author)
        _replace_in_drafts(agent, replacement)
    if Agent.objects.filter(pk=agent.pk, deleted_at=None).update(deleted_at=timezone.now()):
        audit.record(agent.team_id, "agent_deleted", agent, f"Replaced by {replacement}" if replacement else "")
    live.announce(agent.team_id, "agent", agent.pk)
    for other in mentioning:
        live.announce(agent.team_id, "agent", other.pk)
    bell.ring()
    return mentioning


def _lock_all(agents: Iterable[Agent]) -> None:
    """In one order, so that two who delete agents that mention each other do not wait for one another."""
    rows = Agent.objects.filter(pk__in={agent.pk for agent in agents}).select_for_update(no_key=True).order_by("pk")
    list(rows)


def _replace_mentions(other: Agent, agent: Agent, replacement: Agent, author: User | None) -> None:
    aop = mentions.redirect(other.live_revision.aop, agent.pk, replacement.pk, replacement.name)
    note = f"@{agent.name} was deleted: @{replacement.name} in its place"
    save_agent(other, aop=aop, author=author, note=note)


def _replace_in_drafts(agent: Agent, replacement: Agent) -> None:
    """Another row takes the place of each, as always: who has one open is asked which text it shall be."""
    drafts = Revision.objects.filter(team_id=agent.team_id, status=Revision.Status.DRAFT)
    for draft in drafts.filter(aop__contains=str(agent.pk)).select_for_update(no_key=True):
        draft.delete()
        draft.id = new_id()
        draft.aop = mentions.redirect(draft.aop, agent.pk, replacement.pk, replacement.name)
        draft.save(force_insert=True)


def _no_replacement(message: str) -> Refused:
    return Refused(message, "invalid_replacement", {"replacement_id": message})


@transaction.atomic
def restore_agent(agent: Agent, name: str | None = None) -> Agent:
    """Restore a deleted agent, under another name if its own is in use by now. The reverse of `delete_agent`."""
    agent = _locked(agent)
    if not agent.is_deleted:
        return agent
    agent.deleted_at = None
    _name(agent, agent.name if name is None else name, agent.description)
    _save_name(agent)
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


def _locked(agent: Agent) -> Agent:
    return Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
