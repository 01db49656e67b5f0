"""Wrong keys are counted by network, and keep no right key out."""

from typing import Any

import pytest
from django.test import Client

from teams.keys.api_keys import create_key

pytestmark = pytest.mark.django_db


def test_keys_cannot_be_tried_out(team, settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "api_key": "5/5m/key"}
    browser = Client()

    def ask(key: str, **where: Any) -> int:
        return browser.get("/api/v1/team", headers={"authorization": f"Bearer {key}"}, **where).status_code

    assert [ask(f"baton_{number}") for number in range(6)] == [401] * 5 + [429]
    assert ask(create_key(team, "right")[1]) == 200
    assert ask("baton_wrong", REMOTE_ADDR="203.0.113.5") == 401
    refused = browser.get("/api/v1/team", headers={"authorization": "Bearer baton_x"})
    assert refused.json()["error"]["code"] == "too_many_requests"
    assert refused.headers["Retry-After"] == "300"
    assert browser.get("/api/v1/team").status_code == 401
