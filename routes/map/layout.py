"""The layout of the map of handovers: agents in columns from left to right, routes as curves. Pure functions."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from fast_sugiyama import from_edges

NODE_WIDTH, NODE_HEIGHT = 184, 44
_ROW, _COLUMN = 60, NODE_WIDTH + 96
_DUMMY = 16  # the space of a route that passes through a column
_GAP = 28
_MARGIN = 16
_PORT = 20  # the greatest distance of two routes at one side of a node
_ASIDE = 6  # how far each direction of a pair is from where both would pass a column

type Link = tuple[int, int]
type Point = tuple[float, float]


@dataclass(frozen=True)
class Layout:
    """The upper left corners of the nodes, the points of each link (horizontal at both ends), and the total size."""

    nodes: Mapping[int, Point]
    links: Mapping[Link, Sequence[Point]]
    width: float
    height: float


@lru_cache(maxsize=64)
def lay_out(nodes: tuple[int, ...], links: tuple[Link, ...]) -> Layout:
    """Lay out nodes (numbers) and links between different nodes, at most one per direction. Layouts are cached."""
    places: dict[int, Point] = {}
    bends: dict[Link, list[Point]] = {}
    forward = _without_circles(links)
    # The package does not get nodes without a link, because it may use their numbers for bends.
    real = {node for link in forward for node in link}
    shelf = _Shelf()
    parts: Any = from_edges(forward, vertex_spacing=_ROW, dummy_size=_DUMMY, ranking_type="up") if forward else []
    # Connected groups, the largest first, then agents without a link.
    for positions, *_, steps in sorted(parts, key=lambda part: (-len(part[0]), min(part[0])[0])):
        turned = _turned(positions)
        left, top = shelf.place(*_size(turned.values()))
        placed = {node: (x + left, y + top) for node, (x, y) in turned.items()}
        places |= {node: place for node, place in placed.items() if node in real}
        bends |= _bends(steps or [], placed, real)
    shelf.end_row()
    for node in nodes:
        if node not in places:
            places[node] = shelf.place(NODE_WIDTH, NODE_HEIGHT)
    return Layout(places, _curves(links, places, bends), shelf.width + _MARGIN, shelf.bottom + _MARGIN)


def _without_circles(links: Sequence[Link]) -> list[Link]:
    """Return the links with some reversed, so that there are no cycles.

    The package only gets links without cycles, because its ranking may never end otherwise.
    """
    out: dict[int, list[int]] = defaultdict(list)
    for source, target in links:
        out[source].append(target)
    found: dict[Link, None] = {}
    entered: set[int] = set()
    left: set[int] = set()
    comes = Counter(target for _, target in links)
    for root in sorted(out, key=lambda node: (comes[node] > 0, comes[node] - len(out[node]), node)):
        way = [] if root in entered else [(root, iter(out[root]))]
        entered.add(root)
        while way:
            node, rest = way[-1]
            target = next(rest, -1)
            if target < 0:
                left.add(node)
                way.pop()
                continue
            turned = target in entered and target not in left
            found[(target, node) if turned else (node, target)] = None
            if target not in entered:
                entered.add(target)
                way.append((target, iter(out[target])))
    return list(found)


def _turned(positions: Sequence[tuple[int, Point]]) -> dict[int, Point]:
    """Turn rising layers into columns from left to right, starting at 0, 0."""
    first, highest = min(x for _, (x, _) in positions), max(y for _, (_, y) in positions)
    return {node: (round((highest - y) / _ROW) * _COLUMN, x - first) for node, (x, y) in positions}


def _size(points: Collection[Point]) -> tuple[float, float]:
    return max(x for x, _ in points) + NODE_WIDTH, max(y for _, y in points) + NODE_HEIGHT


def _bends(steps: Sequence[Link], places: Mapping[int, Point], real: set[int]) -> dict[Link, list[Point]]:
    """Return where each link passes columns, in its direction, by following each step from node to node."""
    onward = {source: target for source, target in steps if source not in real}
    found: dict[Link, list[Point]] = {}
    for source, target in steps:
        if source in real:
            passed: list[Point] = []
            end = target
            while end not in real:
                x, y = places[end]
                passed += [(x, y + NODE_HEIGHT / 2), (x + NODE_WIDTH, y + NODE_HEIGHT / 2)]
                end = onward[end]
            found[source, end] = passed
    return found


class _Shelf:
    """Places boxes side by side in rows, as wide as the first box or four nodes."""

    def __init__(self) -> None:
        self.top, self.bottom = float(_MARGIN), float(_MARGIN)
        self.width = 0.0
        self._next = float(_MARGIN)

    def place(self, width: float, height: float) -> Point:
        widest = max(self.width, _MARGIN + 4 * NODE_WIDTH + 3 * _GAP)
        if self._next > _MARGIN and self._next + width > widest:
            self.end_row()
        place = self._next, self.top
        self._next += width + _GAP
        self.width = max(self.width, place[0] + width)
        self.bottom = max(self.bottom, self.top + height)
        return place

    def end_row(self) -> None:
        if self._next > _MARGIN:
            self._next, self.top = float(_MARGIN), self.bottom + _GAP


def _curves(
    links: Sequence[Link], places: Mapping[int, Point], bends: Mapping[Link, list[Point]]
) -> dict[Link, list[Point]]:
    """Return the points of each link, from the side of one node to the side of another, each at its own height."""
    ways: dict[Link, list[Point]] = {}
    both = set(links)
    for source, target in links:
        through = bends.get((source, target))
        through = bends[target, source][::-1] if through is None else through
        aside = 0 if (target, source) not in both else _ASIDE if source < target else -_ASIDE
        ways[source, target] = [(x, y - aside) for x, y in through]
    ports: dict[tuple[int, bool], list[tuple[float, Link]]] = defaultdict(list)
    for (source, target), through in ways.items():
        to_the_right = places[source][0] < places[target][0]
        ports[source, to_the_right].append((_height(through[:1], places[target]), (source, target)))
        ports[target, not to_the_right].append((_height(through[-1:], places[source]), (source, target)))
    heights: dict[tuple[int, Link], Point] = {}
    for (node, on_the_right), leaving in ports.items():
        x, y = places[node]
        step = min(_PORT, (NODE_HEIGHT - 10) / max(len(leaving) - 1, 1))
        for number, (_, link) in enumerate(sorted(leaving)):
            offset = (number - (len(leaving) - 1) / 2) * step
            heights[node, link] = (x + NODE_WIDTH if on_the_right else x, y + NODE_HEIGHT / 2 + offset)
    return {link: [heights[link[0], link], *through, heights[link[1], link]] for link, through in ways.items()}


def _height(through: Sequence[Point], place: Point) -> float:
    return through[0][1] if through else place[1] + NODE_HEIGHT / 2


def path(points: Sequence[Point]) -> str:
    """Return the curve through the points, for `d` of an SVG path."""
    said = [f"M{points[0][0]:.0f} {points[0][1]:.1f}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        half = (to_x - x) / 2
        said.append(
            f"H{to_x:.0f}"
            if y == to_y
            else f"C{x + half:.0f} {y:.1f} {to_x - half:.0f} {to_y:.1f} {to_x:.0f} {to_y:.1f}"
        )
    return " ".join(said)
