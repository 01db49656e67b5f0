"""How many rows PostgreSQL reads for what a page asks."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

type Asked = list[tuple[str, Any]]


def rows_read(act: Callable[[], object]) -> float:
    """Return how many rows all scans touch for the queries of the act, thrown away ones too.

    Small tables are cheapest to read from end to end, so what would be done with large ones is asked for: indexes.
    """
    with _noted() as asked:
        act()
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        total = sum(_read(cursor, *query) for query in asked if "select" in query[0][:60].lower())
        cursor.execute("set local enable_seqscan = on")
    return total


@contextmanager
def _noted() -> Iterator[Asked]:
    asked: Asked = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((sql.removeprefix("set local enable_seqscan = off; ").split("; set local")[0], params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield asked


def _read(cursor: Any, sql: str, params: Any) -> float:
    cursor.execute(f"explain (analyze, timing off, format json) {sql}", params)
    told = cursor.fetchone()[0]
    [found] = json.loads(told) if isinstance(told, str) else told
    return _touched(found["Plan"])


def _touched(node: dict[str, Any]) -> float:
    below = sum(_touched(one) for one in node.get("Plans", []))
    if "Scan" not in node["Node Type"] or node["Node Type"] == "Bitmap Heap Scan":
        return below
    thrown_away = sum(value for name, value in node.items() if name.startswith("Rows Removed"))
    return below + (node["Actual Rows"] + thrown_away) * node["Actual Loops"]
