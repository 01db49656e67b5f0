"""How long a fresh installation takes from `script/server` to its first handover, with the demo and no key to a model.

    python -m benchmarks.startup [--quick]

Each round has an empty home: the data of PostgreSQL, all tables and the demo are made. What is installed and compiled
is there already. The floor is the same home started once more.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import counts
from benchmarks.figures import Notes

ROOT = Path(__file__).parents[1]
# What it says then.
READY, HANDED_OVER = "Baton is ready", "completed handed_over"
_PATIENCE = 300
# Of the caller's, which would lead to servers or a model of its own.
_FOREIGN = ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", "BATON_DEFAULT_MODEL", "BATON_DEMO", "LOG_LEVEL")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--to", type=Path)
    chosen = parser.parse_args()
    notes = Notes("startup", chosen.to)
    for _ in range(1 if chosen.quick else 3):
        with tempfile.TemporaryDirectory(prefix="baton-start-") as home:
            fresh, cpu = start(home, HANDED_OVER)
            again, _ = start(home, READY)
        floor = "the same home once more", again[READY]
        notes.note("until pages can be opened", fresh[READY], "s", floor=floor)
        notes.note("until a first handover", fresh[HANDED_OVER], "s")
        notes.note("CPU until then", cpu, "s")


def start(home: str, last: str) -> tuple[dict[str, float], float]:
    """Seconds until the words were said, up to the last ones, and seconds of CPU until then."""
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    began, seen = time.monotonic(), dict[str, float]()
    command = [sys.executable, str(ROOT / "manage.py"), "serve"]
    environment = kept | {"BATON_HOME": home, "PORT": "0"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as one:
        assert one.stdout
        try:
            for line in one.stdout:
                for words in (READY, HANDED_OVER):
                    if words in line:
                        seen.setdefault(words, time.monotonic() - began)
                if last in seen and READY in seen:
                    return seen, counts.cpu([one.pid])
                assert time.monotonic() - began < _PATIENCE, "it takes too long"
            raise RuntimeError(f"it ended with status {one.wait()} before it said {last!r}")
        finally:
            one.send_signal(signal.SIGTERM)
            one.stdout.read()


if __name__ == "__main__":
    main()
