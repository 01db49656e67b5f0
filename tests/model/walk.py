"""Is what a case's timeline tells a walk of the state machine? Judged apart from the code that moves cases.

Takes events as plain values, so it judges those of the API as well as those of the database.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_ENDED = {"completed", "failed"}
_OPEN = {"pending", "in_progress", "needs_input", "postponed"}
_ANY = _OPEN | _ENDED

# kind: whence it may come, and whither it leads.
_MOVES: dict[str, tuple[set[str], set[str]]] = {
    "started": ({"pending"}, {"in_progress"}),
    "released": ({"in_progress", "needs_input"}, {"pending"}),
    "handed_over": ({"in_progress"}, {"pending", "needs_input"}),  # the latter to people
    "rerouted": ({"pending"}, {"pending", "needs_input"}),
    "assigned_to_people": (_OPEN, {"needs_input"}),
    "declined": ({"in_progress"}, {"pending", "needs_input"}),
    "asked": ({"in_progress"}, {"needs_input"}),
    "answered": ({"needs_input"}, {"in_progress"}),
    "parked": (_OPEN, {"needs_input"}),
    "postponed": (_OPEN, {"postponed"}),
    "due": ({"postponed"}, {"pending", "needs_input"}),  # the latter when a person has taken it over
    "completed": (_OPEN, {"completed"}),
    "failed": (_OPEN, {"failed"}),
    "reassigned": (_OPEN, {"pending"}),
    "reopened": ({"completed", "failed"}, {"pending"}),
    "taken_over": (_OPEN, {"needs_input"}),
    "handed_back": ({"needs_input", "postponed"}, {"pending"}),
    "undone": (_ANY, _ANY - {"in_progress"}),
}
# What only people do, or programs of theirs. So what is closed stays closed for everybody else.
_OF_PEOPLE = {"answered", "reassigned", "reopened", "taken_over", "handed_back", "undone", "deleted"}
# What a run does to its case: only the one that has it may.
_OF_A_RUN = {"handed_over", "declined", "asked", "answered", "postponed", "completed", "failed", "updated"}


@dataclass(frozen=True)
class Event:
    """`run` is empty for what people and the clock do, `actor` for what nobody outside did."""

    seq: int
    kind: str
    status: str
    run: str = ""
    actor: str = ""


def faults(events: Iterable[Event]) -> Iterator[str]:
    """What is wrong with the events of one case, in the order they are read."""
    status, working, before = "", "", ""
    seen: set[str] = set()
    for number, event in enumerate(events, 1):
        what = f"event {event.seq}, {event.kind},"
        if event.seq != number:
            yield f"{what} should have the number {number}"
        if number == 1:
            if event.kind != "created" or event.status not in ("pending", "postponed"):
                yield f"{what} does not begin a case"
        elif event.kind in _MOVES:
            froms, to = _MOVES[event.kind]
            if status not in froms or event.status not in to:
                yield f"{what} leads from {status} to {event.status}"
            if event.kind == "undone" and event.status not in _where_it_was(before):
                yield f"{what} leads to {event.status}, where it was not: it was {before}"
        elif event.status != status:
            yield f"{what} is no move, and leads from {status} to {event.status}"
        if event.kind in _OF_PEOPLE and not event.actor:
            yield f"{what} was done by nobody"
        if event.kind in _MOVES or event.kind == "deleted":
            before = status
        if event.kind == "started":
            if event.run in seen:
                yield f"{what} starts a run for the second time"
            seen.add(event.run)
            working = event.run
        elif event.run and event.kind in _OF_A_RUN and event.run != working:
            yield f"{what} is of a run that no longer has the case"
        status = event.status
        if status not in ("in_progress", "needs_input"):
            working = ""


def _where_it_was(status: str) -> set[str]:
    """An act that is undone leaves a case as it was before; but its run, and what that asked, are gone."""
    return {"in_progress": {"pending"}, "needs_input": {"needs_input", "pending"}}.get(status, {status})
