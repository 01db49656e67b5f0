"""What the words someone types find, and how it is shown."""

import pytest

from cases.models import Case
from cases.search import search
from cases.search.filters import CaseFilter, find_cases
from cases.work.changes import change_case
from teams.models import Team
from tests.fixtures import Make

pytestmark = pytest.mark.django_db


@pytest.fixture
def cases(make_case: Make[Case]) -> dict[str, Case]:
    return {
        "mail": make_case("Refund, please!", data={"from": "ada@example.com", "order": {"ids": ["INV-2024/7", 4711]}}),
        "japanese": make_case("領収書をお送りください", data="再発行をお願いします。"),
        "german": make_case("Falsche Größe", data="Die “Schuhe” sind zu groß…"),
        "russian": make_case("Возврат денег"),
        "number": make_case("Call 3 back", data={"is_open": True, "nothing": None}),
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("refund", ["mail"]),
        ("ref", ["mail"]),
        ("ref please", []),  # only the last word may be a beginning
        ("please ref", ["mail"]),
        ("example", ["mail"]),
        ("ada@example.com", ["mail"]),
        ("inv-2024/7", ["mail"]),
        ("4711", ["mail"]),
        ("ids", []),  # names of fields are no words of the case
        ("true", []),
        ("領収書", ["japanese"]),
        ("発行", ["japanese"]),
        ("収領", []),
        ("GRÖSSE", []),
        ("größe", ["german"]),
        ("schuhe", ["german"]),
        ("возврат", ["russian"]),
        ("3", ["german", "number"]),  # a word, or the number of a case
        ("#3", ["german"]),
        ("label:x", []),
        ("' | '", []),
        ("\\", []),
        ("a & !b", []),
        ("<->", []),
        ("…", []),
        (":*", []),
    ],
)
def test_words_find_cases(team: Team, cases: dict[str, Case], text: str, expected: list[str]) -> None:
    found = find_cases(team, CaseFilter(words=search.read(text), sort="oldest"))
    assert sorted(name for name, case in cases.items() if case in found) == sorted(expected)


def test_a_changed_case_is_found_by_what_it_says_now(team: Team, make_case: Make[Case]) -> None:
    case = make_case("Refund", labels=["a"])
    change_case(case, title="Login", data={"text": "broken"}, labels=["b's \\ c"])
    for text, label, count in (("refund", "", 0), ("login broken", "", 1), ("", "a", 0), ("", "b's \\ c", 1)):
        assert find_cases(team, CaseFilter(words=search.read(text), label=label)).count() == count


def test_words_find_nothing_of_another_team(make_team: Make[Team], cases: dict[str, Case]) -> None:
    assert not find_cases(make_team(), CaseFilter(words=search.read("refund"))).exists()


@pytest.mark.parametrize(
    "data",
    [
        " ".join(f"{number:x}" for number in range(45_000)),
        "領" * 40_000,
        " ".join(chr(0x430 + a) + chr(0x430 + b) for a in range(32) for b in range(32)),
        list(range(37_000)),
        [1e300] * 20_000,
        "x" * 200_000,
        "a-" * 100_000,
    ],
    ids=["words", "no spaces", "letters", "numbers", "long numbers", "one word", "hyphens"],
)
def test_no_case_says_too_much_for_the_index(team: Team, make_case: Make[Case], data: object) -> None:
    make_case("Findable", data=data)
    assert find_cases(team, CaseFilter(words=search.read("findable"))).count() == 1


# --- What is shown ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("Refund of refunds", "refund", "<mark>Refund</mark> of <mark>refunds</mark>"),
        ("Refund of refunds", "refund of", "<mark>Refund</mark> <mark>of</mark> refunds"),
        ("<b>Refund</b>", "refund", "&lt;b&gt;<mark>Refund</mark>&lt;/b&gt;"),
        ("<b>&amp;</b>", "b amp", "&lt;<mark>b</mark>&gt;&amp;<mark>amp</mark>;&lt;/<mark>b</mark>&gt;"),
        ("<script>alert(1)</script>", "nothing", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("領収書をお送り", "収書", "領<mark>収書</mark>をお送り"),
        ("order_id", "id", "order_<mark>id</mark>"),
        ("prefund", "fund", "prefund"),
        ("a.c abc", "a.c", "<mark>a</mark>.<mark>c</mark> abc"),
        ("'\"", "#1", "&#x27;&quot;"),
    ],
)
def test_what_was_found_is_marked_and_nothing_else_is_html(text: str, words: str, shown: str) -> None:
    assert search.marked(text, search.read(words)) == shown


def test_an_excerpt_shows_where_the_data_says_it() -> None:
    data = {"first": "no", "then": ["x " * 300 + "a <i>refund</i> of 12 " + "y " * 300]}
    shown = search.excerpt(data, search.read("refund"))
    assert shown.startswith("… x x")
    assert "a &lt;i&gt;<mark>refund</mark>&lt;/i&gt; of 12" in shown
    assert shown.endswith("y …")
    assert len(shown) < 250
    assert search.excerpt(data, search.read("unknown")) == ""
    assert search.excerpt({"total": 49.5}, search.read("49")) == "<mark>49</mark>.5"
