"""What PostgreSQL's row level security would cost pages, if each ran in a transaction as a role that sees one team.

    python -m benchmarks.row_security [--quick]

Both ways take turns, page by page, so that what else the machine does weighs the same on both.
"""

import statistics
from collections.abc import Callable

from django.db import transaction

from benchmarks.case_list import _team
from benchmarks.figures import Notes, median_ms, timed
from benchmarks.ground import ask, execute, member, run, vacuum
from cases.models import Case

ROUNDS = 60
# Rows that say no team of their own are their owner's.
OWNED = {"cases_casewords": "case_id in (select id from cases_case)"}
THEIRS = "team_id = (select current_setting('baton.team', true)::uuid)"


def measure(notes: Notes, quick: bool) -> None:
    cases, rounds = (20_000, 20) if quick else (500_000, ROUNDS)
    team, _, _ = _team("ours", cases)
    _team("theirs", cases // 10)
    vacuum()
    client, _ = member(team)
    case = Case.objects.filter(team=team).order_by("number")[cases // 2]
    pages: dict[str, tuple[str, dict[str, object]]] = {
        "page of a case": (f"/cases/{case.pk}/", {}),
        "list of cases": ("/cases/", {}),
        "open cases": ("/cases/", {"status": "open"}),
        "a rare word": ("/cases/", {"q": "rare777"}),
        "a word in half of all": ("/cases/", {"q": "refund"}),
        "queues": ("/queues/", {}),
        "runs": ("/runs/", {}),
    }
    _build_wall()
    for name, (address, query) in pages.items():
        bare: Callable[[], object] = lambda address=address, query=query: ask(client, address, query)  # noqa: E731

        def walled(bare: Callable[[], object] = bare) -> None:
            with transaction.atomic():
                execute(
                    "select set_config('role', 'baton_web', true), set_config('baton.team', %s, true)", [str(team.pk)]
                )
                bare()

        bare(), walled()
        pairs = [(timed(bare), timed(walled)) for _ in range(rounds)]
        without = median_ms([first for first, _ in pairs])
        notes.times(f"{name}, behind the wall", [second for _, second in pairs], ("without it", without))
        more = statistics.median(second / first for first, second in pairs)
        notes.note(f"{name}: of each two in a row", more, "times")


def _build_wall() -> None:
    """Policies hold for a role of their own; who owns the tables, as workers and operators do, is not blocked."""
    execute("create role baton_web nologin")
    execute("grant usage on schema public to baton_web")
    execute("grant select, insert, update, delete on all tables in schema public to baton_web")
    tables = [
        row[0] for row in execute("select table_name from information_schema.columns where column_name = 'team_id'")
    ]
    policies = {table: THEIRS for table in tables if table != "teams_member"} | OWNED
    for table, condition in policies.items():
        execute(f"alter table {table} enable row level security")
        execute(f"create policy of_one_team on {table} to baton_web using ({condition})")


if __name__ == "__main__":
    run(measure, "row_security")
