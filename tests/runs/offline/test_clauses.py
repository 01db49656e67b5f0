from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.procedures import mentions
from runs.offline.clauses import Clause, Kind, clauses

ANA, BEN = UUID(int=1), UUID(int=2)
A, B = mentions.token(ANA, "Ana"), mentions.token(BEN, "Dr. Ben [x]")


def found(aop: str) -> list[str]:
    names = {ANA: "ana", BEN: "ben"}
    return [
        f"{names.get(clause.agent_id) if clause.agent_id else clause.kind.value}: {clause.text or '*'}"
        for clause in clauses(aop)
    ]


CUTS = {
    f"Refunds and invoices: hand over to {A}.": ["ana: Refunds and invoices"],
    f"1. Refunds → {A}\n2) Errors → {B}": ["ana: Refunds", "ben: Errors"],
    f"If money is involved, hand it over to {A}.": ["ana: money is involved"],
    f"Hand billing matters (refunds) to {A} and errors to {B}.": ["ana: billing matters (refunds", "ben: errors"],
    f"Hand over to {A} for refunds and to {B} for errors.": ["ana: refunds", "ben: errors"],
    f"Pass the case to {A} for money (e.g. refunds).": ["ana: money (e.g. refunds"],
    f"{A} sees to refunds. {B} takes care of errors.": ["ana: refunds", "ben: errors"],
    f"{A} or {B} for refunds": ["ana: refunds", "ben: refunds"],
    f"Ask {A}.": [],
    "Pay refunds back. Write down the amount.": ["topic: Pay refunds back", "topic: Write down the amount"],
    "Read each message first. The subject misleads.": ["how: Read each message first", "how: subject misleads"],
    "# Goal\nSTEPS\nNotes:\n- Refunds: pay back": ["topic: Refunds: pay back"],
    f"Hand over to {A} when it is about:\n- refunds\n- invoices\n\nCall back.": [
        "ana: refunds",
        "ana: invoices",
        "topic: Call back",
    ],
    f"## {A}\nRefunds and invoices.\n## {B}\nErrors.\n## Notes\nPay back.": [
        "ana: Refunds and invoices",
        "ben: Errors",
        "topic: Pay back",
    ],
    f"Mietrecht, Nebenkosten: übergeben an {A}.": ["ana: Mietrecht, Nebenkosten"],
    f"Les pannes vont à {A}. {B} s'occupe des factures.": ["ana: pannes", "ben: factures"],
    f"Never send refunds to {A}; they go to {B}.": ["ben: refunds"],
    f"N'envoyez jamais de publicité à {A} : fermez le dossier.": ["closes: publicité"],
    f"Some have lost a card. These belong to {A}.": ["ana: Some have lost a card"],
    f"A tile is loose. The lift is stuck. That goes to {A}.": ["ana: tile is loose", "ana: lift is stuck"],
    f"{A} sees to refunds, while errors are for {B}.": ["ana: refunds", "ben: errors"],
    f"Parties are for {A}, not for {B}.": ["ana: Parties"],
    f"Tickets that never came: {A}. Messages about rent: {B}.": ["ana: Tickets that never came", "ben: rent"],
    f"Do not bother {A} with ideas for films; close these cases.": ["closes: ideas for films"],
    f"Never hand parcels to {A}: it is {B} who answers.": ["ben: parcels"],
    f"Cold meals are for {A}. Vouchers too.": ["ana: Cold meals", "ana: Vouchers too"],
    f"Everything else goes to {A}.": ["ana: *"],
    f"Todo lo demás lo lleva {A}.": ["ana: *"],
    f"כל השאר: {A}": ["ana: *"],
    f"其他：{A}": ["ana: *"],
    "Close newsletters and advertising.": ["topic: Close newsletters and advertising"],
    "If it is only a thank you, complete the case.": ["closes: only a thank you"],
    "Bestätigt jemand nur einen Termin, schließe den Fall.": ["closes: Bestätigt jemand nur einen Termin"],
    "If none of this fits, ask a person.": ["asks: *"],
    "Im Zweifel: frag einen Menschen.": ["asks: *"],
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
        assert clause.text.strip() or clause.rest or clause.kind is Kind.ASKS
        assert set(clause.agent_ids) <= set(mentions.target_ids(aop))
