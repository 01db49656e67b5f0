"""Is an email lost, worked or answered twice while everything fails? 5,000 emails and 300 kills, or as many as said.

    python -m benchmarks.channel_chaos [--seconds 1100] [--emails 5000] [--seed N]

The real installation with Dovecot, an SMTP server and a hook: the clock, workers, the web server and both email servers
are killed by lot, emails come twice and late, and programs answer what is sent. Prints one JSON line. Needs root.
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

from benchmarks.channel_chaos import trial  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("--seconds", type=float, default=1100)
parser.add_argument("--emails", type=int, default=5000)
parser.add_argument("--seed", type=int, default=random.randrange(10**6))
parser.add_argument("--patience", type=float, default=900)
chosen = parser.parse_args()
folder = Path(tempfile.mkdtemp(prefix="baton-channel-chaos-"))
print(f"seed {chosen.seed}, in {folder}", file=sys.stderr)
report = trial.run(folder, seed=chosen.seed, seconds=chosen.seconds, emails=chosen.emails, patience=chosen.patience)
print(json.dumps(report.line()))
for kind, found in report.found.first().items():
    for words in found:
        print(f"{kind}: {words}", file=sys.stderr)
sys.exit(any(report.found.counts().values()) or report.drained_after is None)
