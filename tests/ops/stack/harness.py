"""A supervisor in a process of its own."""

import contextlib
import json
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import psycopg

from ops.stack import processes
from tests import children

CHECKOUT = Path(__file__).parents[3]
STAND_IN = [sys.executable, str(Path(__file__).parent / "stand_in.py")]
PATIENCE = 120


class Started:
    """A supervisor in a process of its own, and what it says."""

    patience = PATIENCE

    def __init__(self, home: Path, command: Sequence[str], environment: dict[str, str]) -> None:
        self.home = home
        self.said: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.process = children.start(
            command,
            env=environment,
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def hear(self, words: str) -> str:
        """The next line with these words."""
        while (line := self._lines.get(timeout=self.patience)) is not None:
            self.said.append(line)
            if words in line:
                return line
        raise AssertionError(f"it never said {words!r}, but:\n{''.join(self.said)}")

    def has_said(self, words: str) -> None:
        """Waits for these words unless they have been said already."""
        if words not in self.text:
            self.hear(words)

    def ready(self) -> "Started":
        self.address = self.hear("Baton is ready").split()[-1]
        self.hear("Ctrl-C stops")
        return self

    def end(self) -> int:
        """Waits for its end by itself, and returns its exit status."""
        while (line := self._lines.get(timeout=self.patience)) is not None:
            self.said.append(line)
        return self.process.wait(self.patience)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.end()

    def heard(self) -> str:
        """All that it has said by now."""
        with contextlib.suppress(queue.Empty):
            while (line := self._lines.get_nowait()) is not None:
                self.said.append(line)
        return self.text

    @property
    def text(self) -> str:
        return "".join(self.said)

    def pids(self) -> dict[str, int]:
        return {name: entry["pid"] for name, entry in json.loads((self.home / "processes.json").read_text()).items()}

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(json.loads((self.home / "servers.json").read_text())["database_url"], autocommit=True)


def gone(pids: Sequence[int]) -> bool:
    return processes.wait_until(lambda: not any(map(processes.identity, pids)), 10)
