"""A two-stage case, killed at every commit: before it, after it, and after it with the answer lost.

Whatever the point, the case ends the same, every effect happened once, and the model was asked once more at most.
"""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

import pytest
from asgiref.sync import SyncToAsync
from django.db import OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from cases.models import Case
from data import pipelines
from runs.engine import engine
from runs.models import Handover, Run
from runs.record.claims import lapsed
from runs.workers import lost_runs
from runs.workers.shift import Shift, run_shift
from tests.fixtures import events
from tests.provider import Provider, Request, call, calls
from tests.wire import Call

pytestmark = pytest.mark.django_db(transaction=True)

# The reference run has that many commits, or one more if the case does not stay with its worker.
POINTS = range(1, 7)
WAYS = [(True, "before"), (True, "after"), (True, "lost"), (False, "lost")]
type At = Callable[[BaseDatabaseWrapper, Callable[[], Any]], Any]


@contextmanager
def every_commit(act: At) -> Iterator[None]:
    """`act(connection, commit)` instead of each commit: explicit, of a single write, or sent with the last writes."""
    database, cursor, plain = cast(Any, BaseDatabaseWrapper), cast(Any, CursorWrapper), cast(Any, pipelines)
    commit, execute, send = database._commit, cursor._execute, plain.send

    def watched_commit(self: BaseDatabaseWrapper) -> Any:
        is_done = self.connection and self.connection.info.transaction_status == pipelines.IDLE
        return commit(self) if is_done else act(self, lambda: commit(self))

    def watched_send(statements: Any, *, commits: bool = False) -> Any:
        write = lambda: send(statements, commits=commits)  # noqa: E731
        return act(cast(Any, connection), write) if commits else write()

    def watched_execute(self: CursorWrapper, sql: str, params: Any, *rest: Any) -> Any:
        writes = not self.db.in_atomic_block and sql.lstrip().lower().startswith(("insert", "update", "with due"))
        write = lambda: execute(self, sql, params, *rest)  # noqa: E731
        return act(self.db, write) if writes else write()

    database._commit, cursor._execute, plain.send = watched_commit, watched_execute, watched_send
    try:
        yield
    finally:
        database._commit, cursor._execute, plain.send = commit, execute, send


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def at(point: int, how: str) -> At:
    numbers = count(1)

    def act(connection: BaseDatabaseWrapper, commit: Callable[[], Any]) -> Any:
        if next(numbers) != point:
            return commit()
        if how == "before":
            die()
        done = commit()
        if how == "after":
            die()
        connection.connection.close()
        raise OperationalError(f"the answer got lost: {done}")

    return act


def in_another_process(act: Callable[[], None]) -> None:
    os.waitpid(started(act), 0)


def started(act: Callable[[], None]) -> int:
    """The id of a process that does it."""
    connections.close_all()
    child = os.fork()
    if not child:
        signal.alarm(120)
        # The parent's thread for database work did not come along.
        SyncToAsync.single_thread_executor = ThreadPoolExecutor(max_workers=1)
        try:
            act()
        finally:
            os._exit(0)
    return child


@dataclass
class Desk:
    case: Case
    provider: Provider

    def facts(self) -> dict[str, Any]:
        self.case.refresh_from_db()
        moves = [kind for kind in events(self.case) if kind not in ("stale_write_refused",)]
        return {
            "events": moves,
            "case": (self.case.status, self.case.labels, self.case.data, self.case.hops),
            "runs": list(self.case.runs.order_by("created_at").values_list("agent__name", "outcome")),
            "handovers": list(Handover.objects.values_list("status", "note")),
            "seq": list(self.case.events.values_list("seq", flat=True)),
        }


@pytest.fixture
def desk(scripted, make_agent, make_case, queue) -> Desk:
    billing = make_agent("Billing", queue=queue)
    triage = make_agent("Triage", mentions=[billing], queue=queue)

    def script(request: Request) -> Any:
        if request.agent == "Billing":
            return call("complete_case", summary="Done")
        if not request.results:
            return calls(Call("update_case", {"labels": ["a"]}), Call("update_case", {"data": {"b": 1}}))
        return call("request_handover", target="billing", reason="Money", note="Look")

    scripted.script = script
    return Desk(make_case("Refund", data={"x": 1}, assignee=triage), scripted)


EXPECTED = {
    "events": ["created", "started", "updated", "updated", "handed_over", "started", "completed"],
    "case": ("completed", ["a"], {"x": 1, "b": 1}, 1),
    "runs": [("Triage", "handed_over"), ("Billing", "case_completed")],
    "handovers": [("applied", "Look")],
    "seq": [1, 2, 3, 4, 5, 6, 7],
}


@pytest.fixture(autouse=True)
def answers_come_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a first step has a commit of its own, on a slow machine."""
    monkeypatch.setattr(engine, "SOON_SECONDS", 60.0)


def test_undisturbed(desk: Desk) -> None:
    commits = count()

    def counted(connection: BaseDatabaseWrapper, commit: Callable[[], Any]) -> Any:
        next(commits)
        return commit()

    with every_commit(counted):
        run_shift("w/1", linger=0)
    assert desk.facts() == EXPECTED
    assert len(desk.provider.requests) == 3
    assert next(commits) == POINTS.stop - 1


@pytest.mark.parametrize(("keeps", "how"), WAYS)
@pytest.mark.parametrize("point", [*POINTS, POINTS.stop])
def test_killed_at_a_commit(desk: Desk, point: int, how: str, keeps: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Shift, "keeps", keeps)

    def shift() -> None:
        with every_commit(at(point, how)):
            run_shift("w/1", linger=0)

    in_another_process(shift)
    lost_runs.take_back_from("w/1")
    run_shift("w/2", linger=0)
    assert desk.facts() == EXPECTED
    assert len(desk.provider.requests) <= 4
    assert not lapsed().exists()
    assert not Run.objects.running().exists()
