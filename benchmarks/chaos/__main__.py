"""Is anything lost while everything fails? Half an hour of faults, or as many seconds as said.

    python -m benchmarks.chaos [--seconds 1800] [--seed N]

The real installation, as `script/server` runs it, with a scripted provider: workers, their work horses, the clock, the
supervisor, Postgres and Valkey are killed, stopped and wiped by lot. Prints one JSON line; what was said is kept.
"""

import argparse
import json
import os
import random
import sys
import tempfile
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()  # for what is promised of cases and runs; no database of its own is used

from benchmarks.chaos import trial  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("--seconds", type=float, default=1800)
parser.add_argument("--seed", type=int, default=random.randrange(10**6))
parser.add_argument("--rate", type=float, default=3, help="New cases a second.")
chosen = parser.parse_args()
folder = Path(tempfile.mkdtemp(prefix="baton-chaos-"))
print(f"seed {chosen.seed}, in {folder}", file=sys.stderr)
report = trial.run(folder, seed=chosen.seed, seconds=chosen.seconds, rate=chosen.rate)
print(json.dumps(report.line()))
for kind, found in report.found.first().items():
    for words in found:
        print(f"{kind}: {words}", file=sys.stderr)
sys.exit(any(report.found.counts().values()) or report.drained_after is None)
