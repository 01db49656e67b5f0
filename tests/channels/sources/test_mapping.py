"""What the parts of a message become in its case."""

import pytest

from cases.models import Queue
from channels.sources import sources
from channels.sources.mapping import mapped_keys, new_case, parts_of, roles_of
from channels.sources.sources import SourceFields
from data.errors import Refused
from teams.models import Team
from tests.fixtures import Make

MESSAGE = {
    "event": "ticket.created",
    "ticket": {"subject": "Lamp", "body": "It is dark", "tags": ["a", "b"], "meta": {"source": "shop", "empty": {}}},
    "items": [{"sku": 1}],
}


def test_parts_are_named_by_their_way() -> None:
    assert parts_of(MESSAGE) == {
        "event": "ticket.created",
        "ticket.subject": "Lamp",
        "ticket.body": "It is dark",
        "ticket.tags": "a, b",
        "ticket.meta.source": "shop",
    }


def test_names_say_what_a_part_becomes_and_all_else_stays_nested() -> None:
    case = new_case(MESSAGE, {}, "Message from Shop")
    assert (case.title, case.labels) == ("Lamp", ["a", "b"])
    assert case.data == {
        "event": "ticket.created",
        "ticket": {"body": "It is dark", "meta": {"source": "shop", "empty": {}}},
        "items": [{"sku": 1}],
    }


def test_a_mapping_goes_before_names() -> None:
    mapping = {
        "event": "title",
        "ticket.subject": "field",
        "ticket.body": "ignore",
        "ticket.meta.source": "external_id",
    }
    case = new_case(MESSAGE, mapping, "Message from Shop")
    assert (case.title, case.external_id) == ("ticket.created", "shop")
    assert case.data == {"ticket": {"subject": "Lamp", "meta": {"empty": {}}}, "items": [{"sku": 1}]}


def test_a_message_without_its_title_is_refused() -> None:
    with pytest.raises(Refused, match="has no “headline”"):
        new_case(MESSAGE, {"headline": "title"}, "Message from Shop")


def test_each_single_role_is_given_once() -> None:
    roles = roles_of({"title": "A", "subject": "B", "a.title": "C", "priority": "high"}, {"a.title": "title"})
    assert roles == {"title": "field", "subject": "field", "a.title": "title", "priority": "priority"}


@pytest.mark.django_db
def test_a_queue_has_the_keys_that_the_mappings_of_its_sources_keep(team: Team, make_queue: Make[Queue]) -> None:
    queue, other = make_queue(), make_queue()
    for name, mapping in {"Shop": {"event": "title", "order.no": "field"}, "Desk": {"body": "details"}}.items():
        sources.create_source(team, SourceFields(name, queue, mapping=mapping))
    gone, _ = sources.create_source(team, SourceFields("Gone", queue, mapping={"gone": "field"}))
    sources.delete_source(gone)
    assert mapped_keys([queue.pk, other.pk]) == {queue.pk: {"order.no", "body"}}
