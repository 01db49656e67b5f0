from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from builder.procedures.mentions import token
from builder.procedures.passages import passages
from builder.procedures.rewordings import successors

ANA, BEN = token(UUID(int=1), "Ana"), token(UUID(int=2), "Ben")


def became(older: str, newer: str) -> dict[str, str]:
    before, after = passages(older), passages(newer)
    return {before[old].text: after[new].text for old, new in successors(older, newer).items()}


def test_a_passage_is_found_wherever_it_moved() -> None:
    older = f"Refunds go to {ANA}. Errors go to {BEN}.\n- Be kind"
    newer = f"New here.\n- Be kind\n- Errors go to {BEN}.\n- Refunds go to {ANA}."
    assert became(older, newer) == {text: text for text in ["Refunds go to @Ana.", "Errors go to @Ben.", "Be kind"]}


def test_a_reworded_passage_is_the_new_one_that_shares_most_of_its_words() -> None:
    older = f"Be kind.\nRefunds and money go to {ANA}.\nErrors go to {BEN}.\nThe end."
    newer = f"Be kind.\nRefunds, money and invoices go to {ANA}.\nPeople who ask about weather hear that.\nThe end."
    assert became(older, newer) == {
        "Be kind.": "Be kind.",
        "Refunds and money go to @Ana.": "Refunds, money and invoices go to @Ana.",
        "The end.": "The end.",
    }


def test_a_renamed_agent_rewords_nothing() -> None:
    older, newer = f"Errors: {BEN}\n" * 2, f"Errors: {token(UUID(int=2), 'Benjamin')}\n" * 2
    assert successors(older, newer) == {0: 0, 1: 1}


lines = st.lists(
    st.sampled_from([f"Money: {ANA}.", f"Errors: {BEN}.", "Be kind.", "Be brief and kind.", ""]), max_size=8
)


@given(lines, lines)
def test_no_two_passages_become_one(older: list[str], newer: list[str]) -> None:
    found = successors("\n".join(older), "\n".join(newer))
    assert len(set(found.values())) == len(found)
    assert set(found) <= set(range(len(older)))
