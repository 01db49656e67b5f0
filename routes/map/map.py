"""The map of handovers as a picture, drawn by templates/routes/map_picture.html."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from textwrap import wrap
from uuid import UUID

from builder.models import Agent
from data.texts.text import short

from .layout import lay_out, path
from .receivers import People
from .traffic import FALLBACK, Route, Traffic

# Larger maps are unreadable, and their layout takes seconds.
MOST_AGENTS, MOST_ROUTES = 120, 200
_LABELLED = 40  # with up to this many routes each shows its number
_THINNEST, _THICKEST = 1.5, 8.0
_NAME = 22
_NEAR = 2  # steps around the chosen agent


@dataclass(frozen=True)
class Node:
    """An agent or people, with the name in one or two lines.

    `state` is live, paused, blocked, deleted, person or group; `words` describe it, or how much work comes and goes.
    """

    agent: Agent | People
    x: float
    y: float
    name: list[str]
    state: str
    words: str
    is_looked_at: bool = False
    tests: int = 0


@dataclass(frozen=True)
class Edge:
    """A route as a curve with an arrowhead. Its `number`, if any, and the mark of a circle are above it."""

    route: Route
    line: str
    head: str
    width: float
    label_x: float
    label_y: float
    number: str
    title: str


@dataclass(frozen=True)
class Picture:
    """The drawn map. `left_out` is the number of agents for which there is no space."""

    nodes: list[Node]
    edges: list[Edge]
    width: int
    height: int
    left_out: int

    @property
    def kinds(self) -> set[str]:
        return {edge.route.kind for edge in self.edges} | {"fallback" for edge in self.edges if edge.route.is_fallback}

    @property
    def has_circles(self) -> bool:
        return any(edge.route.in_circle for edge in self.edges)


def draw(traffic: Traffic, around: UUID | None = None) -> Picture:
    """Draw all agents, or those around one."""
    routes = _near(traffic.routes, around) if around else traffic.routes
    routes = _busiest(routes)
    linked = {agent.pk for route in routes for agent in (route.source, route.target)} | ({around} if around else set())
    known: list[Agent | People] = [*traffic.agents, *traffic.people]
    wanted = [one for one in known if one.pk in linked]
    if not around:
        lone = {agent.pk for route in traffic.routes for agent in (route.source, route.target)}
        wanted += [agent for agent in traffic.agents if agent.pk not in lone][: MOST_AGENTS - len(wanted)]
    number = {agent.pk: at for at, agent in enumerate(wanted)}
    links = tuple((number[route.source.pk], number[route.target.pk]) for route in routes)
    layout = lay_out(tuple(range(len(wanted))), links)
    most = max((route.handovers for route in routes), default=0)
    return Picture(
        [_node(agent, *layout.nodes[number[agent.pk]], traffic, is_looked_at=agent.pk == around) for agent in wanted],
        [
            _edge(route, layout.links[link], most, is_labelled=len(routes) <= _LABELLED)
            for route, link in zip(routes, links, strict=True)
        ],
        round(layout.width),
        round(layout.height),
        0 if around else len(traffic.agents) - sum(isinstance(one, Agent) for one in wanted),
    )


def _near(routes: Iterable[Route], around: UUID) -> list[Route]:
    routes = list(routes)
    reached = {around}
    for _ in range(_NEAR):
        reached |= {pk for route in routes if reached & set(route.key) for pk in route.key}
    return [route for route in routes if set(route.key) <= reached]


def _busiest(routes: Sequence[Route]) -> list[Route]:
    """Return as many agents as there is space for, broken and used ones first, in the given order."""
    kept: set[tuple[UUID, UUID]] = set()
    agents: set[UUID] = set()
    for route in sorted(routes, key=lambda one: (one.standing == "ok", -one.handovers)):
        if len(kept) < MOST_ROUTES and len(agents | set(route.key)) <= MOST_AGENTS:
            kept.add(route.key)
            agents |= set(route.key)
    return [route for route in routes if route.key in kept]


def _node(agent: Agent | People, x: float, y: float, traffic: Traffic, *, is_looked_at: bool) -> Node:
    state = "paused" if agent.is_paused else "live"
    state = "blocked" if agent.pk in traffic.blocked else state
    state = agent.kind if isinstance(agent, People) else state
    state = "deleted" if agent.is_deleted else state
    came = sum(route.handovers for route in traffic.routes if route.target.pk == agent.pk)
    went = sum(route.handovers for route in traffic.routes if route.source.pk == agent.pk)
    said = {"deleted": "Deleted", "blocked": "Blocked: starts nothing new", "paused": "Paused"}
    flow = f"{came:,} in" if isinstance(agent, People) else f"{came:,} in · {went:,} out"
    words = said.get(state, flow if came or went else "")
    name = [short(agent.name, _NAME)] if words else _two_lines(agent.name)
    return Node(agent, x, y, name, state, words, is_looked_at, traffic.tests.get(agent.pk, 0))


def _two_lines(name: str) -> list[str]:
    """Return a long name in two lines: agents of one kind often differ only in the last words of their names."""
    first = wrap(name, _NAME)[0]
    rest = name.removeprefix(first).strip()
    return [first, short(rest, _NAME)] if rest else [first]


def _edge(route: Route, points: Sequence[tuple[float, float]], most: int, *, is_labelled: bool) -> Edge:
    width = _THINNEST + (_THICKEST - _THINNEST) * sqrt(route.handovers / most) if route.handovers else _THINNEST
    (end_x, end_y), before_x = points[-1], points[-2][0]
    back = 1 if before_x > end_x else -1
    long, half = 6 + width, 3 + width * 0.6
    neck = end_x + back * long
    head = f"M{end_x:.0f} {end_y:.1f} L{neck:.1f} {end_y - half:.1f} V{end_y + half:.1f} Z"
    (from_x, from_y), (to_x, to_y) = points[0], points[1]
    return Edge(
        route,
        path([*points[:-1], (neck, end_y)]),
        head,
        round(width, 1),
        round((from_x + to_x) / 2),
        round((from_y + to_y) / 2 - width / 2 - 4, 1),
        f"{route.handovers:,}" if is_labelled and route.handovers else "",
        title(route),
    )


def title(route: Route) -> str:
    """Return a title such as `Triage to Billing: 3 handovers, 1 returned at once. Part of a circle.`"""
    unused = "fallback" if route.kind == FALLBACK else "not used"
    count = f"{route.handovers:,} handover{'' if route.handovers == 1 else 's'}" if route.handovers else unused
    parts = [f"{route.source.name} to {route.target.name}: {count}"]
    parts[0] += f", {route.returned:,} returned at once" if route.returned else ""
    parts[0] += f", {route.declined:,} declined." if route.declined else "."
    parts += [f"{route.corrected:,} corrected as wrong."] if route.corrected else []
    parts += [route.explanation] if route.explanation else []
    parts += [f"Gets what {route.source.name} cannot take."] if route.is_fallback else []
    parts += ["Part of a circle."] if route.in_circle else []
    return " ".join(parts)
