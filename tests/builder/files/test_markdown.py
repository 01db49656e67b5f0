"""Agents as text and back. Pure: no database."""

from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from builder.files.flaws import Flawed
from builder.files.markdown import FRONT_MATTER_LIMIT, AgentFile, read, write

ID = UUID("0199a1b2-0000-7000-8000-000000000001")

# What the database may hold: no control characters, no halves of surrogate pairs, in lines no runs of white space.
characters = st.characters(
    exclude_categories=["Cs"], exclude_characters=[chr(code) for code in (*range(32), *range(127, 160))]
)
lines = st.text(characters, max_size=40).map(lambda text: " ".join(text.split()))
names = lines.filter(bool)
prose = st.text(characters | st.sampled_from("\n\t-"), max_size=200)
agent_files = st.builds(
    AgentFile,
    name=names,
    id=st.none() | st.uuids(),
    description=st.none() | lines,
    model=st.none() | lines,
    may_ask=st.none() | st.booleans(),
    consumes=st.none() | st.dictionaries(names, st.integers(1, 1000), max_size=3),
    produces=st.none() | st.lists(names, max_size=3),
    aop=prose,
)


def distinct(queues: list[str]) -> bool:
    return len({name.casefold() for name in queues}) == len(queues)


def flaws(text: str) -> list[str]:
    with pytest.raises(Flawed) as caught:
        read(text, "a.md")
    return [str(flaw) for flaw in caught.value.flaws]


def front(*rows: str) -> str:
    return "\n".join(["---", *rows, "---", "", "Text"])


@given(agent_files.filter(lambda agent: distinct([*(agent.consumes or {})]) and distinct(agent.produces or [])))
@example(AgentFile("no", description="2024-01-01", model="~", aop="---\nname: no\n---\n"))
@example(AgentFile("\ufeff\ufffe😀", aop="\n\n\ufeff \n\u2028"))
def test_what_is_written_is_read_again(agent: AgentFile) -> None:
    again = read(write(agent), "a.md")
    wanted = agent if agent.produces is None else AgentFile(**{**vars(agent), "produces": again.produces})
    assert again == wanted
    assert sorted(again.produces or []) == sorted(agent.produces or [])
    assert write(again) == write(agent)


def test_a_file_is_easy_to_read_and_to_compare() -> None:
    agent = AgentFile("Triage", ID, "Sorts.", "offline", True, {"Support": 5, "Billing": 2}, ["Late"], "GOAL\nSort.")
    assert write(agent) == (
        "---\nname: Triage\nid: 0199a1b2-0000-7000-8000-000000000001\ndescription: Sorts.\nmodel: offline\n"
        "may_ask: true\nconsumes:\n- queue: Billing\n  concurrency: 2\n- queue: Support\n  concurrency: 5\n"
        "produces:\n- Late\n---\n\nGOAL\nSort.\n"
    )


def test_little_is_enough() -> None:
    assert read("---\nname: Triage\n---\nSort.", "a.md") == AgentFile("Triage", aop="Sort.")
    assert read("\ufeff---\r\nname: Triage\r\n---\r\n\r\nOne\r\nTwo\r\n", "a.md").aop == "One\nTwo"
    assert read("---\nname: Triage\nconsumes:\n- Support\n---\n", "a.md").consumes == {"Support": 5}
    assert read("---\nname: Triage\nconsumes:\nproduces:\n---\n", "a.md") == AgentFile(
        "Triage", consumes={}, produces=[]
    )


def test_words_stay_words() -> None:
    assert read(front("name: no", "description: 2024-01-01", "model: 1e3"), "a.md") == AgentFile(
        "no", description="2024-01-01", model="1e3", aop="Text"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Just text", "a.md, line 1: The file must begin with a line “---”"),
        ("", "a.md, line 1: The file must begin with"),
        ("---\nname: X", "a.md, line 1: The front matter has no end"),
        ("---\n---\n", "a.md, line 1: The front matter must consist of lines"),
        (front("- X"), "a.md, line 1: The front matter must consist of lines"),
        (front("description: X"), "a.md, line 1: The name is missing"),
        (front("name: ' '"), "a.md, line 2: name: Required."),
        (front("name: X", "name: Y"), "a.md, line 3: “name” stands here twice."),
        (front("name: X", "temperature: 1"), "a.md, line 3: “temperature” is not known. Known are name, id"),
        (front("name: X", "[a]: b"), "a.md, line 3: “” is not known"),
        (front("name: [X]"), "a.md, line 2: name: This must be a text."),
        (front(f"name: {'x' * 81}"), "a.md, line 2: name: Use at most 80 characters; these are 81."),
        (front("name: X", "id: 12"), "a.md, line 3: id: This is no id."),
        (front("name: X", "may_ask: perhaps"), "a.md, line 3: may_ask: Please write true or false."),
        (front("name: X", "consumes: Support"), "a.md, line 3: consumes: This must be a list"),
        (front("name: X", "consumes:", "- queue: A", "- concurrency: 2"), "a.md, line 5: Each needs “queue: …”"),
        (front("name: X", "consumes:", "- queue: A", "  concurrency: 0"), "a.md, line 4: The concurrency must be"),
        (front("name: X", "consumes:", "- queue: A", "  concurrency: ٣"), "a.md, line 4: The concurrency must be"),
        (front("name: X", "consumes:", "- queue: A", "  speed: 2"), "a.md, line 5: “speed” is not known here."),
        (front("name: X", "produces: [A, a]"), "a.md, line 3: The queue “a” stands here twice."),
        (front("name: X", 'description: "'), "not valid YAML"),
        (front("name: X", "a: b: c"), "a.md, line 3: The front matter is not valid YAML: mapping values are not"),
        (front("name: &a X", "description: *a"), "a.md, line 2: The front matter is not valid YAML: Anchors and"),
        (front("name: X", "id: *x"), "a.md, line 3: The front matter is not valid YAML"),
        (front("name: X", "produces: [[[[[[]]]]]]"), "nested too deeply"),
        (front("name: X\x80"), "a.md, line 2: This line holds characters that cannot be shown."),
        (front("name: X\ufffe"), "a.md, line 2: This line holds characters that cannot be shown."),
        (front("name: X") + "\nOne\x00", "a.md, line 6: This line holds characters that cannot be shown."),
        (front("name: X") + "x" * 200_000, "a.md, line 5: A procedure has at most 200,000 characters"),
        (front(f"name: {'x' * FRONT_MATTER_LIMIT}"), "a.md, line 1: The front matter has more than 60,000"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, said: str) -> None:
    assert said in flaws(text)[0]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    found = flaws(front("id: 1", "speed: fast", "consumes:", "- queue: ''", "- concurrency: 1"))
    assert [text.split(":")[0] for text in found] == ["a.md, line 1", *(f"a.md, line {n}" for n in (2, 3, 5, 6))]


@pytest.mark.parametrize("text", ["[" * 50_000, "- " * 29_000, "? " * 29_000, "{a: " * 14_000, "&a " * 19_000])
def test_nothing_grows_without_end(text: str) -> None:
    assert flaws(front("name: X", f"produces: {text}"))


def test_a_bomb_of_aliases_is_refused() -> None:
    rows = ['a: &a ["x","x"]', *(f"{b}: &{b} [*{a},*{a},*{a}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True))]
    assert "Anchors and aliases" in flaws(front("name: X", *rows))[0]


def test_a_fallback_model_is_read_and_written() -> None:
    agent = AgentFile("Triage", model="openai:a", fallback="google:b")
    assert "fallback: google:b\n" in write(agent)
    assert read(write(agent), "triage.md") == agent
