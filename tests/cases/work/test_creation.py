import pytest

from cases.models import Case
from cases.work.creation import NewCase, add_case, add_cases
from data.errors import Refused
from teams.audit.actors import BATON

pytestmark = pytest.mark.django_db


def test_cases_count_up_by_team(queue, make_queue, make_team) -> None:
    first = add_cases(queue, [NewCase("a"), NewCase("b")], by=BATON)
    assert [case.number for case, _ in first] == [1, 2]
    assert add_case(make_queue(), NewCase("c"), by=BATON).number == 3
    assert add_case(make_queue(of=make_team()), NewCase("d"), by=BATON).number == 1


def test_the_same_request_makes_one_case(queue) -> None:
    new = NewCase("Refund", data={"amount": 12}, external_id="mail-1")
    [(first, made)] = add_cases(queue, [new], by=BATON)
    [(second, made_again)] = add_cases(queue, [new], by=BATON)
    assert (made, made_again) == (True, False)
    assert first.pk == second.pk
    assert Case.objects.count() == 1


def test_a_repeat_with_another_body_is_refused(queue) -> None:
    add_case(queue, NewCase("Refund", external_id="mail-1"), by=BATON)
    with pytest.raises(Refused) as refused:
        add_case(queue, NewCase("Other", external_id="mail-1"), by=BATON)
    assert refused.value.code == "external_id_conflict"


def test_an_external_id_is_unique_within_one_request_too(queue) -> None:
    new = NewCase("Refund", external_id="mail-1")
    made = add_cases(queue, [new, new], by=BATON)
    assert [is_new for _, is_new in made] == [True, False]
    assert Case.objects.count() == 1


def test_all_or_none_are_made(queue) -> None:
    with pytest.raises(Refused):
        add_cases(queue, [NewCase("fine"), NewCase("  ")], by=BATON)
    assert not Case.objects.exists()


def test_a_null_character_is_shown_instead_of_refused_by_the_database(queue) -> None:
    case = add_case(queue, NewCase("a", data={"text": "x\x00y"}), by=BATON)
    case.refresh_from_db()
    assert case.data == {"text": "x\N{REPLACEMENT CHARACTER}y"}


def test_data_is_bounded(queue) -> None:
    with pytest.raises(Refused) as refused:
        add_case(queue, NewCase("a", data={"text": "x" * 300_000}), by=BATON)
    assert "data" in refused.value.fields
