from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from builder.models import Agent
from builder.procedures.lines import read
from builder.procedures.mentions import token
from builder.procedures.passages import anchored, cited, marks, passages
from builder.procedures.targets import OK, Target

ANA, BEN = UUID(int=1), UUID(int=2)
A, B = token(ANA, "Ana"), token(BEN, "Dr. Ben! Who?")


def test_a_passage_is_a_sentence_or_a_list_item_at_its_place() -> None:
    aop = (
        f"GOAL\nBe kind. Refunds go to {A}.\n\n1. Errors: {B}\n- See e.g. Mr. Lind, no. 5 (z.B. Rechnungen). Then ask!"
    )
    found = passages(aop)
    assert [passage.text for passage in found] == [
        "GOAL",
        "Be kind.",
        "Refunds go to @Ana.",
        "Errors: @Dr. Ben! Who?",
        "See e.g. Mr. Lind, no. 5 (z.B. Rechnungen).",
        "Then ask!",
    ]
    assert all(aop[passage.start : passage.end] == passage.source for passage in found)


def test_headings_and_what_frames_a_table_are_no_sentences() -> None:
    aop = f"# Money. Or {A}\nGOAL\n| What | Who |\n|:---|---|\n| REFUNDS | {B} |\n---\n- CLOSE SPAM\nAsk – or not."
    found = {passage.text: passage.is_sentence for passage in passages(aop)}
    assert [text for text, is_sentence in found.items() if is_sentence] == [
        "Or @Ana",
        "| REFUNDS | @Dr. Ben! Who? |",
        "CLOSE SPAM",
        "Ask – or not.",
    ]
    assert list(found)[:5] == ["# Money.", "Or @Ana", "GOAL", "| What | Who |", "|:---|---|"]


def test_each_mention_is_an_anchor_in_its_passage() -> None:
    aop = f"Money: {A} or {B}. Else {A}."
    assert {anchor: passage.text for anchor, (_, passage) in anchored(aop).items()} == {
        "m1": "Money: @Ana or @Dr. Ben! Who?.",
        "m2": "Money: @Ana or @Dr. Ben! Who?.",
        "m3": "Else @Ana.",
    }
    assert all(aop[mention.start : mention.end] == mention.source for mention, _ in anchored(aop).values())


def test_marks_are_needed_only_where_a_target_is_mentioned_more_than_once() -> None:
    both = frozenset({ANA, BEN})
    assert marks(f"Money: {A}. Errors: {B}.", both) == {}
    assert marks(f"Money: {A}. Errors: {B}. Else {A}.", both) == {"m1": ANA, "m2": BEN, "m3": ANA}
    assert marks(f"Money: {A}. Errors: {B}. Else {A}.", frozenset({BEN})) == {}


def test_a_citation_is_the_anchors_passage_or_the_only_one_of_the_target() -> None:
    aop = f"Money: {A}. Errors: {B}. Else {A}."

    def text(target: UUID, because: str = "") -> str | None:
        found = cited(aop, target, because)
        return found.text if found else None

    assert text(ANA, "m3") == "Else @Ana."
    assert text(ANA, " [M1]") == "Money: @Ana."
    assert text(BEN) == text(BEN, "m1") == text(BEN, "m99") == "Errors: @Dr. Ben! Who?."
    assert text(ANA) is text(ANA, "m2") is None
    assert text(BEN, str(aop.index("Else"))) == "Else @Ana."


scraps = st.one_of(st.sampled_from([A, B, "\n", "- ", "1. ", ". ", "! ", "; ", "z.B. "]), st.text(max_size=8))


@given(st.lists(scraps, max_size=10).map("".join))
def test_passages_hold_every_mention_in_any_text(aop: str) -> None:
    found = passages(aop)
    assert len([mention for passage in found for mention in passage.mentions]) == aop.count(A) + aop.count(B)
    assert all(first.end <= second.start for first, second in pairwise(found))


def test_a_marked_passage_is_a_part_of_its_line() -> None:
    target = Target(Agent(id=ANA, name="Ana Lund"), OK)
    aop = f"\n# Money\n1. Be kind. Refunds go to {A}. Thank them."
    [passage] = [one for one in passages(aop) if one.mentions]
    heading, item = read(aop, [target], (passage.start, passage.end))
    assert (heading.parts, heading.marked) == (("Money",), ())
    assert item.parts == ("Be kind. ",)
    assert item.marked == ("Refunds go to ", target, ".")
    assert item.after == (" Thank them.",)
    [line, _] = read(aop, [target], (1, 8))
    assert line.marked == ("Money",)
    [line] = read("## Money. Or else!", [], (10, 18))
    assert (line.parts, line.marked, line.after) == (("Money. ",), ("Or else!",), ())
