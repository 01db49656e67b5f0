"""That the judge of timelines sees what is wrong with them."""

import pytest

from .walk import Event, faults

_GOOD = [
    Event(1, "created", "pending"),
    Event(2, "started", "in_progress", "a"),
    Event(3, "handed_over", "pending", "a"),
    Event(4, "started", "in_progress", "b"),
    Event(5, "asked", "needs_input", "b"),
    Event(6, "answered", "in_progress", "b", "Someone"),
    Event(7, "completed", "completed", "b"),
    Event(8, "reopened", "pending", actor="Someone"),
    Event(9, "undone", "completed", actor="Someone"),
]


def test_a_walk_has_no_faults() -> None:
    assert not list(faults(_GOOD))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({3: Event(5, "handed_over", "pending", "a")}, "should have the number 3"),
        ({1: Event(1, "created", "completed")}, "does not begin a case"),
        ({4: Event(4, "started", "in_progress", "a")}, "for the second time"),
        ({7: Event(7, "completed", "completed", "a")}, "no longer has the case"),
        ({3: Event(3, "updated", "pending", "a")}, "is no move"),
        ({6: Event(6, "handed_over", "pending", "b")}, "leads from needs_input to pending"),
        ({8: Event(8, "reopened", "pending")}, "was done by nobody"),
        ({9: Event(9, "undone", "failed", actor="Someone")}, "where it was not"),
    ],
)
def test_what_is_no_walk_is_told(changed: dict[int, Event], words: str) -> None:
    events = [changed.get(event.seq, event) for event in _GOOD]
    assert any(words in fault for fault in faults(events))
