"""The runs that belong together, as a small picture. Drawn by templates/runs/chain.html."""

from collections.abc import Sequence
from dataclasses import dataclass

from data.texts.text import short
from runs.models import Outcome, Run
from web.format.states import STATES

ROW = 46
WIDTH = 296
_ALL = 7  # so many are shown without a gap
_AROUND = 2
_NAME = 25


@dataclass(frozen=True)
class Link:
    """A run in the picture, or a gap that stands for `skipped` runs. `hop` counts handovers; on a case runs, from 1."""

    top: int
    run: Run | None = None
    hop: int | None = None
    is_here: bool = False
    skipped: int = 0
    name: str = ""
    state: str = ""
    icon: str = ""
    tone: str = "neutral"
    # How it came to the next one: handed over, or started from scratch.
    hands_over: bool = False
    is_last: bool = False


@dataclass(frozen=True)
class Chain:
    links: list[Link]
    width: int = WIDTH

    @property
    def height(self) -> int:
        return len(self.links) * ROW - 8


def picture(here: Run, runs: Sequence[Run], *, is_whole: bool = True) -> Chain | None:
    """Return the picture of runs from `queries.for_list`, oldest first; nothing for a run that stands alone.

    Of a long chain the first, those around `here` and the last. `is_whole` says that `runs` begins with the first.
    """
    if len(runs) < 2:
        return None
    at = next((index for index, run in enumerate(runs) if run.pk == here.pk), len(runs) - 1)
    near = range(at - _AROUND, at + _AROUND + 1)
    # A gap is as tall as a run: in place of a single one it would save nothing.
    near = range(0 if near.start <= 2 else near.start, len(runs) if near.stop >= len(runs) - 2 else near.stop)
    shown = [index for index in range(len(runs)) if len(runs) <= _ALL or index in near or index in (0, len(runs) - 1)]
    links: list[Link] = []
    before = -1
    for index in shown:
        if index > before + 1:
            links.append(Link(len(links) * ROW, skipped=index - before - 1))
        run = runs[index]
        hop = (index + 1 if is_whole else None) if run.case_id else run.hop
        links.append(_link(run, len(links) * ROW, hop, run.pk == here.pk, index == len(runs) - 1))
        before = index
    return Chain(links)


def _link(run: Run, top: int, hop: int | None, is_here: bool, is_last: bool) -> Link:
    state, icon, tone = STATES[run.outcome or run.status]
    return Link(
        top,
        run,
        hop,
        is_here,
        name=short(run.agent.name, _NAME),
        state=state,
        icon=icon,
        tone=tone,
        hands_over=run.outcome == Outcome.HANDED_OVER,
        is_last=is_last,
    )
