import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runs.stack import processes


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        yield process
        process.kill()


def record(folder: Path, pid: int, identity: str | None) -> Path:
    path = folder / "processes.json"
    path.write_text(json.dumps({"web": {"pid": pid, "identity": identity, "signal": int(signal.SIGTERM)}}))
    return path


def test_a_recorded_process_is_ended(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    path = record(tmp_path, sleeper.pid, processes.identity(sleeper.pid))
    processes.stop_recorded(path)
    assert sleeper.wait() == -signal.SIGTERM
    assert not path.exists()


def test_another_process_that_got_its_pid_is_left_alone(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    processes.stop_recorded(record(tmp_path, sleeper.pid, "an earlier start"))
    assert sleeper.poll() is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"web": {}}', '{"web": 1}'])
def test_a_record_that_cannot_be_read_ends_nothing(tmp_path: Path, content: str) -> None:
    path = tmp_path / "processes.json"
    path.write_text(content)
    processes.stop_recorded(path)


def test_a_process_that_ended_has_no_identity_even_before_it_is_waited_for(sleeper: subprocess.Popen[bytes]) -> None:
    sleeper.kill()
    assert processes.wait_until(lambda: processes.identity(sleeper.pid) is None, 5)
    os.kill(sleeper.pid, 0)  # still there, as a zombie
    sleeper.wait()
    assert processes.identity(sleeper.pid) is None
