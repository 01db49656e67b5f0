import pytest

from teams.settings.budgets import Budget, change_budget

pytestmark = pytest.mark.django_db


def test_a_team_sets_its_own_budgets(signed_in, team) -> None:
    page = signed_in.get("/settings/budgets/").content.decode()
    assert 'placeholder="50"' in page and 'placeholder="2,000,000"' in page and 'placeholder="no limit"' in page
    answer = signed_in.post("/settings/budgets/", {"tokens": "1000", "usd": "0.25", "usd_per_day": ""})
    assert answer.status_code == 302
    team.refresh_from_db()
    assert team.budget == {"tokens": 1000, "usd": 0.25}
    assert 'value="0.25"' in signed_in.get("/settings/budgets/").content.decode()


def test_a_field_left_empty_takes_the_budget_back(signed_in, team) -> None:
    change_budget(team, Budget(tokens=1000))
    signed_in.post("/settings/budgets/", {"tokens": ""})
    team.refresh_from_db()
    assert team.budget == {}


@pytest.mark.parametrize(("field", "typed"), [("tokens", "0"), ("usd", "-1"), ("usd", "cheap"), ("requests", "9999")])
def test_nonsense_is_refused_and_kept(signed_in, team, field: str, typed: str) -> None:
    answer = signed_in.post("/settings/budgets/", {field: typed, "minutes": "5"})
    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.content.decode()
    team.refresh_from_db()
    assert team.budget == {}
