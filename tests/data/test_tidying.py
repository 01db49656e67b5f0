"""Deleting what is old: in portions, and without an hour between them."""

import pytest

from cases.models import Label
from data import tidying
from data.threads import BackgroundTask
from teams.models import Team


@pytest.mark.django_db
def test_what_is_old_goes_in_portions_until_nothing_is_left(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidying, "_PORTION", 2)
    Label.objects.bulk_create(Label(team=team, name=f"old {number}") for number in range(5))
    kept = Label.objects.create(team=team, name="new")
    old = Label.objects.filter(name__startswith="old")
    assert [tidying.delete_old(old) for _ in range(3)] == [True, True, False]
    assert Label.objects.get() == kept


def test_a_task_tidies_at_each_tick_until_it_is_done_and_then_once_an_hour() -> None:
    more = [True, True, False]
    task = BackgroundTask("tidy", tidy=lambda: more.pop(0))
    for _ in range(5):
        task.start_if_due()
    assert not more
