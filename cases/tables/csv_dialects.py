"""How a CSV file is written, guessed from its bytes: the encoding, the separator, and how quotation marks are kept."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypedDict

from .headings import is_known, is_label

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "windows-1252": "Western European (Windows-1252)",
    "windows-1250": "Central European (Windows-1250)",
    "windows-1251": "Cyrillic (Windows-1251)",
    "iso-8859-15": "Western European (ISO 8859-15)",
    "cp850": "Western European (DOS)",
    "mac-roman": "Western European (Mac)",
    "shift-jis": "Japanese (Shift JIS)",
    "gb18030": "Chinese (GB 18030)",
}
ONE_COLUMN = "1"
SEPARATORS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Vertical bar", ONE_COLUMN: "Not separated"}

# Where nothing is separated: a control character that no text holds.
_NOWHERE = "\x1f"
_SAMPLE = 64 * 1024
_SAMPLE_RECORDS = 50
# Fewer records than these of one length are no table but prose with commas in it.
_ALIKE = 0.4
_BOMS_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def guess_encoding(content: bytes) -> str:
    sample = content[:_SAMPLE]
    if content.startswith(_BOMS_16) or sample.count(0) * 8 > len(sample):
        return "utf-16"
    try:
        content.decode()
    except UnicodeDecodeError:
        return "windows-1252"
    return "utf-8"


def decode(content: bytes, encoding: str) -> str:
    if encoding == "utf-16" and not content.startswith(_BOMS_16):
        # Of most letters one byte is zero: the second one when the small end comes first.
        sample = content[:_SAMPLE]
        encoding = "utf-16-be" if sample[::2].count(0) > sample[1::2].count(0) else "utf-16-le"
    return content.decode(encoding, errors="replace").lstrip("\N{BYTE ORDER MARK}")


def told_separator(text: str) -> tuple[str, str]:
    """Return the separator of Excel's own first line, as `sep=;`, and the text after that line."""
    found = re.match(r'"?sep=([,;\t|])"?[,;\t| ]*(\r\n|\r|\n)', text, re.IGNORECASE)
    return (found[1], text[found.end() :]) if found else ("", text)


class Dialect(TypedDict):
    """How `csv.reader` reads a file."""

    delimiter: str
    skipinitialspace: bool


def dialect_of(text: str, separator: str) -> Dialect:
    """Return the dialect, and whether the file is written like `"a", "b"`."""
    has_blanks = bool(re.search(r'[,;|] +"', text[:_SAMPLE]))
    return {"delimiter": _NOWHERE if separator == ONE_COLUMN else separator, "skipinitialspace": has_blanks}


# --- Separators ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Fit:
    """How well a separator splits the first records: the share of them that have the same number of fields."""

    separator: str
    share: float
    fields: int
    records: Sequence[Sequence[str]]

    def is_table(self) -> bool:
        if self.fields < 2 or (self.share < _ALIKE and not self._names_known_columns()):
            return False
        if self.separator in ",;" and self._reads_as_prose():
            return self.share == 1 and len(self.records) > 1
        # One field above many: the title of a report, with the names of columns below it, or the name of one column.
        return len(self.records[0]) > 1 or (not is_known(self.records[0][0]) and self._begins_with_names())

    def _reads_as_prose(self) -> bool:
        """Return whether a blank follows each separator, as in “Broken lamp, urgent”."""
        after = [cell for record in self.records for cell in record[1:]]
        return all(cell[:1] == " " and cell[1:2] != '"' for cell in after)

    def _names_known_columns(self) -> bool:
        """Return whether it begins with names, one of them usual, so that ragged rows below it are rows."""
        first = self.records[0]
        return len(first) > 1 and all(map(is_label, first)) and any(map(is_known, first))

    def _begins_with_names(self) -> bool:
        first = next(record for record in self.records if len(record) == self.fields)
        return all(is_label(cell) for cell in first if cell.strip())


def guess_separator(text: str) -> str:
    """Return the separator that splits most of the first records into the same number of fields, and into the most."""
    fits = [_fit(text, separator) for separator in SEPARATORS if separator != ONE_COLUMN]
    if nothing := next((fit for fit in fits if not fit.records), None):
        return nothing.separator  # it alone stands in the file
    tables = [fit for fit in fits if fit.is_table()]
    return max(tables, key=lambda fit: (fit.share, fit.fields)).separator if tables else ONE_COLUMN


def _fit(text: str, separator: str) -> _Fit:
    sample = text[:_SAMPLE]
    try:
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
        records = list(islice((record for record in reader if any(map(str.strip, record))), _SAMPLE_RECORDS + 1))
    except csv.Error:
        records = []
    if len(records) > _SAMPLE_RECORDS or (len(text) > _SAMPLE and len(records) > 1):
        records.pop()  # it may be cut off
    lengths = Counter(len(record) for record in records)
    fields, alike = max(lengths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    return _Fit(separator, alike / max(len(records), 1), fields, records)


# --- Quotation marks -------------------------------------------------------------------------


def in_the_usual_way(text: str, separator: str, limit: int) -> str:
    r"""Databases write `\"` in a text where others write `""`. A path that ends in a backslash stays as it is."""
    if '\\"' not in text or _is_sound(text, separator, limit):
        return text
    usual = re.sub(r'\\(["\\])', lambda found: '""' if found[1] == '"' else "\\", text)
    return usual if _is_sound(usual, separator, limit) else text


def _is_sound(text: str, separator: str, limit: int) -> bool:
    reader = csv.reader(io.StringIO(text, newline=""), **dialect_of(text, separator), strict=True)
    try:
        for _ in islice(reader, limit):
            pass
    except csv.Error:
        return False
    return True
