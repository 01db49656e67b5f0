"""Tables out of XLSX workbooks: the values as they were saved. Formulas are never worked out.

Read with the standard library, a cell after another, because libraries for this were either slow (openpyxl) or take
memory for every cell between the first and the last one (calamine: 1.9 GB for a file of 5 kB).
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import BytesIO
from math import isfinite
from posixpath import dirname, join, normpath
from xml.parsers import expat

from .tables import COLUMN_LIMIT, ROW_LIMIT, Cell, Collector, Row, Table, refuse

# Of one part of the file and of all, unpacked; no text shrinks to less than a 200th by itself.
_PART_LIMIT = 100_000_000
_RATIO_LIMIT, _RATIO_FROM = 200, 1_000_000
_PARTS_LIMIT = 2000
_STRINGS_LIMIT = (ROW_LIMIT + 1) * COLUMN_LIMIT

NO_VALUE = "A formula without a value. Open the file in a spreadsheet program and save it there."

type Attributes = Mapping[str, str]


def read_workbook(content: bytes, sheet: str = "") -> Table:
    """The sheet of that name, else the first one."""
    with _no_damage(), zipfile.ZipFile(BytesIO(content)) as archive:
        _check_size(archive)
        book = _Book(archive)
        sheet = sheet if sheet in book.sheets else next(iter(book.sheets))
        collector = Collector()
        cells = _Cells(_strings(archive, book.part("sharedStrings")), book, collector.take)
        _walk(archive, book.sheets[sheet], cells.start, cells.end)
        return Table(collector.taken(), sheet=sheet, sheets=list(book.sheets))


@contextmanager
def _no_damage() -> Iterator[None]:
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        expat.ExpatError,
        EOFError,
        LookupError,
        ValueError,
        StopIteration,
        OSError,
    ):
        refuse("This workbook is damaged: it cannot be read. Please save it again as XLSX.")
    except (RuntimeError, NotImplementedError):  # what zipfile says of passwords and of unusual compression
        refuse("This workbook is locked or packed in an unusual way. Please save it again as XLSX, without a password.")


def _check_size(archive: zipfile.ZipFile) -> None:
    """By what the archive says of its parts: zipfile never unpacks more of one than that."""
    parts = archive.infolist()
    packed = any(
        part.file_size > _RATIO_FROM and part.file_size > _RATIO_LIMIT * max(part.compress_size, 1) for part in parts
    )
    if packed or len(parts) > _PARTS_LIMIT or sum(part.file_size for part in parts) > _PART_LIMIT:
        refuse("This workbook unpacks to too much. Please import a smaller one, or save the sheet as CSV.")


def _walk(
    archive: zipfile.ZipFile, name: str, start: Callable[[str, Attributes], None], end: Callable[[str, str], None]
) -> None:
    """`start` gets each tag with its attributes, `end` each with the text in it, both without namespaces."""
    texts: list[str] = []

    def started(tag: str, attributes: dict[str, str]) -> None:
        texts.clear()
        start(tag.rpartition(" ")[2], attributes)

    def ended(tag: str) -> None:
        end(tag.rpartition(" ")[2], "".join(texts))
        texts.clear()

    def no_doctype(*_: object) -> None:
        raise ValueError("a document type")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = started, ended
    parser.CharacterDataHandler = texts.append
    parser.StartDoctypeDeclHandler = no_doctype
    with archive.open(name) as part:
        parser.ParseFile(part)


def _nothing(*_: object) -> None:
    pass


# --- The parts beside the sheets -------------------------------------------------------------


class _Book:
    """The visible sheets by name, which number formats are those of dates, and from when days are counted."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        [(path, _)] = [found for found in _relations(archive, "").values() if found[1] == "officeDocument"][:1] or [
            ("xl/workbook.xml", "")
        ]
        self._relations = _relations(archive, path)
        self.sheets: dict[str, str] = {}
        self.from_1904 = False
        self.is_date: list[bool] = []
        self._formats: dict[str, str] = {}
        self._in_cell_formats = False
        hidden: dict[str, str] = {}

        def see(tag: str, attributes: Attributes) -> None:
            if tag == "workbookPr":
                self.from_1904 = attributes.get("date1904") in ("1", "true")
            elif tag == "sheet":
                place, kind = self._relations[_named(attributes, "id")]
                if kind == "worksheet":
                    shown = attributes.get("state", "visible") == "visible"
                    (self.sheets if shown else hidden)[attributes["name"]] = place

        _walk(archive, path, see, _nothing)
        self.sheets = self.sheets or hidden
        if not self.sheets:
            refuse("This workbook has no sheet with cells.")
        if styles := self.part("styles"):
            _walk(archive, styles, self._see_style, self._leave_style)

    def part(self, kind: str) -> str:
        found = next((place for place, is_kind in self._relations.values() if is_kind == kind), "")
        return found if found in self._archive.NameToInfo else ""

    def _see_style(self, tag: str, attributes: Attributes) -> None:
        if tag == "numFmt":
            self._formats[attributes["numFmtId"]] = attributes["formatCode"]
        elif tag == "cellXfs":
            self._in_cell_formats = True
        elif tag == "xf" and self._in_cell_formats:
            number = attributes.get("numFmtId", "0")
            self.is_date.append(_is_date(self._formats.get(number, "")) or _is_usual_date(int(number)))

    def _leave_style(self, tag: str, _: str) -> None:
        self._in_cell_formats = self._in_cell_formats and tag != "cellXfs"


def _named(attributes: Attributes, name: str) -> str:
    """An attribute in whatever namespace: both kinds of XLSX have their own."""
    return next(value for key, value in attributes.items() if key.endswith(f" {name}"))


def _relations(archive: zipfile.ZipFile, source: str) -> dict[str, tuple[str, str]]:
    """Place and kind of what a part refers to, by id."""
    folder = dirname(source)
    found: dict[str, tuple[str, str]] = {}

    def see(tag: str, attributes: Attributes) -> None:
        if tag == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes["Target"]
            place = target.lstrip("/") if target.startswith("/") else normpath(join(folder, target))
            found[attributes["Id"]] = (place, attributes["Type"].rpartition("/")[2])

    _walk(archive, join(folder, "_rels", source.rpartition("/")[2] + ".rels"), see, _nothing)
    return found


def _is_usual_date(number: int) -> bool:
    return 14 <= number <= 22 or 27 <= number <= 36 or 45 <= number <= 47 or 50 <= number <= 58


def _is_date(code: str) -> bool:
    """Has it letters of dates, outside of quoted words and of brackets such as [Red] (but [h] counts hours)?"""
    code = re.sub(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', "", code.partition(";")[0].lower())
    return code != "general" and bool(re.search("[dmyhs]", code))


def _strings(archive: zipfile.ZipFile, name: str) -> list[str]:
    """The texts that cells refer to by number."""
    found: list[str] = []
    pieces: list[str] = []
    skipping = False

    def start(tag: str, _: Attributes) -> None:
        nonlocal skipping
        if tag == "rPh":  # how it is pronounced
            skipping = True

    def end(tag: str, text: str) -> None:
        nonlocal skipping
        if tag == "t" and not skipping:
            pieces.append(text)
        elif tag == "rPh":
            skipping = False
        elif tag == "si":
            found.append(_unescaped("".join(pieces)))
            pieces.clear()
            if len(found) > _STRINGS_LIMIT:
                refuse("This workbook holds too many texts. Please import a smaller one, or save the sheet as CSV.")

    if name:
        _walk(archive, name, start, end)
    return found


def _unescaped(text: str) -> str:
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


# --- A sheet ---------------------------------------------------------------------------------


class _Cells:
    """Hands on a row after another, as they are read."""

    def __init__(self, strings: list[str], book: _Book, take: Callable[[Row], None]) -> None:
        self._strings, self._book, self._take = strings, book, take
        self._row = Row(0, [])
        self._column = -1
        self._kind = self._value = ""
        self._style = 0
        self._pieces: list[str] = []
        self._has_formula = self._skipping = False

    def start(self, tag: str, attributes: Attributes) -> None:
        if tag == "c":
            place = attributes.get("r")
            self._column = _column(place) if place else self._column + 1
            self._kind, self._style = attributes.get("t", "n"), int(attributes.get("s", "0"))
            self._value, self._has_formula = "", False
            self._pieces.clear()
        elif tag == "f":
            self._has_formula = True
        elif tag == "row":
            self._row = Row(int(attributes.get("r") or self._row.number + 1), [])
            self._column = -1
        elif tag == "rPh":
            self._skipping = True

    def end(self, tag: str, text: str) -> None:
        if tag == "v":
            self._value = text
        elif tag == "t" and not self._skipping:
            self._pieces.append(text)
        elif tag == "rPh":
            self._skipping = False
        elif tag == "c":
            self._end_cell()
        elif tag == "row":
            self._take(self._row)

    def _end_cell(self) -> None:
        value, flaw = self._read()
        if value is None and not flaw:
            return
        if not 0 <= self._column < COLUMN_LIMIT:
            refuse(f"Row {self._row.number:,} has more than {COLUMN_LIMIT} columns. Please take some out.")
        cells = self._row.cells
        cells.extend([None] * (self._column + 1 - len(cells)))
        cells[self._column] = value
        if flaw:
            self._row.flaws[self._column] = flaw

    def _read(self) -> tuple[Cell, str]:
        if self._kind in ("s", "inlineStr", "str"):
            text = self._text()
            return (text if text.strip() else None), ""
        if self._kind == "e":
            return self._value, f"The spreadsheet has an error here: {self._value}"
        if not self._value:
            return None, NO_VALUE if self._has_formula else ""
        return self._read_value(), ""

    def _text(self) -> str:
        if self._kind == "s":
            return self._strings[int(self._value)] if self._value else ""
        return _unescaped("".join(self._pieces) if self._kind == "inlineStr" else self._value)

    def _read_value(self) -> Cell:
        if self._kind == "b":
            return self._value == "1"
        if self._kind == "d":
            return self._value
        is_date = self._style < len(self._book.is_date) and self._book.is_date[self._style]
        return _date(float(self._value), self._book.from_1904) if is_date else _number(self._value)


def _column(place: str) -> int:
    """0 for "A7", 27 for "AB7"."""
    number = 0
    for letter in place:
        if not letter.isalpha():
            break
        number = number * 26 + ord(letter) - 64
    return number - 1


def _number(text: str) -> int | float:
    """With the 15 digits that spreadsheets show: 0.1 + 0.2 is 0.3."""
    number = float(f"{float(text):.15g}")
    if not isfinite(number):
        raise ValueError("no number")
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _date(serial: float, from_1904: bool) -> str:
    """`2026-11-22`, `2026-11-22T14:05:00`, or `14:05:00` for a time of no day."""
    # The first of them believed in a 29 February 1900. They know no time zones.
    epoch = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 31 - (serial >= 60))  # noqa: DTZ001
    try:
        moment = epoch + timedelta(seconds=round(serial * 86400))
    except OverflowError:
        return str(_number(str(serial)))
    if 0 <= serial < 1:
        return moment.time().isoformat()
    return moment.date().isoformat() if not (moment.hour or moment.minute or moment.second) else moment.isoformat()
