"""Saving agents: the one module that writes what an agent is called and told, and with it every route.

Whatever changes a route passes `save_agents`: the form, the API, an import, a restored revision, a quick fix, and the
replacement of a deleted agent. In one transaction it writes the agents, their revisions, mentions and connections, the
audit log and the signals to open pages; and before that transaction ends, the gate of routing tests has its say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from builder.availability.rules import WhenUnavailable, change_rule
from builder.gate.gate import guarded
from builder.models import Agent, Mention, PeopleMention, Revision
from builder.procedures import mentions, needs, people
from builder.procedures.people import PeopleTarget
from builder.usage import limits
from data.errors import Refused
from data.redis import bell
from data.texts.text import one_line, plain_name, prose
from teams.access import live
from teams.audit import audit
from teams.models import Team, User, new_id
from teams.settings.budgets import Budget
from web.forms.refusals import refusing_a_taken_name

from . import connections
from .connections import Consumes

AOP_LIMIT = 200_000


@dataclass(frozen=True)
class NewAgent:
    """An agent that is to be made. Its id is known before, so that agents made together can mention each other."""

    name: str
    description: str = ""
    aop: str = ""
    model: str = ""
    may_ask: bool = True
    id: UUID = field(default_factory=new_id)
    note: str = ""
    fallback: str = ""


@dataclass(frozen=True)
class AgentChange:
    """What is to be saved of an agent. What is None stays as it is."""

    agent_id: UUID
    name: str | None = None
    description: str | None = None
    may_ask: bool | None = None
    replies_freely: bool | None = None
    aop: str | None = None
    model: str | None = None
    fallback: str | None = None
    note: str = ""
    consumes: list[Consumes] | None = None
    produces: list[UUID] | None = None
    tools: list[UUID] | None = None
    budget: Budget | None = None
    when_unavailable: WhenUnavailable | None = None

    @property
    def connects(self) -> bool:
        return self.consumes is not None or self.produces is not None or self.tools is not None


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
def create_agents(team: Team, wanted: Sequence[NewAgent], author: User | None = None, said: str = "") -> list[Agent]:
    """Create agents in that order. Nobody mentions them yet, so no route changes. `said` goes to the audit log."""
    made = [Agent(id=new.id, team=team, may_ask=new.may_ask) for new in wanted]
    # All are named first, since they may mention one another.
    for agent, new in zip(made, wanted, strict=True):
        _name(agent, new.name, new.description)
    for agent, new in zip(made, wanted, strict=True):
        _publish(agent, 1, new.aop, new.model, author, fallback=new.fallback, note=new.note)
        audit.record(team.pk, "agent_made", agent, said)
        live.announce(team.pk, "agent", agent.pk)
    return made


def save_agent(agent: Agent, *, author: User | None = None, override: str = "", **changes: Any) -> Agent:
    """Save one agent. `changes` are the fields of an `AgentChange`."""
    [saved] = save_agents([AgentChange(agent.pk, **changes)], author=author, override=override)
    return saved


@transaction.atomic
def save_agents(changes: Sequence[AgentChange], *, author: User | None = None, override: str = "") -> list[Agent]:
    """Save what is given, all of it or nothing. What an agent is told becomes a new live revision, for runs that start
    from now on. `override` is the reason to go past the gate of routing tests; else RoutesHeld, where they guard.
    """
    override = one_line(override, "override", 500, required=False)
    agents = lock_agents(change.agent_id for change in changes)
    with guarded(list(agents.values()), override):
        return [_save(agents[change.agent_id], change, author, override) for change in changes]


def lock_agents(ids: Iterable[UUID]) -> dict[UUID, Agent]:
    """Lock agents in one order, so that two people who save several agents do not wait for one another."""
    # Not stronger than needed: runs and cases that refer to these agents go on.
    rows = Agent.objects.filter(pk__in=set(ids)).select_related("team").select_for_update(no_key=True, of=("self",))
    return {agent.pk: agent for agent in rows.order_by("pk")}


def rename(agent: Agent, name: str, override: str = "") -> None:
    """Rename an agent that is restored under another name. Its row is locked, and written whole. `override`: as of
    `save_agents`.
    """
    override = one_line(override, "override", 500, required=False)
    with guarded([agent], override):
        _name(agent, name, agent.description)


def _save(agent: Agent, change: AgentChange, author: User | None, override: str) -> Agent:
    before = (agent.name, agent.description, agent.may_ask, agent.replies_freely)
    if change.may_ask is not None:
        agent.may_ask = change.may_ask
    if change.replies_freely is not None:
        agent.replies_freely = change.replies_freely
    name, description = change.name, change.description
    _name(agent, agent.name if name is None else name, agent.description if description is None else description)
    after = (agent.name, agent.description, agent.may_ask, agent.replies_freely)
    names = ("Name", "Description", "May ask people", "Writes to customers without approval")
    if said := audit.changes(zip(names, before, after, strict=True)):
        audit.record(agent.team_id, "agent_changed", agent, said)
    _save_revision(agent, change, author, override)
    if change.connects:
        connections.connect(agent, change.consumes, change.produces, change.tools)
    if change.budget is not None:
        limits.change_budget(agent, change.budget)
    if change.when_unavailable is not None:
        change_rule(agent, change.when_unavailable)
    live.announce(agent.team_id, "agent", agent.pk)
    bell.ring()  # an agent that was blocked by its AOP may have cases waiting
    return agent


def _save_revision(agent: Agent, change: AgentChange, author: User | None, override: str) -> None:
    current = agent.live_revision
    aop = current.aop if change.aop is None else prose(change.aop, "aop", AOP_LIMIT)
    model = current.model if change.model is None else change.model
    fallback = current.fallback if change.fallback is None else _fallback(change.fallback)
    # Saving a page without a change makes no revision, so the history tells only of changes.
    if (aop, model, fallback) == (current.aop, current.model, current.fallback):
        return
    # Before the new one is written: an agent has one live revision, as a constraint holds.
    Revision.objects.filter(pk=current.pk).update(status=Revision.Status.HISTORIC)
    number, note = current.number + 1, change.note
    made = _publish(agent, number, aop, model, author, fallback=fallback, note=note, override_reason=override)
    audit.record(agent.team_id, "agent_published", agent, _published(current, made))


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
    current = lock_agents([agent.pk])[agent.pk].live_revision
    aop, model, fallback = _labelled(agent, prose(aop, "aop", AOP_LIMIT)), _model(model), _fallback(fallback)
    if (aop, model, fallback) == (_labelled(agent, current.aop), current.model, current.fallback):
        return current
    status = Revision.Status.TRIED
    tried = agent.revisions.filter(status=status, number=current.number, aop=aop, model=model, fallback=fallback)
    return tried.first() or _publish(agent, current.number, aop, model, author, fallback=fallback, status=status)


@transaction.atomic
def freeze_for_tests(agent: Agent, aop: str, model: str, fallback: str) -> Revision:
    """The revision that runs of tests follow. Unlike one that is tried, it may mention agents that are made only when
    what is checked is saved.
    """
    told = {"aop": aop, "model": model, "fallback": fallback}
    if found := agent.revisions.exclude(status=Revision.Status.DRAFT).filter(**told).order_by("-number").first():
        return found
    number = agent.live_revision.number
    return Revision.objects.create(
        team_id=agent.team_id, agent=agent, number=number, status=Revision.Status.TRIED, **told
    )


def _labelled(agent: Agent, aop: str) -> str:
    """Return the text with the current names in its mentions, whatever they were when it was written."""
    found = Agent.objects.filter(team_id=agent.team_id, pk__in=mentions.target_ids(aop))
    return mentions.relabel(aop, dict(found.values_list("pk", "name")) | people.people_names(agent.team_id, aop))


def _publish(
    agent: Agent,
    number: int,
    aop: str,
    model: str,
    author: User | None,
    *,
    fallback: str,
    note: str = "",
    override_reason: str = "",
    status: Revision.Status = Revision.Status.LIVE,
) -> Revision:
    aop = prose(aop, "aop", AOP_LIMIT)
    ids = mentions.target_ids(aop)
    targets = {target.pk: target for target in Agent.objects.filter(team_id=agent.team_id, pk__in=ids)}
    team_people = people.find_people(agent.team_id, mentions.people_ids(aop))
    for mention in mentions.find_mentions(aop):
        if mention.agent_id not in targets and _kind_of(team_people.get(mention.agent_id)) != mention.kind:
            what = "an agent" if mention.kind == mentions.AGENT else f"a {mention.kind}"
            message = f"“@{mention.name}” is not {what} of this team. Remove it, or mention {what} again."
            raise Refused(message, "unknown_mention", {"aop": message})
    names = {pk: target.name for pk, target in targets.items()} | {pk: one.name for pk, one in team_people.items()}
    revision = Revision.objects.create(
        team_id=agent.team_id,
        agent=agent,
        number=number,
        status=status,
        aop=mentions.relabel(aop, names),
        model=_model(model),
        fallback=_fallback(fallback),
        needs=needs.NEEDS.dump_python([*needs.read(aop).needs], mode="json"),
        author=author,
        note=one_line(note, "note", 200, required=False),
        override_reason=override_reason,
    )
    Mention.objects.bulk_create(
        Mention(team_id=agent.team_id, revision=revision, target_id=target, position=position)
        for position, target in enumerate(ids)
    )
    _mention_people(revision, [team_people[id] for id in mentions.people_ids(aop)])
    return revision


def _kind_of(target: PeopleTarget | None) -> str:
    return target.kind if target else ""


def _mention_people(revision: Revision, found: Sequence[PeopleTarget]) -> None:
    if not found:
        return
    users = dict(User.objects.filter(uuid__in=[one.id for one in found]).values_list("uuid", "pk"))
    PeopleMention.objects.bulk_create(
        PeopleMention(
            team_id=revision.team_id,
            revision=revision,
            user_id=users[one.id] if one.kind == mentions.PERSON else None,
            group_id=one.id if one.kind == mentions.GROUP else None,
            position=position,
        )
        for position, one in enumerate(found)
    )


def _model(name: str) -> str:
    return one_line(name, "model", 100, required=False) or settings.BATON_DEFAULT_MODEL


def _fallback(name: str) -> str:
    return one_line(name, "fallback", 100, required=False)


def _name(agent: Agent, name: str, description: str) -> None:
    agent.name = plain_name(name, "name", 80)
    agent.description = one_line(description, "description", 200, required=False)
    with refusing_a_taken_name("live_agent_names_are_unique", "An agent", agent.name):
        agent.save()
