import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.stack import processes
from tests import children
from tests.paths import ROOT


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with children.start(["sleep", "60"], start_new_session=True) as process:
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


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children")
def test_what_a_test_starts_ends_with_the_test_process_even_when_that_is_killed() -> None:
    program = (
        "import time; from tests import children;"
        " print(children.start(['sleep', '60'], start_new_session=True).pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as test_process:
        assert test_process.stdout
        child = int(test_process.stdout.readline())
        assert processes.identity(child)
        test_process.kill()
    assert processes.wait_until(lambda: processes.identity(child) is None, 10)


def test_no_test_starts_a_process_that_could_outlive_it() -> None:
    tests = ROOT / "tests"
    plain = re.compile(r"subprocess\.Popen\((?!program\.command)")
    allowed = {"children.py", Path(__file__).name}
    found = [file.name for file in tests.rglob("*.py") if plain.search(file.read_text()) and file.name not in allowed]
    assert found == []
