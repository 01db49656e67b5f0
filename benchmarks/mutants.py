"""Does the model test see what is wrong? Each mutant is the code with one guard taken out; the test must fail.

    python -m benchmarks.mutants [--times 3] [NAME ...]

Takes some minutes: a run of tests/model/test_model.py for each mutant, and as often as said. Prints one JSON line for
each, and ends with status 1 when one was missed, or no longer fits the code.
"""

import argparse
import importlib.abc
import importlib.machinery
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

from ops.stack import throwaway

CHECKOUT = Path(__file__).resolve().parents[1]
_NAME = "BATON_MUTANT"


@dataclass(frozen=True)
class Mutant:
    """`module` with `new` in the place of `old`, which is there once."""

    module: str
    old: str
    new: str

    @property
    def path(self) -> Path:
        return CHECKOUT / f"{self.module.replace('.', '/')}.py"

    def code(self) -> str:
        source = self.path.read_text()
        if source.count(self.old) != 1:
            raise ValueError(f"{self.path} has it {source.count(self.old)} times: {self.old}")
        return source.replace(self.old, self.new)


_MINE = "_MINE = \"id = %s and fence = %s and status = 'running'\""

MUTANTS = {
    "no fence in what a claim holds": Mutant(
        "runs.record.claims", _MINE, "_MINE = \"id = %s and %s is not null and status = 'running'\""
    ),
    "no status in what a claim holds": Mutant("runs.record.claims", _MINE, '_MINE = "id = %s and fence = %s"'),
    "no fence at a step": Mutant(
        "runs.record.steps", "        claims.lock(work.claim)\n        with rows", "        with rows"
    ),
    "no fence at a fallback": Mutant(
        "runs.record.steps",
        'claims.change_run(work.claim, retries=0, error="")',
        'Run.objects.filter(pk=work.run.pk).update(retries=0, error="")',
    ),
    "no fence at an ending": Mutant(
        "runs.record.claims",
        'if run := rows.fetch_first(Run, f"where {_MINE} for no key update", [claim.run_id, claim.fence]):',
        'if run := rows.fetch_first(Run, "where id = %s for no key update", [claim.run_id]):',
    ),
    "a heartbeat says that all are held": Mutant(
        "runs.record.claims", "return {Claim(*row) for row in cursor.fetchall()}", "return set(claims)"
    ),
    "a heartbeat renews what others hold": Mutant(
        "runs.record.claims", "where id = any(%s) and worker = %s and", "where id = any(%s) and %s <> '' and"
    ),
    "a claim raises no fence": Mutant("runs.record.claims", "worker = %s, fence = fence + 1,", "worker = %s,"),
    "a claim is taken although the team is paused": Mutant(
        "runs.record.claims", "where {pausing.AT_WORK}", "where true or {pausing.AT_WORK}"
    ),
    "a loss is not counted": Mutant(
        "runs.record.lifecycle",
        "losses, fence = run.losses + 1, run.fence + 1",
        "losses, fence = run.losses, run.fence + 1",
    ),
    "a stop raises no fence, and ends nothing": Mutant(
        "runs.record.lifecycle", "_end(run, Status.STOPPED, why, fence=run.fence + 1, **said)", "run.fence += 1"
    ),
    "a run that is released keeps its lease": Mutant(
        "runs.record.lifecycle", '"status": to, "worker": "", "lease_until": None}', '"status": to, "worker": ""}'
    ),
    "questions stay open when their run ends": Mutant(
        "runs.record.lifecycle",
        "closed = run.human_requests.open().update(",
        "closed = run.human_requests.none().update(",
    ),
    "a release rings no bell": Mutant(
        "runs.record.lifecycle",
        '"""Give the run back because its worker shuts down. Another worker can claim it at once."""\n'
        "    _move(run, Status.QUEUED, available_at=rows.NOW)\n    bell.ring()",
        "_move(run, Status.QUEUED, available_at=rows.NOW)",
    ),
    "a handover rings no bell": Mutant(
        "cases.work.lifecycle",
        "    if not starts:\n        bell.ring_for_one()",
        "",
    ),
    "a handover counts no hop": Mutant("cases.work.lifecycle", '"hops": case.hops + 1', '"hops": case.hops'),
    "a person's act leaves the hops": Mutant("cases.work.lifecycle", '({"hops": 0} if', '({"hops": case.hops} if'),
    "a move writes no event": Mutant(
        "cases.work.lifecycle",
        "    timeline.record(case, kind, changed",
        "    case.status == Status.POSTPONED or timeline.record(case, kind, changed",
    ),
    "a move raises no fence of the case": Mutant("cases.work.lifecycle", "    case.fence += 1\n", ""),
    "a closed case can be closed again": Mutant(
        "cases.work.lifecycle",
        "Status.COMPLETED: frozenset({Status.PENDING}),",
        "Status.COMPLETED: frozenset({Status.PENDING, Status.FAILED}),",
    ),
    "who takes over is forgotten": Mutant(
        "cases.work.lifecycle",
        'changes = {"reason": reason, "detail": "", "assignee_id": None, **keeper}\n'
        "    _move(case, Status.NEEDS_INPUT, Kind.TAK",
        'changes = {"reason": reason, "detail": "", "assignee_id": None}\n    _move(case, Status.NEEDS_INPUT, Kind.TAK',
    ),
    "a handover is recorded and not applied": Mutant(
        "runs.engine.handovers",
        "    elif case:\n        starts = ",
        "    elif case and case.hops == 0:\n        starts = ",
    ),
    "there is always a hop left": Mutant(
        "runs.opening.targets", "return max(0, case.queue.hop_limit - case.hops)", "return 1"
    ),
    "ping-pong goes on": Mutant("runs.engine.handovers", "_EXCHANGES = 2", "_EXCHANGES = 20"),
    "lost too often, and not parked": Mutant(
        "runs.workers.lost_runs",
        "not lifecycle.lose(run) and case is not None",
        "not lifecycle.lose(run) and case is None and case is not None",
    ),
    "a break does not park": Mutant(
        "runs.engine.completion",
        "    lifecycle.fail(run, broken.code, broken.message)\n    if case is not None:",
        "    lifecycle.fail(run, broken.code, broken.message)\n"
        "    if case is not None and broken.code != 'internal_error':",
    ),
    "paused agents take cases": Mutant(
        "runs.opening.giving",
        "role = 'consumer' and {STARTABLE}",
        "role = 'consumer' and builder_agent.deleted_at is null",
    ),
    "no limit of cases at once": Mutant("runs.opening.giving", "consumer.load += 1", "consumer.load += 0"),
    "an answered request is answered again": Mutant(
        "runs.engine.human_requests",
        "filter(pk=request.pk, status=HumanRequest.Status.OPEN).update(",
        "filter(pk=request.pk).update(",
    ),
    "an act leaves the run alone": Mutant(
        "runs.people.moves", "    if run is not None:\n        lifecycle.stop(run, why, by)", "    return"
    ),
    "anyone takes from anyone": Mutant(
        "runs.people.moves", "if row.taken_by and not is_theirs and not from_another:", "if False:"
    ),
    "an undone act comes back as something else": Mutant(
        "runs.people.moves", "event for event in events if event.seq < seq", "event for event in events[:1]"
    ),
    "the same request makes two cases": Mutant(
        "cases.work.creation", 'if existing := known.get(item.external_id or ""):', 'if existing := known.get(""):'
    ),
    "what is due stays postponed": Mutant("cases.work.lifecycle", "    for case in found:\n        due(case)", ""),
    # --- Claims and leases ---
    "leases are taken back before they lapse": Mutant(
        "runs.record.claims", "running().filter(lease_until__lt=Now())", "running().filter(lease_until__isnull=False)"
    ),
    "a run is taken before it is due": Mutant(
        "runs.record.claims",
        " and available_at <= statement_timestamp()\n            order by available_at limit %s + 200",
        "\n            order by available_at limit %s + 200",
    ),
    "a lost run rings no bell": Mutant(
        "runs.record.lifecycle",
        "available_at=rows.in_time(waits))\n    bell.ring()\n    return True",
        "available_at=rows.in_time(waits))\n    return True",
    ),
    "a run given back has lost an attempt": Mutant(
        "runs.record.lifecycle",
        '"""Give the run back because its worker shuts down. Another worker can claim it at once."""\n'
        "    _move(run, Status.QUEUED, available_at=rows.NOW)",
        "_move(run, Status.QUEUED, losses=run.losses + 1, available_at=rows.NOW)",
    ),
    "a requeued run rings no bell": Mutant(
        "runs.record.lifecycle",
        "    _move(run, Status.QUEUED, available_at=rows.NOW, fence=run.fence + 1)\n    bell.ring()",
        "    _move(run, Status.QUEUED, available_at=rows.NOW, fence=run.fence + 1)",
    ),
    # --- Dispatch and pauses ---
    "anyone gets what is assigned to another": Mutant(
        "runs.opening.giving",
        "        candidates = [consumers[taker]]",
        "        candidates = list(consumers.values())",
    ),
    "work goes on while everything is paused": Mutant(
        "teams.settings.pausing",
        '"teams_team.paused_at is null and not exists (select from teams_installation where paused_at is not null)"',
        '"teams_team.paused_at is null"',
    ),
    "a new case rings no bell": Mutant(
        "cases.work.creation",
        'live.announce(queue.team_id, "case", "new")\n    bell.ring()',
        'live.announce(queue.team_id, "case", "new")',
    ),
    "an agent that is resumed rings no bell": Mutant(
        "builder.agents.agents",
        "    bell.ring()\n\n\n@transaction.atomic\ndef duplicate",
        "\n\n@transaction.atomic\ndef duplicate",
    ),
    "a team that is resumed rings no bell": Mutant(
        "teams.settings.pausing", "    _announce(Q(pk=team.pk))\n    bell.ring()", "    _announce(Q(pk=team.pk))"
    ),
    "the work of a deleted agent waits for it": Mutant(
        "runs.people.moves", "        _unassign(case_id)", "        pass"
    ),
    # --- Handovers, questions, budgets ---
    "a case is handed to a deleted agent": Mutant(
        "runs.opening.targets",
        "    if target.deleted_at:\n        return",
        "    if target.deleted_at and case is None:\n        return",
    ),
    "an answer rings no bell": Mutant(
        "runs.record.lifecycle",
        "    _move(run, Status.QUEUED, available_at=rows.NOW)\n    bell.ring()\n\n\ndef release",
        "    _move(run, Status.QUEUED, available_at=rows.NOW)\n\n\ndef release",
    ),
    "an answer leaves the case waiting": Mutant(
        "runs.engine.human_requests",
        "            case_lifecycle.resume(case, result, by=by, agent_id=run.agent_id, run_id=run.pk, via=via)\n",
        "",
    ),
    "a budget is for once more": Mutant(
        "runs.engine.budgets", "used(run, kind) >= found.amount", "used(run, kind) > found.amount"
    ),
    # --- People ---
    "a case that is sent back rings no bell": Mutant(
        "cases.work.lifecycle",
        "_move(case, Status.PENDING, kind, changes=fields, **about)\n    bell.ring()",
        "_move(case, Status.PENDING, kind, changes=fields, **about)",
    ),
    "an undone act rings no bell": Mutant(
        "cases.work.lifecycle", "    if to == Status.PENDING:\n        bell.ring()", ""
    ),
    "what a person has taken over goes to an agent when its time has come": Mutant(
        "cases.work.lifecycle",
        "    if keeper := again_fields(case):\n",
        "    if (keeper := again_fields(case)) and case.hops > 9:\n",
    ),
    "a deleted case is worked on": Mutant(
        "runs.people.moves", '    _stop_live_run(row, f"{by.label} deleted the case.", by)\n', ""
    ),
    "a deletion raises no fence of the case": Mutant("runs.people.moves", "    row.fence += 1\n", ""),
}


class Finder(importlib.abc.MetaPathFinder):
    """Gives out the mutant in the place of its module."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self.mutant.module:
            return None
        loader = Loader(name, str(self.mutant.path))
        loader.mutant = self.mutant
        return importlib.machinery.ModuleSpec(name, loader, origin=str(self.mutant.path))


class Loader(importlib.machinery.SourceFileLoader):
    mutant: Mutant

    def get_code(self, name: str) -> CodeType:
        return compile(self.mutant.code(), self.path, "exec")


if chosen := os.environ.get(_NAME):  # as a plugin of pytest, before Baton is imported
    sys.meta_path.insert(0, Finder(MUTANTS[chosen]))


def is_caught(name: str, database: str) -> bool:
    command = [sys.executable, "-m", "pytest", "-qx", "-p", "benchmarks.mutants", "-p", "no:cacheprovider"]
    command += ["--reuse-db", "--ds", "config.settings_test", "tests/model/test_model.py"]
    environment = {**os.environ, _NAME: name, "TEST_DATABASE_URL": database}
    found = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    if found.returncode not in (0, 1) or "1 error" in found.stdout:
        raise SystemExit(f"{name}: {found.stdout[-2000:]}{found.stderr[-2000:]}")
    return found.returncode == 1


def main() -> bool:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=list(MUTANTS))
    parser.add_argument("--times", type=int, default=1)
    chosen = parser.parse_args()
    for name in chosen.names:
        MUTANTS[name].code()
    database = throwaway.start_postgres()
    missed = 0
    for name in chosen.names:
        began = time.monotonic()
        caught = sum(is_caught(name, database) for _ in range(chosen.times))
        missed += chosen.times - caught
        seconds = round((time.monotonic() - began) / chosen.times, 1)
        print(json.dumps({"mutant": name, "times": chosen.times, "caught": caught, "seconds": seconds}), flush=True)
    print(json.dumps({"mutants": len(chosen.names), "times": chosen.times, "missed": missed}))
    return missed == 0


if __name__ == "__main__":
    sys.exit(not main())
