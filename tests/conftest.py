import pydantic_ai.models

pydantic_ai.models.ALLOW_MODEL_REQUESTS = False  # a forgotten fake must not cost money

from collections.abc import Iterator  # noqa: E402

import pytest  # noqa: E402
import redis  # noqa: E402
from django.conf import settings  # noqa: E402
from hypothesis import HealthCheck  # noqa: E402
from hypothesis import settings as hypothesis_settings  # noqa: E402

from data import pipelines  # noqa: E402

pipelines.keep_plans()  # as a worker does; pages and commands do without, as `tests/data/test_rows.py` does, too

pytest_plugins = [
    "tests.fixtures",
    "tests.provider",
    "tests.driving",
    "tests.web_process",
    "tests.emptying",
    "tests.static_files",
    "tests.template_database",
]

# How long an example takes says more about the machine than about Baton.
hypothesis_settings.register_profile("baton", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("baton")


@pytest.fixture(scope="session")
def valkey() -> Iterator[redis.Redis]:
    """This test process's own database of the test Valkey."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client


@pytest.fixture(autouse=True)
def empty_valkey(valkey: redis.Redis) -> None:
    valkey.flushdb()
