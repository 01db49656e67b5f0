import contextlib
import os
import queue
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from ops.stack import processes

from .harness import CHECKOUT, STAND_IN, Started


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Started]]:
    """Starts a supervisor on a home; whatever is left of it is ended after the test."""
    started: list[Started] = []

    def begin(home: Path, *, command: Sequence[str] = STAND_IN, **environment: str) -> Started:
        tests = (
            "DATABASE_URL",
            "REDIS_URL",
            "BATON_HOME",
            "SECRET_KEY",
            "DJANGO_SETTINGS_MODULE",
            "BATON_DATABASE_POOL",
        )
        ours = {name: value for name, value in os.environ.items() if name not in tests}
        ours |= {"BATON_HOME": str(home), "PYTHONPATH": str(CHECKOUT), **environment}
        started.append(Started(home, command, ours))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            with contextlib.suppress(queue.Empty, subprocess.TimeoutExpired):
                one.stop()
            one.process.kill()
        processes.stop_recorded(one.home / "processes.json")
    shutil.rmtree(tmp_path, ignore_errors=True)
