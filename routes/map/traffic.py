"""The traffic between agents: who may hand over to whom, who did since a moment, and how it went."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from builder.models import Agent, Mention, Revision
from builder.procedures.targets import DELETED, OK, SELF, judge
from cases.models import CaseEvent, Kind, Reason
from cases.timeline.event_texts import reason_label
from routes.checks import queries
from routes.corrections import corrections
from runs.models import Handover, Run
from teams.models import Team

from . import receivers
from .receivers import People, Ways

# The mention was removed after a handover used it; there is no mention, and cases go there when the agent cannot.
FORMER, FALLBACK = "former", "fallback"
# The pickup time of targets is read for this many of the latest handovers.
_SAMPLE = 1000


@dataclass(frozen=True)
class Route:
    """One agent may hand over to another or to people, or did so in the period.

    `standing`: ok, unavailable or deleted as the mentioning agent sees the mentioned one; former or fallback without a
    mention.
    """

    source: Agent
    target: Agent | People
    standing: str
    explanation: str = ""
    handovers: int = 0
    returned: int = 0
    declined: int = 0
    in_circle: bool = False
    corrected: int = 0
    is_fallback: bool = False

    @property
    def key(self) -> tuple[UUID, UUID]:
        return self.source.pk, self.target.pk

    @property
    def address(self) -> str:
        """Of its handovers, or of what the people have."""
        if isinstance(self.target, People):
            return self.target.address
        return f"{reverse('handovers')}?from={self.source.pk}&to={self.target.pk}"

    @property
    def kind(self) -> str:
        """Return how a map shows the route: deleted, unavailable, former, fallback, used or unused."""
        if self.standing == OK:
            return "used" if self.handovers else "unused"
        return self.standing


@dataclass(frozen=True)
class Traffic:
    """`agents` are all live agents of the team and deleted ones that routes name. Those in `blocked` start nothing.
    `tests`: how many routing tests guard the routes of an agent. `people` are those whom
    routes name.
    """

    agents: list[Agent]
    routes: list[Route]
    blocked: frozenset[UUID]
    tests: Mapping[UUID, int] = field(default_factory=dict)
    people: list[People] = field(default_factory=list)


def traffic(team: Team, since: datetime) -> Traffic:
    """Return the routes of live revisions and of handovers since then, by name, with a constant number of queries."""
    flows, wrong, ways = _flows(team, since), corrections.per_route(team, since), receivers.ways(team, since)
    mentions: dict[UUID, list[Mention]] = {}
    for mention in _mentions(team):
        mentions.setdefault(mention.revision.agent_id, []).append(mention)
    used = {pk for pair in (*flows, *ways.handovers, *ways.fallbacks) for pk in pair}
    named = used | {row.target_id for rows in mentions.values() for row in rows}
    found = Agent.objects.filter(Q(deleted_at=None) | Q(pk__in=named), team=team).prefetch_related("queue_connections")
    agents = {agent.pk: agent for agent in found.order_by("name")}
    routes: dict[tuple[UUID, UUID], Route] = {}
    for agent in agents.values():
        rows = mentions.get(agent.pk, [])
        for row in rows:
            row.target = agents[row.target_id]
        mine = {one.queue_id for one in agent.queue_connections.all() if one.role == "consumer"}
        for target in judge(agent, mine, rows):
            if target.status != SELF:
                counts = flows.pop((agent.pk, target.agent.pk), (0, 0, 0))
                route = Route(agent, target.agent, target.status, target.explanation, *counts)
                routes[route.key] = route
    for (source, target_id), counts in flows.items():
        routes[source, target_id] = Route(agents[source], agents[target_id], FORMER, "No longer mentioned.", *counts)
    blocked = {source for (source, _), route in routes.items() if route.standing == DELETED}
    for route in _beyond(ways, agents, routes):
        routes[route.key] = route
    for key in wrong.keys() & routes.keys():
        routes[key] = replace(routes[key], corrected=wrong[key])
    in_order = sorted(routes.values(), key=lambda route: (route.source.name.casefold(), route.target.name.casefold()))
    people = sorted(ways.people.values(), key=lambda one: (one.kind, one.name.casefold()))
    return Traffic(list(agents.values()), _with_circles(in_order), frozenset(blocked), queries.counts(agents), people)


def _beyond(ways: Ways, agents: Mapping[UUID, Agent], routes: Mapping[tuple[UUID, UUID], Route]) -> Iterable[Route]:
    """The routes to people, and the fallbacks: of their own, or those that are routes already."""
    found: dict[tuple[UUID, UUID], Route] = {}
    for pair in ways.pairs:
        source, target = agents[pair[0]], ways.people[pair[1]]
        standing = FORMER if pair not in ways.mentioned else DELETED if target.is_deleted else OK
        words = "No longer mentioned." if standing == FORMER else target.why
        found[pair] = Route(source, target, standing, words, ways.handovers[pair])
    for pair in ways.fallbacks:
        to = agents.get(pair[1]) or ways.people.get(pair[1])
        if known := found.get(pair) or routes.get(pair):
            found[pair] = replace(known, is_fallback=True)
        elif to:
            found[pair] = Route(agents[pair[0]], to, FALLBACK, is_fallback=True)
    return found.values()


def _mentions(team: Team) -> QuerySet[Mention]:
    live = Q(revision__status=Revision.Status.LIVE, revision__agent__deleted_at=None)
    return Mention.objects.filter(live, revision__agent__team=team).select_related("revision").defer("revision__aop")


def _flows(team: Team, since: datetime) -> dict[tuple[UUID, UUID], tuple[int, int, int]]:
    """Return how often each agent handed over to each other one, how often the work was returned at once, and how often
    it was declined.
    """
    rows = applied(team, since).order_by().values_list("source_agent", "target")
    back, declined = (Count("pk", filter=Q(**{name: True})) for name in ("is_return", "is_declined"))
    counted = rows.annotate(all=Count("pk"), back=back, declined=declined)
    return {(source, target): tuple(counts) for source, target, *counts in counted}


def applied(team: Team, since: datetime) -> QuerySet[Handover]:
    """The handovers between agents."""
    found = Handover.objects.filter(team=team, status=Handover.Status.APPLIED, applied_at__gte=since)
    return found.filter(target__isnull=False)


# --- Circles ---------------------------------------------------------------------------------


def _with_circles(routes: list[Route]) -> list[Route]:
    group = circles([route.key for route in routes if route.standing == OK])
    return [
        Route(**{**vars(route), "in_circle": True})
        if route.standing == OK and group[route.source.pk] == group[route.target.pk]
        else route
        for route in routes
    ]


def circles[N](links: Iterable[tuple[N, N]]) -> Mapping[N, int]:
    """Return a number for each node, the same for nodes that reach each other both ways (Tarjan, without recursion)."""
    out: dict[N, list[N]] = {}
    for source, target in links:
        out.setdefault(source, []).append(target)
        out.setdefault(target, [])
    index: dict[N, int] = {}
    low: dict[N, int] = {}
    group: dict[N, int] = {}
    open_nodes: list[N] = []
    for root, targets in out.items():
        if root in index:
            continue
        way = [(root, iter(targets))]
        index[root] = low[root] = len(index)
        open_nodes.append(root)
        while way:
            node, rest = way[-1]
            for next_node in rest:
                if next_node not in index:
                    index[next_node] = low[next_node] = len(index)
                    open_nodes.append(next_node)
                    way.append((next_node, iter(out[next_node])))
                    break
                if next_node not in group:
                    low[node] = min(low[node], index[next_node])
            else:
                way.pop()
                if way:
                    low[way[-1][0]] = min(low[way[-1][0]], low[node])
                if low[node] == index[node]:
                    while (member := open_nodes.pop()) != node:
                        group[member] = index[node]
                    group[node] = index[node]
    return group


# --- Numbers ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figures:
    """Figures of a period. `accepted_in` is the median time from a handover to the start of the target's run."""

    handovers: int
    returned: int
    accepted_in: timedelta | None
    is_sample: bool
    # How many cases needed input, and for which reasons; a case can have several.
    with_people: int
    reasons: list[tuple[str, int]]
    corrected: int = 0

    @property
    def returned_share(self) -> int:
        """Return the share of returned handovers, in per cent."""
        return round(100 * self.returned / self.handovers) if self.handovers else 0


def figures(team: Team, since: datetime, routes: Iterable[Route]) -> Figures:
    counts: Counter[str] = Counter()
    for route in routes:
        counts["all"] += route.handovers
        counts["back"] += route.returned
        counts["wrong"] += route.corrected
    waits = _waits(team, since)
    asked = Q(kind__in=[Kind.PARKED, Kind.ASKED]) | Q(kind=Kind.DECLINED, reason=Reason.DECLINED)
    came = CaseEvent.objects.filter(asked, team=team, at__gte=since).order_by()
    reasons = dict(came.values_list("reason").annotate(Count("case", distinct=True)))
    return Figures(
        counts["all"],
        counts["back"],
        timedelta(seconds=median(waits)) if waits else None,
        counts["all"] > _SAMPLE,
        came.aggregate(cases=Count("case", distinct=True))["cases"],
        [(reason_label(reason), reasons[reason]) for reason in sorted(reasons, key=lambda one: -reasons[one])],
        counts["wrong"],
    )


def _waits(team: Team, since: datetime) -> list[float]:
    """Return, for the latest handovers whose target has started, how long that took, in seconds."""
    taken_up = Run.objects.filter(
        case=OuterRef("source__case"), agent=OuterRef("target"), created_at__gte=OuterRef("applied_at")
    ).order_by("created_at")
    latest = applied(team, since).order_by("-applied_at")[:_SAMPLE]
    began = Coalesce(F("next_run__started_at"), Subquery(taken_up.values("started_at")[:1]))
    rows = Handover.objects.filter(pk__in=latest.values("pk")).annotate(began=began)
    times = rows.values_list("applied_at", "began")
    # The clocks of two hosts may differ slightly.
    return [max((began - at).total_seconds(), 0) for at, began in times if at and began]
