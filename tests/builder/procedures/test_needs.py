import pytest

from builder.procedures.needs import NEEDS, FieldType, Need, read

SECTION = """Work what comes in.

NEEDS
- order number
- amount: number
- due day: date (optional)
- urgent: yes or no
- plan: one of free, team, company

STEPS
- not a field
"""


def names(aop: str) -> list[str]:
    return [need.name for need in read(aop).needs]


def test_each_list_item_of_the_section_is_a_field() -> None:
    assert read(SECTION).needs == (
        Need(name="order number"),
        Need(name="amount", type=FieldType.NUMBER),
        Need(name="due day", type=FieldType.DATE, required=False),
        Need(name="urgent", type=FieldType.BOOLEAN),
        Need(name="plan", type=FieldType.CHOICE, choices=["free", "team", "company"]),
    )


def test_a_need_has_choices_only_where_there_is_a_choice() -> None:
    assert NEEDS.dump_python([*read("NEEDS\n- a\n- b: one of x, y (optional)").needs], mode="json") == [
        {"name": "a", "type": "text", "required": True},
        {"name": "b", "type": "choice", "required": False, "choices": ["x", "y"]},
    ]


@pytest.mark.parametrize("heading", ["NEEDS", "NEEDS:", "## NEEDS", "**NEEDS**", "**NEEDS:**", "  NEEDS  "])
def test_the_heading_may_be_written_as_other_headings_are(heading: str) -> None:
    assert names(f"{heading}\n- order number") == ["order number"]


@pytest.mark.parametrize("heading", ["Needs", "It NEEDS", "NEEDS AN ORDER", "needs"])
def test_other_lines_begin_no_section(heading: str) -> None:
    assert names(f"{heading}\n- order number") == []


@pytest.mark.parametrize("end", ["STEPS", "Then work it.", "# Steps", "@[Ada](agent:x) helps."])
def test_the_section_ends_at_the_first_line_that_is_neither_blank_nor_an_item(end: str) -> None:
    assert names(f"NEEDS\n\n- a\n\n* b\n1. c\n{end}\n- d") == ["a", "b", "c"]


def test_the_lines_say_again_what_was_read() -> None:
    needs = read(SECTION).needs
    assert read("NEEDS\n" + "\n".join(f"- {need.line}" for need in needs)).needs == needs


@pytest.mark.parametrize("name", ["номер заказа", "注文番号", "רְשִׁימָה", "größe", "n° de commande"])
def test_names_of_every_script_are_names(name: str) -> None:
    assert names(f"NEEDS\n- {name}: text") == [name]


@pytest.mark.parametrize(
    ("item", "choices"),
    [
        ("plan: one of free, team or company", ["free", "team", "company"]),
        ("plan: one of “free”, “team”.", ["free", "team"]),
        ("plan: One of: a, b (optional)", ["a", "b"]),
        ("plan：one of 大, 小", ["大", "小"]),
    ],
)
def test_choices_are_read_as_people_write_them(item: str, choices: list[str]) -> None:
    assert read(f"NEEDS\n- {item}").needs[0].choices == choices


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("colour: hexcode", "“hexcode” is not a kind of field"),
        ("order number: the number on the receipt", "is not a kind of field"),
        ("plan: one of", "Name the choices of “plan”"),
        ("plan: one of free", "Name the choices of “plan”"),
        ("plan: one of free, , team", "Name the choices of “plan”"),
        ("plan: one of free, Free", "the same choice twice"),
        (": number", "has no name"),
        ("…", "has no name"),
        ("x" * 61, "too long"),
        ("@[Ada](agent:6f2c1f0e-0000-4000-8000-000000000001)", "without a mention"),
    ],
)
def test_an_item_that_names_no_field_is_reported_with_its_place(item: str, message: str) -> None:
    aop = f"NEEDS\n- order number\n- {item}\n- amount: number"
    section = read(aop)
    assert [need.name for need in section.needs] == ["order number", "amount"]
    [bad] = section.bad
    assert message in bad.message
    assert aop[bad.start : bad.end] == item


def test_a_name_listed_twice_counts_once() -> None:
    section = read("NEEDS\n- Order number\n- order_number: number")
    assert section.needs == (Need(name="Order number"),)
    assert "listed twice" in section.bad[0].message


def test_sixty_fields_are_read_and_more_than_a_hundred_reported() -> None:
    assert len(read("NEEDS\n" + "\n".join(f"- field {n}" for n in range(60))).needs) == 60
    section = read("NEEDS\n" + "\n".join(f"- field {n}" for n in range(103)))
    assert (len(section.needs), len(section.bad)) == (100, 3)
