"""The pictures of a report: a bar for each week. Pure functions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from web.format.times import duration

from .figures import Figures

type Value = float | None


@dataclass(frozen=True)
class Bar:
    """One week, in the coordinates of the chart: 10 wide, 100 high, from the top. Without a value there is no bar."""

    first: date
    words: str
    x: int
    y: float
    height: float


@dataclass(frozen=True)
class Chart:
    """`now` is the figure of all weeks together, in words."""

    title: str
    help: str
    now: str
    bars: list[Bar]

    @property
    def is_empty(self) -> bool:
        return not any(bar.words for bar in self.bars)


def share(value: Value) -> str:
    """Return `97%`, no `100%` while anything is missing, and `<1%` for what is little."""
    if value is None:
        return "–"
    if 0 < value < 0.005:
        return "<1%"
    return f"{min(round(value * 100), 99) if value < 1 else 100}%"


def length(value: Value) -> str:
    return "–" if value is None else duration(value)


def charts(firsts: Sequence[date], weeks: Sequence[Figures], whole: Figures) -> list[Chart]:
    def chart(title: str, help: str, name: str, words: Callable[[Value], str], most: float | None) -> Chart:
        values = [getattr(week, name) for week in weeks]
        bars = _bars(firsts, values, words, most or max((value or 0 for value in values), default=0))
        return Chart(title, help, words(getattr(whole, name)), bars)

    return [
        chart("Resolved", "Completed cases, of those created in the week", "resolved", share, 1.0),
        chart("First look", "Median time until an agent or a person began", "first_look", length, None),
        chart("Done", "Median time until a case was completed", "done", length, None),
        chart("Handover accuracy", "Handovers that nobody corrected", "accuracy", share, 1.0),
    ]


def _bars(firsts: Sequence[date], values: Sequence[Value], words: Callable[[Value], str], most: float) -> list[Bar]:
    bars = []
    for number, (first, value) in enumerate(zip(firsts, values, strict=True)):
        # A value can be seen, even the smallest one.
        height = max(round(100 * value / (most or 1), 2), 1.0) if value is not None else 0.0
        bars.append(Bar(first, "" if value is None else words(value), number * 10, 100 - height, height))
    return bars
