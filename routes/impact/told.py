"""What an impact tells: its replays sorted, and the matrix of old and new decisions."""

import json
from dataclasses import dataclass
from decimal import Decimal

from routes.models import Impact
from routes.routing_tests.decisions import Decision

from . import impacts
from .impacts import Replay


@dataclass(frozen=True)
class Cell:
    """The replays that were decided in one way, and would have been in another or the same."""

    before: Decision
    after: Decision
    replays: list[Replay]

    @property
    def is_changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class Told:
    """`failed` are those that could not be asked: no key, no provider."""

    count: int
    replayed: list[Replay]
    changed: list[Replay]
    divergent: list[Replay]
    failed: list[Replay]
    matrix: list[Cell]
    cost: Decimal | None

    @property
    def same(self) -> int:
        """Return how many would be decided the same way."""
        return sum(len(cell.replays) for cell in self.matrix if not cell.is_changed)


def told(impact: Impact) -> Told:
    found = impacts.replays(impact)
    decided = [one for one in found if one.after is not None]
    return Told(
        len(found),
        decided,
        [one for one in found if one.is_changed],
        [one for one in found if one.is_divergent],
        [one for one in found if one.failed],
        _matrix(decided),
        impacts.cost(impact),
    )


def _matrix(decided: list[Replay]) -> list[Cell]:
    """The changed ones first, the fullest first. Those that diverged have no place in it."""
    cells: dict[str, Cell] = {}
    for one in decided:
        if one.after is not None and not one.is_divergent:
            key = json.dumps([one.before, one.after], sort_keys=True)
            cells.setdefault(key, Cell(one.before, one.after, [])).replays.append(one)
    return sorted(cells.values(), key=lambda cell: (not cell.is_changed, -len(cell.replays)))
