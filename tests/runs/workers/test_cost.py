"""What a case of two stages costs, compared with the committed figures: counts that no slow machine changes."""

import json
from collections.abc import Iterator

import pytest
from pydantic_ai.models import override_allow_model_requests

from benchmarks import staff, two_stages
from benchmarks.provider import Standing, provider
from cases.models import Queue

pytestmark = [pytest.mark.alone, pytest.mark.django_db(transaction=True)]

TOLERANCE = 1.15
# A slow machine waits for the bell once more.
SLACK = 0.3


@pytest.fixture
def standing() -> Iterator[Standing]:
    with provider() as running, override_allow_model_requests(True):
        yield running


@pytest.fixture
def desk(settings, standing: Standing, monkeypatch: pytest.MonkeyPatch) -> Queue:
    settings.BATON_DEFAULT_MODEL = "openai-chat:scripted"
    for name, value in standing.environment.items():
        monkeypatch.setenv(name, value)
    return staff.desk()


def test_a_case_of_two_stages_costs_no_more_than_it_did(desk: Queue) -> None:
    expected, counted = json.loads(two_stages.EXPECTED.read_text()), two_stages.compared(desk)
    costlier = {
        what: (expected[what], now) for what, now in counted.items() if now > expected[what] * TOLERANCE + SLACK
    }
    assert not costlier, (
        f"A case costs more than it did (expected, now): {costlier}. If that is meant to be,"
        " `python -m benchmarks.two_stages --expect` writes benchmarks/expected.json again."
    )
