from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.procedures import mentions
from builder.procedures.mentions import Mention

BILLING = UUID("6f1c2a34-0000-4000-8000-00000000b111")
SUPPORT = UUID("0a9b8c7d-0000-4000-8000-00000000500b")

names = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=40)
tokens = st.builds(mentions.token, st.uuids(), names)
# Text made of what could confuse the expression: whole tokens, halves of tokens, and the characters it is built from.
scraps = st.one_of(
    tokens,
    tokens.flatmap(lambda whole: st.integers(0, len(whole)).map(lambda at: whole[:at])),
    tokens.flatmap(lambda whole: st.integers(0, len(whole)).map(lambda at: whole[at:])),
    st.sampled_from(["@", "[", "]", "(", ")", "\\", "@[", "](agent:", "\n", "\r\n", "\u2028", "\x00", "ß", "🧑‍🚀"]),
    st.text(max_size=10),
)
texts = st.lists(scraps, max_size=8).map("".join)


def test_a_mention_is_found_with_its_id_name_and_place():
    text = f"Refunds go to @[Billing Specialist](agent:{BILLING})."

    (mention,) = mentions.find_mentions(text)

    assert mention == Mention(BILLING, "Billing Specialist", 14, len(text) - 1)
    assert text[mention.start : mention.end] == mention.source


@pytest.mark.parametrize(
    "text",
    [
        "@Billing",
        "@[Billing]",
        f"@[](agent:{BILLING})",
        f"[Billing](agent:{BILLING})",
        f"@[Billing] (agent:{BILLING})",
        f"@[Billing](agent:{str(BILLING).upper()})",
        "@[Billing](agent:1234)",
        f"@[Bill\ning](agent:{BILLING})",
        f"@[Bill\u2028ing](agent:{BILLING})",
        f"@[Bill\\ing](agent:{BILLING})",
        f"@[Bill]ing](agent:{BILLING})",
    ],
)
def test_what_only_resembles_a_token_is_text(text: str):
    assert mentions.find_mentions(text) == []
    assert mentions.split(text) == [text]


def test_a_token_inside_an_unfinished_one_is_found_alone():
    text = f"@[Ask @[Billing](agent:{BILLING})"

    assert [mention.name for mention in mentions.find_mentions(text)] == ["Billing"]


def test_target_ids_are_unique_in_order_of_first_appearance():
    billing, support = mentions.token(BILLING, "Billing"), mentions.token(SUPPORT, "Support")

    assert mentions.target_ids(f"{support} then {billing}, else {support} or {billing}") == [SUPPORT, BILLING]


def test_brackets_and_backslashes_in_a_name_are_escaped():
    assert mentions.token(BILLING, r"A [B] \ C") == rf"@[A \[B\] \\ C](agent:{BILLING})"


@pytest.mark.parametrize("name", ["", "two\nlines", "tab\there", "\x00", "line\u2028end", "\x85", "\ud800"])
def test_a_name_that_cannot_stand_in_a_token_is_refused(name: str):
    with pytest.raises(ValueError, match="cannot be the name"):
        mentions.token(BILLING, name)


def test_relabel_writes_current_names_and_leaves_unknown_ids_alone():
    text = f"{mentions.token(BILLING, 'Old [name]')} and {mentions.token(SUPPORT, 'Gone')}"

    assert mentions.relabel(text, {BILLING: "Billing"}) == (f"@[Billing](agent:{BILLING}) and @[Gone](agent:{SUPPORT})")


def test_plain_reads_as_people_write_mentions():
    text = f"Ask {mentions.token(BILLING, 'Old [name]')} or {mentions.token(SUPPORT, 'Support')}."

    assert mentions.plain(text) == "Ask @Old [name] or @Support."
    assert mentions.plain(text, {BILLING: "Billing"}) == "Ask @Billing or @Support."


def test_split_gives_text_and_mentions_in_turn():
    text = f"{mentions.token(BILLING, 'Billing')}{mentions.token(SUPPORT, 'Support')} end"

    first, second, rest = mentions.split(text)

    assert (first, second, rest) == (*mentions.find_mentions(text), " end")
    assert mentions.split("") == []


def test_normalise_makes_every_line_end_a_line_feed():
    assert mentions.normalise("a\r\nb\rc\nd\r\r\n") == "a\nb\nc\nd\n\n"


@given(names)
def test_any_printable_name_survives(name: str):
    agent_id = uuid4()
    text = f"before {mentions.token(agent_id, name)} after"

    (mention,) = mentions.find_mentions(text)

    assert (mention.agent_id, mention.name) == (agent_id, name)
    assert mentions.join(mentions.split(text)) == text


@given(texts)
def test_any_text_survives_split_and_join(text: str):
    parts = mentions.split(text)

    assert mentions.join(parts) == text
    assert [part for part in parts if isinstance(part, Mention)] == mentions.find_mentions(text)
    assert "" not in parts


@given(texts)
def test_tokens_neither_nest_nor_tear_nor_repeat(text: str):
    position = 0
    for mention in mentions.find_mentions(text):
        assert position <= mention.start < mention.end
        assert mention.source == text[mention.start : mention.end]
        assert [inner.start for inner in mentions.find_mentions(mention.source)] == [0]
        position = mention.end


@given(texts, st.data())
def test_relabel_is_idempotent_and_changes_only_labels(text: str, data: st.DataObject):
    ids = mentions.target_ids(text)
    known = st.dictionaries(st.sampled_from(ids), names) if ids else st.just({})
    current = data.draw(known)

    once = mentions.relabel(text, current)

    assert mentions.relabel(once, current) == once
    assert mentions.relabel(text, {}) == text
    for before, after in zip(mentions.find_mentions(text), mentions.find_mentions(once), strict=True):
        assert after.agent_id == before.agent_id
        assert after.name == current.get(before.agent_id, before.name)


@given(texts)
def test_normalise_keeps_the_mentions(text: str):
    normal = mentions.normalise(text)

    assert "\r" not in normal
    assert mentions.normalise(normal) == normal
    assert mentions.target_ids(normal) == mentions.target_ids(text)
