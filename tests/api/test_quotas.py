"""How many requests a key may send."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from teams.keys import quotas
from teams.keys.api_keys import create_key
from teams.models import ApiKey, Team

from .conftest import Caller, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def small(team: Team) -> tuple[ApiKey, Caller]:
    """A key that may send three requests a minute."""
    key, secret = create_key(team, "Small", per_minute=3)
    return key, Caller(secret)


def test_each_answer_says_how_much_is_left(small: tuple[ApiKey, Caller]) -> None:
    _, api = small
    answers = [api.get("/agents"), api.get("/nothing/that/exists"), api.post("/agents", {}), api.delete("/agents")]
    assert [answer.status_code for answer in answers] == [200, 404, 422, 405]
    told = [(answer.get("RateLimit-Limit"), answer.get("RateLimit-Remaining")) for answer in answers]
    assert told == [("3", "2"), (None, None), ("3", "1"), (None, None)]
    assert [int(answers[place]["RateLimit-Reset"]) for place in (0, 2)] == [20, 40]
    assert "Retry-After" not in answers[0]


def test_beyond_its_limit_a_key_is_told_to_wait(small: tuple[ApiKey, Caller], api: Caller) -> None:
    _, limited = small
    assert [limited.get("/agents").status_code for _ in range(3)] == [200] * 3
    refused = limited.post("/agents", {"name": "New"})
    assert "3 requests a minute" in problem(refused, 429, "too_many_requests")["message"]
    assert 1 <= int(refused["Retry-After"]) <= 20
    assert refused["RateLimit-Reset"] == refused["Retry-After"]
    assert refused["RateLimit-Remaining"] == "0"
    assert api.get("/agents", q="New").json()["items"] == []  # another key goes on


def test_refused_requests_do_not_count(small: tuple[ApiKey, Caller], valkey: redis.Redis) -> None:
    key, limited = small
    for _ in range(8):
        last = limited.get("/agents")
    assert last.status_code == 429
    # A third of a minute later, as Redis' clock says, there is room for one more.
    name = f"baton:quota:{key.pk}"
    valkey.set(name, int(valkey.get(name)) - 20_000_000)  # type: ignore[arg-type]
    assert [limited.get("/agents").status_code for _ in range(2)] == [200, 429]


def test_processes_that_count_at_once_let_no_more_through(team: Team) -> None:
    key, _ = create_key(team, "Busy", per_minute=10)
    with ThreadPoolExecutor(8) as pool:
        counted = list(pool.map(quotas.count_request, [key] * 40))
    assert sum(not quota.is_used_up for quota in counted if quota) == 10


def test_what_a_key_may_send_is_the_settings_word_unless_it_has_its_own(team: Team, settings) -> None:
    _, secret = create_key(team, "Usual")
    settings.API_REQUESTS_PER_MINUTE = 7
    assert Caller(secret).get("/agents")["RateLimit-Limit"] == "7"
    settings.API_REQUESTS_PER_MINUTE = 0
    assert "RateLimit-Limit" not in Caller(secret).get("/agents")


def test_without_redis_requests_go_on_and_the_log_says_so(
    api: Caller, settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS_URL = "unix:///nothing-is-here"
    monkeypatch.setattr(quotas, "_ask_again_at", 0.0)
    with caplog.at_level(logging.WARNING, "teams.keys.quotas"):
        answers = [api.get("/agents") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert "RateLimit-Limit" not in answers[0]
    assert len(caplog.records) == 1  # it is not asked again by each request


def test_a_limit_of_its_own_is_chosen_on_the_page(signed_in, settings) -> None:
    form = {"name": "Shop", "scopes": ["read"], "expires": "30"}
    settings.API_REQUESTS_PER_MINUTE = 100
    refused = signed_in.post("/settings/keys/", {**form, "per_minute": "101"})
    assert refused.status_code == 422
    assert "100 requests a minute at most" in refused.text
    page = signed_in.post("/settings/keys/", {**form, "per_minute": "60"}, follow=True).text
    assert ApiKey.objects.get().per_minute == 60
    assert "60 requests a minute" in page
