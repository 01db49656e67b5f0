"""Personal details are replaced where a test is made of a run, and the test still asks the same."""

import json
from typing import Any

import pytest

from routes.routing_tests import personal


def sample(**data: Any) -> dict[str, Any]:
    return {"mode": "case", "title": "A refund", "data": data, "mark": "data-1", "prompt": json.dumps(data)}


def replaced(**data: Any) -> dict[str, Any]:
    told = sample(**data)
    return personal.replaced(told, personal.details(told))


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("Write to ada@shop.example, please", "Write to name@example.com, please"),
        ("Call +49 30 1234567 now", "Call +55 50 1005550 now"),
        ("Card 4111 1111 1111 1111", "Card 5550 1005 5501 0055"),
        ("Account 12345678", "Account 55501005"),
        ("IBAN DE89 3704 0044 0532 0130 00", "IBAN DE55 5010 0555 0100 5550 10"),
    ],
)
def test_a_replacement_keeps_the_shape(text: str, becomes: str) -> None:
    assert replaced(text=text)["data"]["text"] == becomes


def test_a_name_that_the_data_knows_is_replaced_wherever_it_stands() -> None:
    told = replaced(customer="Ada Lovelace", text="I am Ada, and Adams is someone else.")
    assert told["data"] == {"customer": "Alex Example", "text": "I am Alex, and Adams is someone else."}
    assert "Lovelace" not in json.dumps(told)


def test_a_name_that_begins_a_line_is_replaced_in_the_prompt_too() -> None:
    told = replaced(customer="Ada Lovelace", text="Thanks\nAda Lovelace\r\nada@shop.example\tAda")
    assert told["data"]["text"] == "Thanks\nAlex Example\r\nname@example.com\tAlex"
    assert json.loads(told["prompt"]) == told["data"]
    assert len(personal.details(sample(text="Thanks\nada@shop.example"))) == 1


def test_letters_that_json_writes_otherwise_are_replaced_too() -> None:
    assert "u00e" not in replaced(name="Zoë Müller", text="Thanks, Zoë")["prompt"]


@pytest.mark.parametrize("text", ["Order 4711", "It is 2026-12-01, 10:30", "Version 1.2.3", "1234567 pieces"])
def test_what_is_nothing_personal_stays(text: str) -> None:
    assert personal.details(sample(text=text)) == []


def test_only_what_is_chosen_is_replaced() -> None:
    told = sample(text="ada@shop.example and bob@shop.example")
    [first, second] = personal.details(told)
    assert (first.replacement, second.replacement) == ("name@example.com", "name2@example.com")
    assert personal.replaced(told, [first])["data"]["text"] == "name@example.com and bob@shop.example"
