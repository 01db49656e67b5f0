import time
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from builder.history.differences import ADDED, REMOVED, SAME, Piece, compare, passages
from builder.procedures import mentions

BILLING = mentions.token(UUID(int=1), "Billing Specialist")
RENAMED = mentions.token(UUID(int=1), "Money")
SUPPORT = mentions.token(UUID(int=2), "Technical Support")

texts = st.lists(
    st.sampled_from(["refund ", "the ", "case", ", ", ".", "\n", "\n\n", "  ", "é", "1. ", BILLING, SUPPORT, "@[x]("])
).map("".join)


def without(kind: str, pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces if piece.kind != kind)


@given(texts, texts)
def test_both_texts_can_be_read_from_what_differs(before: str, after: str) -> None:
    pieces = compare(before, after)
    assert without(ADDED, pieces) == before
    assert without(REMOVED, pieces) == after
    assert all(piece.text for piece in pieces)


@given(texts, texts)
def test_a_mention_is_never_torn(before: str, after: str) -> None:
    pieces = compare(before, after)
    for kind, text in ((ADDED, before), (REMOVED, after)):
        found = [mention for piece in pieces if piece.kind != kind for mention in mentions.find_mentions(piece.text)]
        assert [mention.agent_id for mention in found] == [mention.agent_id for mention in mentions.find_mentions(text)]


@given(texts, texts)
def test_the_lines_hold_all_that_the_pieces_hold(before: str, after: str) -> None:
    pieces = compare(before, after)
    rows = [row for passage in passages(pieces) for row in passage.rows]
    flat = "".join(piece.text for row in rows for piece in row.pieces)
    assert flat == "".join(piece.text for piece in pieces).replace("\n", "")


def test_one_word_is_one_change() -> None:
    assert compare("Refund the case.", "Refund every case.") == [
        Piece(SAME, "Refund "),
        Piece(REMOVED, "the"),
        Piece(ADDED, "every"),
        Piece(SAME, " case."),
    ]


def test_another_agent_in_a_mention_is_one_change() -> None:
    assert compare(f"Ask {BILLING}.", f"Ask {SUPPORT}.") == [
        Piece(SAME, "Ask "),
        Piece(REMOVED, BILLING),
        Piece(ADDED, SUPPORT),
        Piece(SAME, "."),
    ]


def test_another_name_of_the_same_agent_is_no_change() -> None:
    assert compare(f"Ask {BILLING}.", f"Ask {RENAMED}.") == [Piece(SAME, f"Ask {RENAMED}.")]


def test_words_replaced_one_after_another_are_one_change() -> None:
    assert [piece.kind for piece in compare("Say good day now", "Say well met now")] == [SAME, REMOVED, ADDED, SAME]


def test_equal_texts_have_no_change() -> None:
    assert compare("", "") == []
    assert compare("Same\n", "Same\n") == [Piece(SAME, "Same\n")]


def test_lines_far_from_a_change_are_folded() -> None:
    lines = [f"Line {number}" for number in range(20)]
    other = [*lines[:10], "Another", *lines[11:]]
    found = passages(compare("\n".join(lines), "\n".join(other)))
    assert [(passage.folded, len(passage.rows)) for passage in found] == [(True, 7), (False, 7), (True, 6)]


def test_an_added_empty_line_is_seen() -> None:
    [passage] = passages(compare("One\nTwo", "One\n\nTwo"))
    assert Piece(ADDED, "") in [piece for row in passage.rows for piece in row.pieces]


def test_long_texts_of_one_word_take_no_long_time() -> None:
    start = time.process_time()
    for word in ("a ", "\n", "a b\n", f"{BILLING} "):
        compare(word * (190_000 // len(word)), "b" + word * (180_000 // len(word)) + "c")
    long = " ".join(f"word{number}" for number in range(20_000))
    compare(long, long.replace("7", "8"))
    assert time.process_time() - start < 5
