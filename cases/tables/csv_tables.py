"""Tables read from CSV files and from pasted text."""

import csv
import io
import re
from collections.abc import Iterator

from .csv_dialects import (
    ENCODINGS,
    SEPARATORS,
    Dialect,
    decode,
    dialect_of,
    guess_encoding,
    guess_separator,
    in_the_usual_way,
    told_separator,
)
from .tables import Collector, Row, Table, refuse

_TITLE_LENGTH = 200
# Empty ones too: spreadsheet programs may write a million below the last row, and so may someone who means harm.
RECORD_LIMIT = 200_000
_LINE_FIELDS, _FIELD_LIMIT = 20_000, 3_000_000


def read_csv(content: bytes, encoding: str = "", separator: str = "") -> Table:
    """Read a CSV file. The encoding and the separator are guessed if they are not given."""
    encoding = encoding if encoding in ENCODINGS else guess_encoding(content)
    told, text = told_separator(decode(content, encoding))
    separator = separator if separator in SEPARATORS else told or guess_separator(text)
    text = in_the_usual_way(text, separator, RECORD_LIMIT)
    collector = Collector()
    for number, record in enumerate(_records(text, separator), 1):
        collector.add_row(Row(number, [_cell(text) if text else None for text in record], length=len(record)))
    return Table(collector.taken(), encoding=encoding, separator=separator)


def _cell(text: str) -> str | None:
    """Return what a field holds. Programs write `="00123"` so that Excel keeps the zeros."""
    if text.startswith('="') and (kept := re.fullmatch(r'="([^"]*)"', text)):
        text = kept[1]
    return text if text.strip() else None


def _records(text: str, separator: str) -> Iterator[list[str]]:
    dialect = dialect_of(text, separator)
    lines = _Lines(text, dialect["delimiter"])
    reader = csv.reader(lines, **dialect)
    number = fields = 0
    try:
        for number, record in enumerate(reader, 1):
            fields += len(record)
            if number > RECORD_LIMIT or fields > _FIELD_LIMIT:
                refuse("This holds too many empty rows or columns. Delete them, or import it in parts.")
            if lines.ended and _is_open(lines.taken, dialect):
                refuse(f"A quotation mark opens in row {number:,} and is never closed.")
            lines.taken.clear()
            yield record
    except csv.Error:
        refuse(f"Row {number + 1:,} cannot be read. Is there a quotation mark that is never closed?")


class _Lines:
    """Lines with their ends; remembers those taken for the record at hand, and when the reader wanted one too many."""

    def __init__(self, text: str, separator: str) -> None:
        self._separator = separator
        self._lines = iter(io.StringIO(text, newline=""))
        self.taken: list[str] = []
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = next(self._lines)
        except StopIteration:
            self.ended = True
            raise
        if line.count(self._separator) > _LINE_FIELDS:
            refuse(f"A row has more than {_LINE_FIELDS:,} columns. Remove some of them.")
        self.taken.append(line)
        return line


def _is_open(lines: list[str], dialect: Dialect) -> bool:
    try:
        list(csv.reader(lines, **dialect, strict=True))
    except csv.Error as error:
        return "end of data" in str(error)
    return False


# --- Pasted text -----------------------------------------------------------------------------


def read_lines(text: str) -> Table:
    """Read one case per line: the line is the title, and a long line is also the details."""
    collector = Collector()
    for number, line in enumerate(text.splitlines(), 1):
        collector.add_row(_prose_row(number, line.strip()))
    return Table(_with_names(collector))


def read_paragraphs(text: str) -> Table:
    """Read one case per paragraph: its first line is the title, and all of it the details."""
    collector = Collector()
    paragraphs = re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n").strip("\n"))
    for number, paragraph in enumerate(paragraphs, 1):
        collector.add_row(_prose_row(number, paragraph.strip()))
    return Table(_with_names(collector))


def _prose_row(number: int, text: str) -> Row:
    title = text.partition("\n")[0].strip()
    if len(title) > _TITLE_LENGTH:
        title = title[: _TITLE_LENGTH - 1].rstrip() + "…"
    return Row(number, [title or None, text if text != title else None])


def _with_names(collector: Collector) -> list[Row]:
    return [Row(0, ["Title", "Details"]), *collector.taken()]
