"""Real processes, killed in the midst of checks: the web process, the worker and the clock."""

import json
import os
import signal
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.streams import web
from routes.models import Check
from teams.audit.actors import Actor
from teams.keys.api_keys import create_key
from tests.provider import Request
from tests.routes.conftest import Desk, oracle
from tests.runs.workers.test_workers import process, wait_for

from .test_faults import is_live, kind
from .test_gate import guarded, held

__all__ = ["guarded", "process"]
pytestmark = pytest.mark.django_db(transaction=True)


def save(desk: Desk, port: int, key: str, aop: str) -> int:
    """The status that the API answers with; 0 if nobody did."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/agents/{desk.triage.pk}",
        method="PATCH",
        data=json.dumps({"aop": aop}).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    try:
        return urllib.request.urlopen(request, timeout=60).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_web_worker_and_clock_are_killed_during_checks(guarded: Desk, someone: Actor, process: Any) -> None:
    """What a page held goes live once it has passed; what the API was asked, and could not answer, does not."""
    key, slowly = create_key(guarded.triage.team, "CI")[1], 2.0
    guarded.provider.script = lambda request: _late(request, slowly)
    with ThreadPoolExecutor(1) as threads:
        with web() as (port, web_pid):
            workers = [process("rqworker", "default"), process("clock")]
            asked = threads.submit(save, guarded, port, key, kind(guarded, "Be brief.\n"))
            wait_for(lambda: len(guarded.provider.requests))
            os.kill(web_pid, signal.SIGKILL)
            for worker in workers:
                os.killpg(worker.pid, signal.SIGKILL)
        assert asked.result(60) == 0
    held_by_a_page = held(guarded.triage, someone, aop=kind(guarded))
    slowly = 0.0
    process("rqworker", "default")
    process("clock")
    wait_for(lambda: not Check.objects.open().exists())
    assert is_live(held_by_a_page, guarded)
    was_live = guarded.triage.revisions.filter(status__in=["live", "historic"])
    assert not was_live.filter(aop__startswith="Be brief."), "of the API's request nothing is live"
    with web() as (port, _):
        assert save(guarded, port, key, kind(guarded, "Be brief.\n")) == 200


def _late(request: Request, seconds: float) -> Any:
    return replace(oracle(request), delay=seconds)
