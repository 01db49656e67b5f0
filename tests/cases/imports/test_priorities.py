"""Priorities as other tools and languages write them."""

import pytest

from cases.imports.priorities import read_priority
from cases.models import Case

HIGH, MEDIUM, NONE = Case.Priority.HIGH, Case.Priority.MEDIUM, Case.Priority.NONE


@pytest.mark.parametrize(
    ("texts", "level"),
    [
        (
            "Highest|Critical|URGENT|High|Blocker|1 - Critical|High priority|(high)|🔴 High|Very high|P0|P1|p2|Sev 1",
            HIGH,
        ),
        ("Hoch|Sehr hoch|Höchste|Dringend|élevée|Haute|Urgente|alta|Muito alta|Crítica|Hög|Høj|Wysoki|высокий", HIGH),
        ("高|緊急|높음|H|1|2|1.0|高优先级", HIGH),
        ("Medium|med|Mittel|Moyenne|media|Średni|средний|中|P3|3|2 - Medium|Medium (P3)", MEDIUM),
        ("None|Low|Lowest|Normal|Minor|Niedrig|Sehr niedrig|Basse|faible|baja|bassa|Lav|низкий|低|낮음", NONE),
        ("No priority|P4|5|0|l", NONE),
    ],
)
def test_a_priority_is_read(texts: str, level: Case.Priority) -> None:
    assert {text: read_priority(text) for text in texts.split("|")} == dict.fromkeys(texts.split("|"), level)


@pytest.mark.parametrize("text", ["soon", "high/low", "not urgent", "nicht dringend", "6", "10", "P9", "?", "yes"])
def test_what_says_nothing_or_two_things_is_no_priority(text: str) -> None:
    assert read_priority(text) is None
