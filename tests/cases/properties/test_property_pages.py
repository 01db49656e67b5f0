"""Properties that are changed where they stand, each with a toast that undoes it."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cases.models import Case, Queue
from tests.fixtures import Make
from tests.responses import Response

pytestmark = pytest.mark.django_db

IN_PLACE = {"HX-Request": "true", "HX-Target": "div#toasts"}


@pytest.fixture
def case(make_case: Make[Case]) -> Case:
    return make_case("Charged twice", data={"message": "Hello", "order": "A-1", "amount": 12}, labels=["vip"])


def act(client: Client, name: str, case: Case, data: dict[str, Any], query: str = "") -> Response:
    response = client.post(reverse(f"case_{name}", args=[case.pk]) + query, data, headers=IN_PLACE)
    case.refresh_from_db()
    return response


def undo(client: Client, response: Response, case: Case) -> str:
    [address] = re.findall(r'action="([^"]+/undo/)"', response.text)
    told = client.post(address, headers=IN_PLACE).text
    case.refresh_from_db()
    return told


def test_each_property_changes_in_place_and_is_undone(signed_in: Client, case: Case, make_queue: Make[Queue]) -> None:
    other, before = make_queue("Refunds"), case.queue
    acts: list[tuple[str, dict[str, Any], str, str, Any, Any]] = [
        ("priority", {"priority": "2"}, "", "priority", 0, 2),
        ("labels", {"add": "  refund "}, "", "labels", ["vip"], ["refund", "vip"]),
        ("labels", {"remove": "vip"}, "", "labels", ["vip"], []),
        ("queue", {"queue": str(other.pk)}, "", "queue_id", before.pk, other.pk),
        ("field", {"value": "A-2"}, "?name=order", "data", case.data, {**case.data, "order": "A-2"}),
    ]
    for name, data, query, field, old, new in acts:
        response = act(signed_in, name, case, data, query)
        assert response.status_code == 200 and response["HX-Trigger"] == "acted", name
        assert "<toast-message" in response.text and getattr(case, field) == new, name
        assert "as it was before" in undo(signed_in, response, case), name
        assert getattr(case, field) == old, name


def test_nothing_is_undone_that_was_changed_again(signed_in: Client, case: Case) -> None:
    response = act(signed_in, "priority", case, {"priority": "2"})
    act(signed_in, "priority", case, {"priority": "1"})
    assert "changed since" in undo(signed_in, response, case)
    assert case.priority == 1


def test_what_stays_the_same_says_nothing(signed_in: Client, case: Case) -> None:
    assert "<toast-message" not in act(signed_in, "labels", case, {"add": "vip"}).text


def test_without_scripts_a_list_is_a_page_and_its_form_leads_back(signed_in: Client, case: Case) -> None:
    address = reverse("case_priority", args=[case.pk])
    page = signed_in.get(address).text
    assert "<!doctype html>" in page and "Medium" in page
    part = signed_in.get(address, headers={"HX-Request": "true", "HX-Target": "pick-list#picker"}).text
    assert part.lstrip().startswith('<div class="picker"')
    assert signed_in.post(address, {"priority": "2"}).headers["Location"] == reverse("case", args=[case.pk])


def test_a_wrong_value_keeps_what_was_typed(signed_in: Client, case: Case) -> None:
    response = act(signed_in, "field", case, {"value": "a lot"}, "?name=amount")
    assert response.status_code == 422 and response["HX-Retarget"] == "#content"
    assert "Enter a number." in response.text and 'value="a lot"' in response.text
    assert act(signed_in, "priority", case, {"priority": "9"}).status_code == 404


def test_a_case_that_an_agent_works_on_stays_in_its_queue(
    signed_in: Client, case: Case, make_queue: Make[Queue]
) -> None:
    Case.objects.filter(pk=case.pk).update(status="in_progress")
    assert "working on this case" in act(signed_in, "queue", case, {"queue": str(make_queue("Refunds").pk)}).text


def test_labels_that_similar_cases_have_are_one_click_away(
    signed_in: Client, case: Case, make_case: Make[Case]
) -> None:
    make_case("Another", labels=["refund", "vip"])
    page = signed_in.get(reverse("case", args=[case.pk])).text
    assert 'aria-label="Add the label refund"' in page and 'aria-label="Add the label vip"' not in page
