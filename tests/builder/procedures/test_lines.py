from builder.models import Agent
from builder.procedures.lines import Line, read
from builder.procedures.mentions import token
from builder.procedures.targets import OK, Target

BILLING = Agent(name="Billing Specialist")
TARGET = Target(BILLING, OK)
TOKEN = token(BILLING.pk, "An old name")


def test_headings_items_text_and_gaps_are_told_apart() -> None:
    assert [line.kind for line in read("GOAL\nBe kind.\n\n# Steps\n1. Read\n- Think", [])] == [
        *("heading", "text", "gap", "heading", "item", "item")
    ]


def test_items_keep_their_numbers_and_depth() -> None:
    items = read("1. One\n  a) Two\n    - Three\n2) Four", [])
    assert [(item.marker, item.depth) for item in items] == [("1.", 0), ("a)", 1), ("•", 2), ("2)", 0)]
    assert items[0].parts == ("One",)


def test_a_mention_is_the_agent_it_means() -> None:
    assert read(f"1. Refunds: {TOKEN}.", [TARGET]) == [Line("item", ("Refunds: ", TARGET, "."), "1.")]


def test_a_mention_of_nobody_known_stays_words() -> None:
    assert read(f"Ask {TOKEN}", []) == [Line("text", ("Ask ", "@An old name"))]


def test_a_line_of_capitals_with_a_mention_is_no_heading() -> None:
    assert read(f"ASK {TOKEN}", [TARGET])[0].kind == "text"


def test_nothing_written_has_no_lines() -> None:
    assert read(" \n\n", []) == []
    assert [line.kind for line in read("\n\nOne\n\n", [])] == ["text"]
