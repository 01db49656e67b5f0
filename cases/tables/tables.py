"""Tables that people upload or paste, as rows of cells, and how large one may be."""

from dataclasses import dataclass, field
from typing import NoReturn

from data.errors import Refused
from data.texts.text import storable

ROW_LIMIT = 10_000
COLUMN_LIMIT = 100
CELL_LIMIT = 32 * 1024  # characters
# Of all cells together. A workbook may name one long text a million times, which costs its file nothing.
TEXT_LIMIT = 24_000_000

type Cell = str | int | float | bool | None


@dataclass
class Row:
    """A row of a table. `number` counts from 1, as spreadsheet programs do. `flaws`: what is wrong with a cell, by its
    place from 0. `length`: how many cells it has in a CSV file, with the empty ones at its end.
    """

    number: int
    cells: list[Cell]
    flaws: dict[int, str] = field(default_factory=dict)
    length: int = 0


@dataclass(frozen=True)
class Table:
    """A table, and how it was read, where that can be chosen: another encoding or separator, another sheet."""

    rows: list[Row]
    encoding: str = ""
    separator: str = ""
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)


class Collector:
    """Keeps the rows that hold anything, and stops as soon as they are too many."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._length = 0

    def add_row(self, row: Row) -> None:
        while row.cells and row.cells[-1] is None and len(row.cells) - 1 not in row.flaws:
            row.cells.pop()
        if not row.cells:
            return
        if len(self.rows) > ROW_LIMIT:  # the first one holds names
            refuse(f"This has more than {ROW_LIMIT:,} rows. Import it in parts.")
        if len(row.cells) > COLUMN_LIMIT:
            refuse(f"Row {row.number:,} has more than {COLUMN_LIMIT} columns. Remove some of them.")
        for place, cell in enumerate(row.cells):
            if isinstance(cell, str):
                row.cells[place] = storable(cell)
                self._length += len(cell)
                if len(cell) > CELL_LIMIT:
                    row.cells[place] = cell[:100] + "…"
                    row.flaws[place] = f"Longer than {CELL_LIMIT // 1024} kB."
        if self._length > TEXT_LIMIT:
            refuse("This holds too much text. Import it in parts.")
        self.rows.append(row)

    def taken(self) -> list[Row]:
        return self.rows if self.rows else refuse("There is nothing in it.")


def refuse(message: str) -> NoReturn:
    raise Refused(message, "unreadable", {"file": message})
