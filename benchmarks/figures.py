"""Figures: one JSON line for each, and a page of their medians.

A figure belongs to a benchmark and has a name and a unit. Where several are compared, `who` says whose it is. Its
`ratio` is to the floor that was measured right before or after it, in the same run: that is what holds on a busy
machine.
"""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Figure:
    benchmark: str
    name: str
    unit: str
    value: float
    who: str = ""
    p95: float | None = None
    floor: str = ""
    ratio: float | None = None


@cache
def machine() -> str:
    """Cores, processor and memory, as the page names them."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    processor = models[0] if models else platform.machine()
    return f"{os.cpu_count()} cores ({processor}), {memory:.0f} GB, {platform.system()}"


class Notes:
    """Where a benchmark notes its figures: they are printed, and added to a file when one is named."""

    def __init__(self, benchmark: str, file: Path | None = None) -> None:
        self.benchmark = benchmark
        self.file = file

    def note(
        self,
        name: str,
        value: float,
        unit: str,
        *,
        who: str = "",
        p95: float | None = None,
        floor: tuple[str, float] | None = None,
    ) -> None:
        """`floor`: what it is compared with, and the value of that."""
        ratio = value / floor[1] if floor and floor[1] else None
        figure = Figure(self.benchmark, name, unit, value, who, p95, floor[0] if floor and ratio else "", ratio)
        print(line(figure), flush=True)
        if self.file:
            about = {"machine": machine(), "load": os.getloadavg()[0], "at": datetime.now(UTC).isoformat()}
            with self.file.open("a") as file:
                file.write(json.dumps({**asdict(figure), **about}) + "\n")

    def times(self, name: str, seconds: Sequence[float], floor: tuple[str, float] | None = None, who: str = "") -> None:
        """Of several, the median and the 95th percentile in milliseconds; the floor is in milliseconds too."""
        self.note(name, median_ms(seconds), "ms", who=who, p95=p95_ms(seconds), floor=floor)


def median_ms(seconds: Sequence[float]) -> float:
    return statistics.median(seconds) * 1000


def p95_ms(seconds: Sequence[float]) -> float:
    return (statistics.quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]) * 1000


def timed(act: Callable[[], object]) -> float:
    """Seconds that the call took."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def line(figure: Figure) -> str:
    p95 = f"  p95 {number(figure.p95)}" if figure.p95 is not None else ""
    ratio = f"  {number(figure.ratio)} × {figure.floor}" if figure.ratio is not None else ""
    return f"{figure.who:22}{figure.name:44}{number(figure.value):>12} {figure.unit:10}{p95}{ratio}"


def number(value: float) -> str:
    """Three digits that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


# --- The page --------------------------------------------------------------------------------


def read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in file.read_text().splitlines()]


def page(rows: Iterable[dict[str, Any]]) -> str:
    """Markdown: for each benchmark the medians of its figures over all rounds, and the medians of their ratios."""
    rows = list(rows)
    loads = sorted(row["load"] for row in rows)
    days = sorted({row["at"][:10] for row in rows})
    machines = ", ".join(sorted({row["machine"] for row in rows}))
    said = [
        "# Figures",
        "",
        f"Measured {' and '.join({days[0], days[-1]})} on {machines}; load {loads[0]:.1f} to {loads[-1]:.1f}.",
        "Medians of all rounds; a ratio is the median of the ratios of each round. Trust the ratios.",
    ]
    for benchmark in dict.fromkeys(row["benchmark"] for row in rows):
        own = [row for row in rows if row["benchmark"] == benchmark]
        said += ["", f"## {benchmark}", "", *(_compared(own) if any(row["who"] for row in own) else _listed(own))]
    return "\n".join(said) + "\n"


def _listed(rows: list[dict[str, Any]]) -> list[str]:
    floors = sorted({row["floor"] for row in rows if row["floor"]})
    said = [f"| | median | p95 | ratio{' to ' + ', '.join(floors) if floors else ''} |", "|---|---|---|---|"]
    for name in dict.fromkeys(row["name"] for row in rows):
        own = [row for row in rows if row["name"] == name]
        said.append(
            f"| {name} | {_middle(own, 'value')} {own[0]['unit']} | {_middle(own, 'p95')} | {_middle(own, 'ratio')} |"
        )
    return said


def _compared(rows: list[dict[str, Any]]) -> list[str]:
    """A table for each figure, or the rows of a figure would not be side by side."""
    said: list[str] = []
    for name in dict.fromkeys(row["name"] for row in rows):
        own = [row for row in rows if row["name"] == name]
        floors = sorted({row["floor"] for row in own if row["floor"]})
        said += ["", f"**{name}**, {own[0]['unit']}", "", f"| | median | ratio{' to ' + floors[0] if floors else ''} |"]
        said += ["|---|---|---|"]
        for who in dict.fromkeys(row["who"] for row in own):
            theirs = [row for row in own if row["who"] == who]
            said.append(f"| {who or name} | {_middle(theirs, 'value')} | {_middle(theirs, 'ratio')} |")
    return said[1:]


def _middle(rows: list[dict[str, Any]], key: str) -> str:
    values = [row[key] for row in rows if row[key] is not None]
    return number(statistics.median(values)) if values else ""
