"""Tables out of CSV files and of pasted text."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator

from .tables import Collector, Row, Table, refuse

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
SEPARATORS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Vertical bar"}
_SAMPLE = 64 * 1024
_SAMPLE_RECORDS = 50
_TITLE_LENGTH = 200


def read_csv(content: bytes, encoding: str = "", separator: str = "") -> Table:
    """What is not given is guessed."""
    encoding = encoding if encoding in ENCODINGS else guess_encoding(content)
    text = decode(content, encoding)
    told, text = _told_separator(text)
    separator = separator if separator in SEPARATORS else told or guess_separator(text)
    collector = Collector()
    for number, record in enumerate(_records(text, separator), 1):
        collector.take(Row(number, [cell if cell.strip() else None for cell in record]))
    return Table(collector.taken(), encoding=encoding, separator=separator)


def guess_encoding(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\x00" in content[:_SAMPLE]:
        return "utf-16"
    try:
        content.decode()
    except UnicodeDecodeError:
        return "windows-1252"
    return "utf-8"


def decode(content: bytes, encoding: str) -> str:
    if encoding == "utf-8":
        return content.decode("utf-8-sig", errors="replace")
    if encoding == "utf-16" and not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        # Of most letters one byte is zero: the second one when the small end comes first.
        sample = content[:_SAMPLE]
        encoding = "utf-16-be" if sample[::2].count(0) > sample[1::2].count(0) else "utf-16-le"
    return content.decode(encoding, errors="replace")


def _told_separator(text: str) -> tuple[str, str]:
    """Excel's own first line, as `sep=;`, and the text after it."""
    found = re.match(r"sep=([,;\t|])\r?\n", text)
    return (found[1], text[found.end() :]) if found else ("", text)


def guess_separator(text: str) -> str:
    """The one that parts most of the first records into the same number of fields; of several, into the most."""
    return max(SEPARATORS, key=lambda separator: _fitness(text[:_SAMPLE], separator))


def _fitness(sample: str, separator: str) -> tuple[float, int]:
    lengths: Counter[int] = Counter()
    try:
        for record in csv.reader(io.StringIO(sample, newline=""), delimiter=separator):
            if record and lengths.total() < _SAMPLE_RECORDS:
                lengths[len(record)] += 1
    except csv.Error:
        return 0, 0
    fields, records = max(lengths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    return (records / lengths.total(), fields) if fields > 1 else (0, 0)


def _records(text: str, separator: str) -> Iterator[list[str]]:
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=separator)
    number = 0
    try:
        for number, record in enumerate(reader, 1):
            if lines.ended and _is_open(lines.taken, separator):
                refuse(f"A quotation mark opens in row {number:,} and is never closed.")
            lines.taken.clear()
            yield record
    except csv.Error:
        refuse(f"Row {number + 1:,} cannot be read. Is there a quotation mark that is never closed?")


class _Lines:
    """Lines with their ends; remembers those taken for the record at hand, and when the reader wanted one too many."""

    def __init__(self, text: str) -> None:
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
        self.taken.append(line)
        return line


def _is_open(lines: list[str], separator: str) -> bool:
    try:
        list(csv.reader(lines, delimiter=separator, strict=True))
    except csv.Error as error:
        return "end of data" in str(error)
    return False


# --- Pasted text -----------------------------------------------------------------------------


def read_lines(text: str) -> Table:
    """One case per line: the line is the title. A long one is also the details."""
    collector = Collector()
    for number, line in enumerate(text.splitlines(), 1):
        collector.take(_prose_row(number, line.strip()))
    return Table(_with_names(collector))


def read_paragraphs(text: str) -> Table:
    """One case per paragraph: its first line is the title, and all of it the details."""
    collector = Collector()
    paragraphs = re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n").strip("\n"))
    for number, paragraph in enumerate(paragraphs, 1):
        collector.take(_prose_row(number, paragraph.strip()))
    return Table(_with_names(collector))


def _prose_row(number: int, text: str) -> Row:
    title = text.partition("\n")[0].strip()
    if len(title) > _TITLE_LENGTH:
        title = title[: _TITLE_LENGTH - 1].rstrip() + "…"
    return Row(number, [title or None, text if text != title else None])


def _with_names(collector: Collector) -> list[Row]:
    return [Row(0, ["Title", "Details"]), *collector.taken()]
