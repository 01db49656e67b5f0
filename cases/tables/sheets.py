"""The rows of a sheet of a workbook, a cell after another."""

import re
import zipfile
from collections.abc import Callable, Sequence

from .number_formats import Format, format_of, read_number, serial_of
from .tables import COLUMN_LIMIT, ROW_LIMIT, Cell, Row, refuse
from .workbook_xml import Attributes, walk

NO_VALUE = "A formula without a value. Open the file in a spreadsheet program and save it there."

_STRINGS_LIMIT = (ROW_LIMIT + 1) * COLUMN_LIMIT
_LAST_ROW = 1_048_576


def read_strings(archive: zipfile.ZipFile, name: str) -> list[str]:
    """Return the texts that cells refer to by number, without how they are pronounced."""
    found: list[str] = []
    pieces: list[str] = []
    skipping = False

    def start(tag: str, _: Attributes) -> None:
        nonlocal skipping
        if tag == "rPh":
            skipping = True

    def end(tag: str, text: str) -> bool:
        nonlocal skipping
        if tag == "t" and not skipping:
            pieces.append(text)
        elif tag == "rPh":
            skipping = False
        elif tag == "si":
            found.append(_unescaped("".join(pieces)))
            pieces.clear()
            if len(found) > _STRINGS_LIMIT:
                refuse("This workbook holds too many texts. Import a smaller one, or save the sheet as CSV.")
            return True
        return False

    if name:
        walk(archive, name, start, end)
    return found


def _unescaped(text: str) -> str:
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


class SheetReader:
    """Reads a sheet and hands on one row after another. `formats`: the codes by which numbers are shown, by style."""

    def __init__(
        self, strings: Sequence[str], formats: Sequence[str], from_1904: bool, take: Callable[[Row], None]
    ) -> None:
        self._strings, self._formats, self._from_1904, self._take = strings, formats, from_1904, take
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
            self._row = Row(self._next_number(attributes.get("r", "")), [])
            self._column = -1
        elif tag == "rPh":
            self._skipping = True

    def _next_number(self, said: str) -> int:
        """Return the number of the next row. Numbers rise, even if a damaged file says otherwise."""
        number = max(int(said or 0), self._row.number + 1)
        if number > _LAST_ROW:
            raise ValueError("no such row")
        return number

    def end(self, tag: str, text: str) -> bool:
        if tag == "v":
            self._value = text
        elif tag == "t" and not self._skipping:
            self._pieces.append(text)
        elif tag == "rPh":
            self._skipping = False
        elif tag == "c":
            return self._end_cell()
        elif tag == "row":
            self._take(self._row)
        return False

    def _end_cell(self) -> bool:
        value, flaw = self._read()
        if value is None and not flaw:
            return False
        if not 0 <= self._column < COLUMN_LIMIT:
            refuse(f"Row {self._row.number:,} has more than {COLUMN_LIMIT} columns. Remove some of them.")
        cells = self._row.cells
        cells.extend([None] * (self._column + 1 - len(cells)))
        cells[self._column] = value
        if flaw:
            self._row.flaws[self._column] = flaw
        return True

    def _read(self) -> tuple[Cell, str]:
        if self._kind in ("s", "inlineStr", "str"):
            text = self._text()
            return (text if text.strip() else None), ""
        if self._kind == "e":
            return self._value, f"The spreadsheet has an error here: {self._value}"
        if not self._value.strip():
            return None, NO_VALUE if self._has_formula else ""
        return self._read_value(self._value.strip()), ""

    def _text(self) -> str:
        if self._kind == "s":
            return self._strings[int(self._value)] if self._value else ""
        return _unescaped("".join(self._pieces) if self._kind == "inlineStr" else self._value)

    def _read_value(self, value: str) -> Cell:
        if self._kind == "b":
            return value.lower() in ("1", "true")
        code = self._formats[self._style] if self._style < len(self._formats) else ""
        if self._kind == "d":
            serial = serial_of(value, self._from_1904)
            shown = code if format_of(code) in (Format.TIME, Format.DURATION) else "d/m/y"
            return value if serial is None else read_number(serial, shown, self._from_1904)
        return read_number(value, code, self._from_1904)


def _column(place: str) -> int:
    """Return the number of the column: 0 for "A7", 27 for "AB7"."""
    number = 0
    for letter in place[:4]:
        if not letter.isalpha():
            break
        number = number * 26 + ord(letter.upper()) - 64
    return number - 1
