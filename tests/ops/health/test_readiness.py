import time
from collections.abc import Iterator

import django_rq
import pytest
from django.test import Client
from rq.worker import Worker

from runs.workers.clock import CLOCK


@pytest.fixture
def worker(valkey: object) -> Iterator[None]:
    connection = django_rq.get_connection("default")
    worker = Worker(["default"], connection=connection)
    worker.register_birth()
    yield
    worker.register_death()


@pytest.fixture
def clock(valkey: object) -> None:
    django_rq.get_connection("default").set(CLOCK, int(time.time()), ex=10)


def test_a_living_process_says_so_and_asks_no_database(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_with_all_parts_it_is_ready(client: Client, worker: None, clock: None) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    body = response.json()
    assert body["status"] == "ready"
    assert [body[name]["ok"] for name in ("database", "redis", "clock", "workers")] == [True] * 4
    assert body["workers"]["count"] == 1
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.parametrize(("there", "missing"), [("clock", "workers"), ("worker", "clock")])
def test_a_missing_part_is_named(client: Client, request: pytest.FixtureRequest, there: str, missing: str) -> None:
    request.getfixturevalue(there)
    response = client.get("/readyz")
    assert response.status_code == 503
    body = response.json()
    assert {name for name, part in body.items() if name != "status" and not part["ok"]} == {missing}
    assert "manage.py" in body[missing]["problem"]
