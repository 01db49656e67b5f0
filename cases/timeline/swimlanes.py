"""The picture of a case's course: a lane for each agent and one for people, drawn as SVG. Pure: course to geometry.

Across, places are shares of the width (0 to 100), so that the picture fills its box; `Picture.width` is the number of
pixels below which it scrolls instead. Down, they are pixels. A case is in one place at a time, so bars never lie above
each other, and an arrow goes straight from one lane to another where one bar ends and the next begins.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

from django.utils import timezone

from cases.models import CaseEvent, Kind
from web.format import times

from .event_texts import reason_label
from .picture import MIDDLE, ROW, TOP, Arrow, Bar, Cross, End, Picture, Tick
from .sentences import clock
from .spans import ANY_AGENT, PEOPLE, Course, Lane, Span

SPANS_DRAWN = 160
_HEIGHTS = {"working": 18, "waiting": 10, "person": 18, "postponed": 10}
_LEAST = {"working": 18, "waiting": 12, "person": 18, "postponed": 18}
_SHARED = 180  # what the bars share out by their length, beyond their least widths
_AFTER = 22  # room for the mark of the end
_LONG = 4  # so many times the usual length is drawn no longer
_LETTER = 6.2
_TICK_ROOM = 84
_DAY = 86400
_STEPS = [
    *(_DAY * days for days in (365, 91, 30, 14, 7, 2, 1)),
    *(3600 * hours for hours in (12, 6, 3, 2, 1)),
    *(60 * minutes for minutes in (30, 15, 10, 5, 2, 1)),
    *(30, 15, 10, 5, 2, 1),
]
_REASON_LIMIT = 300


@dataclass(frozen=True)
class _Drawn:
    """A span with its times and its place in pixels."""

    span: Span
    start: datetime
    end: datetime
    x: float
    width: float
    broken: bool

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


def draw(course: Course, now: datetime, since: datetime | None = None) -> Picture | None:
    """Return the picture, or None without any span. `since` leaves out what was before."""
    spans = [span for span in course.spans if not since or span.start >= since][-SPANS_DRAWN:]
    if not spans:
        return None
    drawn = list(_laid_out(spans, now))
    width = drawn[-1].x + drawn[-1].width + _AFTER
    lanes = _lanes(spans)
    bars = [_bar(item, lanes, width) for item in drawn]
    return Picture(
        width=round(width),
        lanes=lanes,
        bars=bars,
        arrows=list(_arrows(spans, bars)),
        crosses=list(_crosses(course, drawn, lanes, width)),
        ticks=_ticks(drawn, width),
        end=_end(course.ended, bars) if course.ended else None,
        title=_summary(spans, lanes),
    )


def _lanes(spans: Sequence[Span]) -> list[Lane]:
    """Return the lanes: agents as they come, then the lane of any agent, then people."""
    found = {_key(span.lane): span.lane for span in reversed(spans) if span.lane}
    order = list(dict.fromkeys(_key(span.lane) for span in spans if span.lane))
    last = [_key(lane) for lane in (ANY_AGENT, PEOPLE) if _key(lane) in found]
    return [found[key] for key in [*(key for key in order if key not in last), *last]]


def _key(lane: Lane) -> object:
    return lane.id or lane.name


def _place(lane: Lane, lanes: Sequence[Lane]) -> int | None:
    return next((index for index, other in enumerate(lanes) if _key(other) == _key(lane)), None)


def _laid_out(spans: Sequence[Span], now: datetime) -> Iterator[_Drawn]:
    """Give each bar its least width and a share of the rest, by its length; bars much longer than usual are cut."""
    ends = [max(span.closed.at if span.closed else now, span.start) for span in spans]
    lengths = [(end - span.start).total_seconds() for span, end in zip(spans, ends, strict=True)]
    longest = _LONG * median([length for length in lengths if length > 0] or [1])
    counted = [min(length, longest) for length in lengths]
    total, x = sum(counted) or 1, 0.0
    shared = max(_SHARED, 6 * len(spans))
    for span, end, length, share in zip(spans, ends, lengths, counted, strict=True):
        width = _LEAST[span.phase] + shared * share / total
        yield _Drawn(span, span.start, end, x, width, length > longest)
        x += width


def _bar(item: _Drawn, lanes: Sequence[Lane], width: float) -> Bar:
    span = item.span
    place = _place(span.lane or ANY_AGENT, lanes) or 0
    label = times.duration(item.seconds)
    return Bar(
        phase=span.phase,
        lane=place,
        x=100 * item.x / width,
        width=100 * item.width / width,
        y=TOP + ROW * place + MIDDLE - _HEIGHTS[span.phase] // 2,
        height=_HEIGHTS[span.phase],
        title=_title(item),
        label=label if _LETTER * len(label) + 6 < item.width else "",
        run_id=span.run_id,
        broken=item.broken,
        lasts=span.closed is None,
    )


_VERBS = {
    "working": ("{lane} worked on it for {length}", "{lane} has been working on it for {length}"),
    "waiting": ("Waited {length} for {lane}", "Has waited {length} for {lane}"),
    "person": ("Waited {length} for a person", "Has waited {length} for a person"),
    "postponed": ("Postponed for {length}", "Postponed since {length}"),
}


def _title(item: _Drawn) -> str:
    span = item.span
    lane = "any agent" if span.lane == ANY_AGENT else (span.lane or ANY_AGENT).name
    words = _VERBS[span.phase][span.closed is None].format(lane=lane, length=times.duration(item.seconds))
    until = f" to {clock(item.end)}" if span.closed else ""
    lines = [words, f"{clock(item.start)}{until}", *_asked(span), *_became(span)]
    return "\n".join(lines)


def _asked(span: Span) -> Iterator[str]:
    if span.phase == "person":
        yield reason_label(span.opened.reason)
        if span.opened.text and span.opened.text != reason_label(span.opened.reason):
            yield span.opened.text[:_REASON_LIMIT]


def _became(span: Span) -> Iterator[str]:
    row = span.closed
    if row is None or span.phase != "working":
        return
    if row.kind == Kind.HANDED_OVER:
        yield _handed_over(row)
    elif row.kind in _ENDED:
        yield _ENDED[Kind(row.kind)]


_ENDED = {
    Kind.COMPLETED: "Completed the case",
    Kind.FAILED: "Marked the case as failed",
    Kind.POSTPONED: "Postponed the case",
    Kind.DECLINED: "Declined the case",
    Kind.PARKED: "Needed a person",
    Kind.ASKED: "Asked a person",
    Kind.RELEASED: "Returned to the queue",
    Kind.TAKEN_OVER: "Taken over by a person",
    Kind.ASSIGNED_TO_PEOPLE: "Assigned to people",
}


def _handed_over(row: CaseEvent) -> str:
    return f"Handed over to {row.data.get('target_name', 'another agent')}: “{row.text[:_REASON_LIMIT]}”"


def _arrows(spans: Sequence[Span], bars: Sequence[Bar]) -> Iterator[Arrow]:
    for (before, bar), (after, next_bar) in pairwise(zip(spans, bars, strict=True)):
        if bar.lane != next_bar.lane:
            yield _arrow(before, bar, after, next_bar)


def _arrow(before: Span, bar: Bar, after: Span, next_bar: Bar) -> Arrow:
    row = after.opened
    edge = next_bar.y if next_bar.lane > bar.lane else next_bar.y + next_bar.height
    kind, title = "sent", f"To {(after.lane or ANY_AGENT).name}"
    if row.kind == Kind.HANDED_OVER:
        kind, title = "handover", _handed_over(row)
    elif row.kind == Kind.DECLINED:
        kind, title = "sent", f"Declined: “{row.text[:_REASON_LIMIT]}”"
    elif after.phase == "person":
        kind, title = "asks", reason_label(row.reason)
    elif before.phase == "person":
        did = {Kind.ANSWERED: "answered", Kind.HANDED_BACK: "handed it back"}.get(Kind(row.kind), "sent it on")
        kind, title = "answers", f"{row.actor or 'Someone'} {did}"
    return Arrow(kind, next_bar.x, bar.middle, edge, title)


def _crosses(course: Course, drawn: Sequence[_Drawn], lanes: Sequence[Lane], width: float) -> Iterator[Cross]:
    for refused in course.refused:
        place = _place(refused.lane, lanes)
        if place is None or refused.event.at < drawn[0].start:
            continue
        to = _place(refused.target, lanes)
        down = 1 if to is None or to > place else -1
        middle = TOP + ROW * place + MIDDLE
        text = f": {refused.event.text[:_REASON_LIMIT]}" if refused.event.text else "."
        title = f"{refused.lane.name} wanted to hand over to {refused.target.name}, which was not done{text}"
        x = 100 * _x(refused.event.at, drawn) / width
        yield Cross(x, middle + 9 * down, middle + ROW // 2 * down, title)


def _end(row: CaseEvent, bars: Sequence[Bar]) -> End:
    last = bars[-1]
    words = "Completed" if row.kind == Kind.COMPLETED else "Marked as failed"
    return End(row.kind, last.x + last.width, last.middle, f"{words} {clock(row.at)}")


def _summary(spans: Sequence[Span], lanes: Sequence[Lane]) -> str:
    """Return the words for people who do not see the picture; the table says the rest."""
    worked = sum(span.phase == "working" and span.opened.kind == Kind.STARTED for span in spans)
    names = ", ".join(lane.name for lane in lanes if lane.id)
    stages = "1 stage" if worked == 1 else f"{worked} stages"
    return f"The course of the case: {stages}{f', by {names}' if names else ''}. The table below says the same."


# --- The axis --------------------------------------------------------------------------------


def _x(moment: datetime, drawn: Sequence[_Drawn]) -> float:
    item = next((item for item in reversed(drawn) if item.start <= moment), drawn[0])
    share = (moment - item.start).total_seconds() / item.seconds if item.seconds else 0
    return item.x + item.width * min(max(share, 0), 1)


def _ticks(drawn: Sequence[_Drawn], width: float) -> list[Tick]:
    """Return marks at round times, the rounder the sooner, where there is room for their words."""
    placed: dict[float, tuple[datetime, int]] = {0.0: (drawn[0].start, 60)}
    for step in _STEPS:
        for moment in _moments(drawn, step):
            x = _x(moment, drawn)
            if x < width - _TICK_ROOM / 2 and all(abs(x - other) >= _room(other) for other in placed):
                placed[x] = moment, step
    ticks: list[Tick] = []
    day = None
    for index, (x, (moment, step)) in enumerate(sorted(placed.items())):
        here = timezone.localtime(moment)
        words = f"{here:%H:%M}" if step >= 60 else f"{here:%H:%M:%S}"
        if step >= _DAY or here.date() != day:
            words = f"{here.day} {here:%b}" if step >= _DAY else f"{here.day} {here:%b, %H:%M}"
        day = here.date()
        ticks.append(Tick(100 * x / width, words, spare=index % 3 > 0))
    return ticks


def _room(other: float) -> float:
    return _TICK_ROOM + 20 if other == 0 else _TICK_ROOM


def _moments(drawn: Sequence[_Drawn], step: int) -> Iterator[datetime]:
    """All multiples of a step, if they are not too many; else those within bars that are wide enough for some."""
    first, last = drawn[0].start, drawn[-1].end
    if (last - first).total_seconds() / step <= 100:
        yield from _multiples(first, last, step)
        return
    for item in drawn:
        if item.seconds and item.width * step / item.seconds >= _TICK_ROOM:
            yield from _multiples(item.start, item.end, step)


def _multiples(first: datetime, last: datetime, step: int) -> Iterator[datetime]:
    offset = (timezone.localtime(first).utcoffset() or timedelta()).total_seconds()
    at = -(-(first.timestamp() + offset) // step) * step - offset
    while at <= last.timestamp():
        yield datetime.fromtimestamp(at, UTC)
        at += step
