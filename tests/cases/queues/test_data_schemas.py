import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cases.models import Case, Queue
from cases.queues.data_schemas import SCHEMA_LIMIT, check_schema, errors
from cases.queues.queues import save_queue
from cases.work.creation import NewCase, add_case, add_cases
from data.errors import Refused
from teams.audit.actors import BATON
from tests.fixtures import Make

pytestmark = pytest.mark.django_db

ORDER = {
    "type": "object",
    "required": ["order", "amount"],
    "properties": {
        "order": {"type": "string", "pattern": "^A-[0-9]+$"},
        "amount": {"type": "number", "minimum": 0},
        "currency": {"enum": ["EUR", "USD"]},
        "customer": {"$ref": "#/$defs/customer"},
    },
    "$defs": {"customer": {"type": "object", "required": ["email"]}},
}
RIGHT = {"order": "A-1", "amount": 5, "customer": {"email": "a@example.com"}}


@pytest.fixture
def orders(make_queue: Make[Queue]) -> Queue:
    return make_queue("Orders", data_schema=ORDER, default_priority=Case.Priority.HIGH)


def test_each_error_is_told_at_its_field() -> None:
    assert errors(ORDER, RIGHT) == {}
    assert errors(ORDER, {"order": "B", "currency": "DM", "customer": {}}) == {
        "amount": "Is missing.",
        "order": "Does not look like ^A-[0-9]+$",
        "currency": 'Must be one of "EUR", "USD".',
        "customer.email": "Is missing.",
    }
    assert errors(ORDER, "some text") == {"": "Must be an object."}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ([], "is a JSON object"),
        ({"type": "thing"}, "is no JSON Schema at type"),
        ({"properties": {"a": {"$ref": "https://example.com/schema"}}}, "lies elsewhere"),
        ({"$ref": "file:///etc/passwd"}, "lies elsewhere"),
        ({"$ref": "#/$defs/none"}, "is not there"),
        ({"$ref": "#"}, "refers to itself without end"),
        ({"$id": "https://example.com/", "type": "object"}, "cannot be used here"),
        ({"properties": {"a": {"pattern": "(?=x)"}}}, "The pattern"),
        ({"patternProperties": {"(a+)+$": {}}}, "cannot be used here"),
        ({"description": "x" * SCHEMA_LIMIT}, "32 kB at most"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_with_a_sentence(schema: Any, words: str) -> None:
    with pytest.raises(Refused) as refused:
        check_schema(schema)
    assert words in refused.value.message
    assert "data_schema" in refused.value.fields


def test_an_expression_that_would_take_for_ever_takes_no_time() -> None:
    assert errors({"pattern": "^(a+)+$"}, "a" * 40 + "!")


def test_references_that_multiply_are_given_up() -> None:
    defs: dict[str, Any] = {f"d{at}": {"allOf": [{"$ref": f"#/$defs/d{at + 1}"}] * 2} for at in range(40)}
    with pytest.raises(Refused):
        check_schema({"$ref": "#/$defs/d0", "$defs": {**defs, "d40": {}}})


def test_a_case_that_does_not_fit_is_not_added(orders: Queue) -> None:
    with pytest.raises(Refused) as refused:
        add_case(orders, NewCase("Wrong", {"order": "A-1"}), by=BATON)
    assert refused.value.fields == {"data.amount": "Is missing."}
    assert "amount: Is missing." in refused.value.message
    with pytest.raises(Refused) as refused:
        add_cases(orders, [NewCase("Right", RIGHT), NewCase("Wrong", {})], by=BATON)
    assert "cases.1.data.order" in refused.value.fields
    assert not Case.objects.exists()


def test_a_repeat_is_answered_whatever_the_queue_asks_for_now(orders: Queue) -> None:
    item = NewCase("Right", RIGHT, external_id="1")
    first = add_case(orders, item, by=BATON)
    save_queue(orders, data_schema={"required": ["more"]}, default_priority=0)
    assert add_case(orders, item, by=BATON) == first


def test_new_cases_have_the_queue_s_priority_unless_they_say_one(orders: Queue) -> None:
    assert add_case(orders, NewCase("As usual", RIGHT), by=BATON).priority == Case.Priority.HIGH
    assert add_case(orders, NewCase("Not urgent", RIGHT, 0), by=BATON).priority == Case.Priority.NONE


def test_the_form_of_a_case_says_what_does_not_fit(signed_in: Client, orders: Queue) -> None:
    address = reverse("case_new", args=[orders.pk])
    assert '<option value="2" selected>' in signed_in.get(address).content.decode()
    said = {"title": "Wrong", "details": '{"order": "A-1"}', "priority": "0"}
    response = signed_in.post(address, said)
    assert response.status_code == 422
    assert "amount: Is missing." in response.content.decode()


def test_the_form_of_a_queue_takes_a_schema_and_refuses_a_bad_one(signed_in: Client, queue: Queue) -> None:
    address = reverse("queue_edit", args=[queue.pk])
    said = {"name": "Support", "hop_limit": "8", "default_priority": "1"}
    response = signed_in.post(address, {**said, "data_schema": '{"type": "thing"}'})
    assert response.status_code == 422
    assert "This is no JSON Schema" in response.content.decode()
    assert "This is no JSON: " in signed_in.post(address, {**said, "data_schema": "{"}).content.decode()
    signed_in.post(address, {**said, "data_schema": json.dumps(ORDER)})
    queue.refresh_from_db()
    assert (queue.data_schema, queue.default_priority) == (ORDER, 1)
    signed_in.post(address, {**said, "data_schema": ""})
    queue.refresh_from_db()
    assert queue.data_schema is None
