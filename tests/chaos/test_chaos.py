"""The real installation while everything fails: nothing is lost, done twice or written late.

CHAOS_SEED repeats a plan of faults, CHAOS_SECONDS makes it longer; `python -m benchmarks.chaos` goes on for half an
hour.
"""

import logging
import os
import random
import sys
from pathlib import Path

import pytest

from benchmarks.chaos import faults, trial

logger = logging.getLogger(__name__)


@pytest.mark.alone
@pytest.mark.skipif(sys.platform != "linux", reason="finds work horses in /proc")
def test_nothing_is_lost_done_twice_or_written_late_while_everything_fails(tmp_path: Path) -> None:
    seed = int(os.environ.get("CHAOS_SEED") or random.randrange(10**6))
    seconds = float(os.environ.get("CHAOS_SECONDS", "45"))
    logger.warning("CHAOS_SEED=%s", seed)  # shown when it fails
    report = trial.run(tmp_path, seed=seed, seconds=seconds, rate=1.5)
    logger.warning("%s", report.line())
    assert not any(report.found.counts().values()), report.found.first()
    assert report.number_of_faults >= 75
    assert set(report.faults) == set(faults.WEIGHTS)
    assert report.cases > 20
    assert report.looks > 15
    # As long as it takes on a busy machine, but not at a standstill.
    assert report.drained_after
    assert report.longest_pause <= 30
