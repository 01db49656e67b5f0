"""What the wiring doctor looks at, read from the database for procedures as they are typed or saved."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.utils import timezone
from django.utils.module_loading import import_string

from builder.agents.queries import AgentDetails
from builder.gate.gate import test_counts
from builder.models import Agent, Mention, QueueConnection, Revision, ServerTool, Usage
from builder.procedures import mentions, plain_names, sentences
from builder.procedures.needs import NEEDS, Need
from builder.procedures.people import PeopleTarget, all_people, find_people, without_queue
from builder.procedures.targets import Target, consumed, judge_agents
from builder.usage.models import Purpose
from teams.models import Team

from .wiring import Facts, Onward, QueueWork

# How many agents are followed to see whether a cycle has a way out. Beyond, nothing is claimed.
_FOLLOWED = 100
_IDLE = 10
_LATELY = timedelta(days=30)


@dataclass(frozen=True)
class Typed:
    """An agent with its procedure and its queues as they stand in the form. The agent may be unsaved."""

    agent: Agent
    text: str
    works: frozenset[UUID] = frozenset()
    feeds: frozenset[UUID] = frozenset()
    tools: Sequence[ServerTool] = ()


def as_saved(details: AgentDetails) -> Typed:
    works = frozenset(row.queue_id for row in details.consumes)
    return Typed(details.agent, details.revision.aop, works, frozenset(details.produces), details.tools)


def gather(team: Team, typed: Sequence[Typed]) -> list[Facts]:
    """The facts of each, in a constant number of queries."""
    ids = {row.agent.pk for row in typed}
    mentioned = _mentioned(team, typed)
    targets = [_targets(row, mentioned) for row in typed]
    followed = {target.agent.pk for found in targets for target in found if not target.agent.is_deleted}
    work = _queue_work(team, {queue for row in typed for queue in row.works | row.feeds})
    blocked = frozenset(Agent.objects.blocked().filter(pk__in=followed).values_list("pk", flat=True))
    needed = _needed(followed)
    reached = _reached(team, ids)
    untested = _busy(ids) - set(test_counts(ids))
    onward = _onward(team, followed if _may_be_trapped(typed) else set())
    consumed_by = {pk: frozenset(consumed(agent.queue_connections.all())) for pk, agent in mentioned.items()}
    mapped = _mapped({queue for row in typed for queue in row.works}) if needed else {}
    people = find_people(team, {id for row in typed for id in mentions.people_ids(row.text)})
    has_plain_names = any(plain_names.occur(row.text) for row in typed)
    named_people = all_people(team) if has_plain_names else []
    names = _names(team) | {one.id: one.name for one in named_people} if has_plain_names else {}
    kinds = {one.id: one.kind for one in named_people}
    return [
        Facts(
            row.agent,
            row.text,
            row.works,
            row.feeds,
            found,
            [work.of(queue_id, row.agent) for queue_id in work.in_order(row.works | row.feeds)],
            consumed_by,
            blocked,
            [
                mention.name
                for mention in mentions.find_mentions(row.text)
                if mention.agent_id not in (mentioned if mention.kind == mentions.AGENT else people)
            ],
            plain_names.find_plain_names(row.text, names, kinds) if has_plain_names else [],
            row.agent.pk in reached or row.agent._state.adding,
            row.agent.pk in untested,
            onward,
            () if row.works else list(work.queues.values()),
            row.tools,
            needed,
            _people(row, people),
            mapped,
        )
        for row, found in zip(typed, targets, strict=True)
    ]


def _mentioned(team: Team, typed: Iterable[Typed]) -> dict[UUID, Agent]:
    ids = {agent_id for row in typed for agent_id in mentions.target_ids(row.text)}
    return Agent.objects.filter(team=team).prefetch_related("queue_connections").in_bulk(ids)


def _needed(agent_ids: Collection[UUID]) -> dict[UUID, list[Need]]:
    live = Revision.objects.filter(agent__in=agent_ids, status=Revision.Status.LIVE).exclude(needs=[])
    return {agent_id: NEEDS.validate_python(found) for agent_id, found in live.values_list("agent_id", "needs")}


def _mapped(queue_ids: Collection[UUID]) -> dict[UUID, set[str]]:
    """Return what the mappings of the queues' sources bring. Sources are known to an app that this one may not
    import.
    """
    found: dict[UUID, set[str]] = import_string(settings.SOURCE_KEYS)(queue_ids)
    return found


def _names(team: Team) -> dict[UUID, str]:
    return dict(Agent.objects.live().filter(team=team).values_list("pk", "name"))


def _people(row: Typed, found: Mapping[UUID, PeopleTarget]) -> list[PeopleTarget]:
    mentioned = [found[id] for id in mentions.people_ids(row.text) if id in found]
    return mentioned if row.works else [without_queue(one) for one in mentioned]


def _targets(row: Typed, mentioned: Mapping[UUID, Agent]) -> list[Target]:
    found = [mentioned[agent_id] for agent_id in mentions.target_ids(row.text) if agent_id in mentioned]
    return judge_agents(row.agent, set(row.works), found)


# --- Who works the queues ----------------------------------------------------------------------


@dataclass(frozen=True)
class _Work:
    """Of the team's live queues by name: how many agents take their cases, which of ours do, and who would not."""

    queues: Mapping[UUID, Any]
    takers: dict[UUID, int]
    taken_by: dict[UUID, set[UUID]]
    idle: dict[UUID, list[Agent]]

    def in_order(self, ids: Collection[UUID]) -> list[UUID]:
        return [queue_id for queue_id in self.queues if queue_id in ids]

    def of(self, queue_id: UUID, agent: Agent) -> QueueWork:
        others = self.takers.get(queue_id, 0) - (agent.pk in self.taken_by[queue_id])
        idle = [other for other in self.idle[queue_id] if other.pk != agent.pk]
        return QueueWork(self.queues[queue_id], others, tuple(idle) if not others else ())


def _queue_work(team: Team, ids: Collection[UUID]) -> _Work:
    queues = {queue.pk: queue for queue in team.queues.live()}
    connections = QueueConnection.objects.filter(team=team, queue__in=ids, role=QueueConnection.Role.CONSUMER)
    able = connections.filter(agent__in=Agent.objects.startable())
    takers = dict(able.values_list("queue_id").annotate(agents=Count("pk")).order_by())
    # Where one or none is able, it matters who.
    scarce = [queue_id for queue_id in ids if takers.get(queue_id, 0) <= 1]
    taken_by, idle = defaultdict(set), defaultdict(list)
    for row in able.filter(queue__in=scarce):
        taken_by[row.queue_id].add(row.agent_id)
    resting = connections.filter(queue__in=scarce, agent__deleted_at=None).exclude(pk__in=able).select_related("agent")
    for row in resting.order_by("agent__name")[: _IDLE * max(1, len(scarce))]:
        idle[row.queue_id].append(row.agent)
    return _Work(queues, takers, taken_by, idle)


# --- How work comes to an agent, and where it goes ---------------------------------------------


def _reached(team: Team, ids: Collection[UUID]) -> set[UUID]:
    """The agents that another agent mentions, or that someone has started."""
    live = Mention.objects.filter(target__in=ids, revision__status=Revision.Status.LIVE)
    rows = live.filter(revision__agent__deleted_at=None).values_list("target_id", "revision__agent_id")
    mentioned = {target for target, agent in rows if target != agent}
    started = team.runs.filter(agent__in=set(ids) - mentioned, trigger__in=["manual", "api"])
    return mentioned | set(started.order_by().values_list("agent_id", flat=True).distinct())


def _busy(ids: Collection[UUID]) -> set[UUID]:
    """The agents that have worked lately."""
    worked = Usage.objects.filter(agent__in=ids, purpose=Purpose.WORK, runs__gt=0, day__gte=timezone.now() - _LATELY)
    return set(worked.values_list("agent_id", flat=True))


def _may_be_trapped(typed: Iterable[Typed]) -> bool:
    return any(not sentences.says_when_complete(row.text) for row in typed)


_REACHABLE = """
    with recursive reached(agent_id) as (
        select unnest(%s::uuid[])
        union
        select mention.target_id
        from reached
        join builder_revision revision on revision.agent_id = reached.agent_id and revision.status = 'live'
        join builder_mention mention on mention.revision_id = revision.id
        join builder_agent agent on agent.id = mention.target_id and agent.deleted_at is null
    )
    select agent_id from reached limit %s
"""


def _onward(team: Team, ids: Collection[UUID]) -> dict[UUID, Onward]:
    """Return what a case can come to from these agents, however many handovers later."""
    limit = _FOLLOWED + len(ids)
    with connection.cursor() as cursor:
        cursor.execute(_REACHABLE, [list(ids), limit])
        reachable = {agent_id for (agent_id,) in cursor.fetchall()}
    if len(reachable) >= limit:
        return {}
    rows = Revision.objects.filter(team=team, agent__in=reachable, status=Revision.Status.LIVE).select_related("agent")
    return {
        row.agent_id: Onward(
            row.agent,
            frozenset(mentions.target_ids(row.aop)) & reachable,
            sentences.says_when_complete(row.aop) or bool(mentions.people_ids(row.aop)),
        )
        for row in rows
    }
