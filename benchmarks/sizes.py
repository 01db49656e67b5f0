"""What a case of two stages leaves in the database: bytes of rows and of indexes, by table, and what that comes to.

    python -m benchmarks.sizes [--quick]

Worked by the product itself, then packed (`vacuum full`), so that what is counted is what is kept. Tables that are in
use are looser than that, as PostgreSQL reuses room only after a while.
"""

from benchmarks.figures import Notes
from benchmarks.ground import execute, run
from benchmarks.provider import provider
from benchmarks.staff import add_mails, desk
from benchmarks.two_stages import ask
from runs.workers.shift import run_shift

_SIZES = """
    select relname, pg_table_size(relid), pg_indexes_size(relid), pg_total_relation_size(relid)
    from pg_stat_user_tables order by relname
"""


def measure(notes: Notes, quick: bool) -> None:
    cases = 100 if quick else 500
    with provider() as standing:
        ask(standing)
        queue = desk()
        execute("vacuum full")
        before = {table: sizes for table, *sizes in execute(_SIZES)}
        add_mails(queue, 0, cases)
        run_shift("benchmark/1", 50, linger=0.05)
    execute("vacuum full")
    whole = 0.0
    for table, *sizes in execute(_SIZES):
        rows, indexes, total = ((now - then) / cases for now, then in zip(sizes, before[table], strict=True))
        whole += total
        if total > 16_384 / cases:  # two pages are no growth
            notes.note(f"{table}: rows", rows, "bytes")
            notes.note(f"{table}: indexes", indexes, "bytes")
    notes.note("a case in all", whole, "bytes")
    for millions in (1, 10, 100):
        notes.note(f"{millions} million cases", whole * millions / 1000, "GB")


if __name__ == "__main__":
    run(measure, "sizes")
