"""The real installation with real email servers while everything fails: no email is lost, worked or answered twice.

CHANNEL_CHAOS_SEED repeats a plan of faults; `python -m benchmarks.channel_chaos` is the long form. The checker itself
is tried with what it must find.
"""

import logging
import os
import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.channel_chaos import checker, trial
from benchmarks.channel_chaos.checker import Trace
from benchmarks.channel_chaos.customers import Customers, address
from benchmarks.channel_chaos.provider import answer
from tests.channels.email.dovecot import BINARY

logger = logging.getLogger(__name__)


@pytest.mark.alone
@pytest.mark.skipif(
    sys.platform != "linux" or BINARY is None or os.getuid() != 0, reason="needs /proc, Dovecot, and root for it"
)
def test_no_email_is_lost_worked_or_answered_twice_while_everything_fails(tmp_path: Path) -> None:
    seed = int(os.environ.get("CHANNEL_CHAOS_SEED") or random.randrange(10**6))
    logger.warning("CHANNEL_CHAOS_SEED=%s", seed)  # shown when it fails
    report = trial.run(tmp_path, seed=seed, seconds=5, emails=12, patience=120)
    logger.warning("%s", report.line())
    assert not any(report.found.counts().values()), report.found.first()
    assert report.kills >= 5
    assert report.emails == 12
    assert report.replies + report.in_doubt >= 12
    assert report.drained_after is not None


# --- The checker -----------------------------------------------------------------------------


def customers(**wrote: Any) -> Customers:
    found = Customers.__new__(Customers)
    said = {"emails": {"<first-1@people.example>": 1}, "answers": {}, "robots": set(), "lost": []}
    for name, value in (said | wrote).items():
        setattr(found, name, value)
    return found


def message(direction: str, id: str, **changes: Any) -> tuple[Any, ...]:
    row: dict[str, Any] = {
        "pk": id,
        "title": "Chaos 1",
        "direction": direction,
        "status": "sent" if direction == "out" else "",
    }
    row |= {"id": id, "to": address(1), "run": "run" if direction == "out" else "", "begun": False, "text": answer(1)}
    return tuple((row | changes).values())


def sent(**changes: str) -> dict[str, str]:
    entry = {"Message-ID": "<r@x>", "To": address(1), "In-Reply-To": "<first-1@people.example>", "text": answer(1)}
    return entry | {name.replace("_", "-"): value for name, value in changes.items()}


GOOD = Trace(
    [("case", "Chaos 1", "completed", "<first-1@people.example>", 1)],
    [message("in", "<first-1@people.example>"), message("out", "<r@x>")],
    [sent()],
)


def test_what_is_right_is_not_reported() -> None:
    assert not any(checker.judge(GOOD, customers()).counts().values())
    # A reply in doubt was sent, or it was not.
    doubt = replace(GOOD, messages=[GOOD.messages[0], message("out", "<r@x>", status="failed", begun=True)])
    for log in ([], GOOD.sent):
        assert not any(checker.judge(replace(doubt, sent=log), customers()).counts().values())


@pytest.mark.parametrize(
    ("kind", "trace", "wrote"),
    [
        ("lost", replace(GOOD, cases=[]), {}),
        ("lost", replace(GOOD, cases=[("case", "Chaos 1", "pending", "", 0)]), {}),
        ("lost", GOOD, {"answers": {"<second-1@people.example>": 1}}),
        ("lost", replace(GOOD, sent=[]), {}),
        ("lost", replace(GOOD, messages=GOOD.messages[:1]), {}),
        ("lost", replace(GOOD, messages=[GOOD.messages[0], message("out", "<r@x>", status="queued")]), {}),
        ("cases_twice", replace(GOOD, cases=[*GOOD.cases, ("two", "Chaos 1", "completed", "", 0)]), {}),
        ("cases_twice", replace(GOOD, messages=[GOOD.messages[0], *GOOD.messages]), {}),
        ("replies_twice", replace(GOOD, sent=[*GOOD.sent, *GOOD.sent]), {}),
        (
            "replies_twice",
            replace(GOOD, messages=[*GOOD.messages, message("out", "<s@x>")], sent=[sent(), sent(Message_ID="<s@x>")]),
            {},
        ),
        ("wrong_threads", replace(GOOD, sent=[sent(To=address(2))]), {}),
        ("wrong_threads", replace(GOOD, sent=[sent(In_Reply_To="<other@x>")]), {}),
        ("wrong_threads", replace(GOOD, messages=[message("in", "<first-1@people.example>", title="Chaos 2")]), {}),
        ("loops", replace(GOOD, cases=[*GOOD.cases, ("two", "Automatic reply", "completed", "", 0)]), {}),
        ("loops", replace(GOOD, messages=[*GOOD.messages, message("in", "<auto@x>")]), {}),
    ],
)
def test_the_checker_finds(kind: str, trace: Trace, wrote: dict[str, Any]) -> None:
    assert checker.judge(trace, customers(**wrote)).counts()[kind]
