from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.procedures import mentions
from runs.providers.clauses import Clause, clauses

ANA, BEN = UUID(int=1), UUID(int=2)
A, B = mentions.token(ANA, "Ana"), mentions.token(BEN, "Dr. Ben [x]")


def found(aop: str) -> list[str]:
    names = {(): "own", (ANA,): "ana", (BEN,): "ben"}
    return [f"{names[clause.agent_ids]}: {clause.text}" for clause in clauses(aop)]


CUTS = {
    f"Refunds and invoices: hand over to {A}.": ["ana: Refunds and invoices"],
    f"1. Refunds → {A}\n2) Errors → {B}": ["ana: Refunds", "ben: Errors"],
    f"If money is involved, hand it over to {A}.": ["ana: If money is involved"],
    f"Hand billing matters (refunds) to {A} and errors to {B}.": ["ana: billing matters (refunds)", "ben: errors"],
    f"Hand over to {A} for refunds and to {B} for errors.": ["ana: refunds", "ben: errors"],
    f"Pass the case to {A} for money (e.g. refunds).": ["ana: money (e.g. refunds)"],
    f"{A} sees to refunds. {B} sees to errors.": ["ana: sees to refunds", "ben: sees to errors"],
    f"{A} or {B} for refunds": ["ana: refunds", "ben: refunds"],
    f"Ask {A}.": [],
    "Be polite. Never promise a date!": ["own: Be polite", "own: Never promise a date"],
    "# Goal\nSTEPS\nNotes:\n- Refunds: pay back": ["own: Refunds: pay back"],
    f"Hand over to {A} when it is about:\n- refunds\n- invoices\n\nBe polite.": [
        "ana: refunds",
        "ana: invoices",
        "own: Be polite",
    ],
    f"Mietrecht, Nebenkosten: übergeben an {A}.": ["ana: Mietrecht, Nebenkosten: übergeben an"],
    "": [],
}


@pytest.mark.parametrize(("aop", "expected"), CUTS.items())
def test_prose_is_cut_into_clauses(aop: str, expected: list[str]):
    assert found(aop) == expected


scraps = st.one_of(
    st.sampled_from([A, B, "\n", "- ", "1. ", ": ", ". ", "; ", "to ", "hand over to ", "and "]), st.text(max_size=8)
)


@given(st.lists(scraps, max_size=12).map("".join))
def test_any_text_gives_clauses_that_say_something(aop: str):
    for clause in clauses(aop):
        assert isinstance(clause, Clause)
        assert clause.text.strip()
        assert set(clause.agent_ids) <= set(mentions.target_ids(aop))
