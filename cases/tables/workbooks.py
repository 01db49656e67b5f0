"""Tables read from XLSX workbooks: the values as they were saved. Formulas are never worked out.

Read with the standard library, a cell after another, because libraries for this were either slow (openpyxl) or take
memory for every cell between the first and the last one (calamine: 1.9 GB for a file of 5 kB).
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from posixpath import dirname, join, normpath
from xml.parsers import expat

from .number_formats import built_in
from .sheets import SheetReader, read_strings
from .tables import Collector, Table, refuse
from .workbook_xml import Attributes, walk

# Of one part of the file and of all, unpacked; no text shrinks to less than a 200th by itself.
_PART_LIMIT = 100_000_000
_RATIO_LIMIT, _RATIO_FROM = 200, 1_000_000
_PARTS_LIMIT = 2000


def read_workbook(content: bytes, sheet: str = "") -> Table:
    """Read the sheet of that name, or else the first one."""
    with _no_damage(), zipfile.ZipFile(BytesIO(content)) as archive:
        # Check the sizes that the archive states for its parts: zipfile never unpacks more of a part than that.
        parts = archive.infolist()
        packed = any(
            part.file_size > _RATIO_FROM and part.file_size > _RATIO_LIMIT * max(part.compress_size, 1)
            for part in parts
        )
        if packed or len(parts) > _PARTS_LIMIT or sum(part.file_size for part in parts) > _PART_LIMIT:
            refuse("This workbook unpacks to too much. Import a smaller one, or save the sheet as CSV.")
        book = _Book(archive)
        sheet = sheet if sheet in book.sheets else next(iter(book.sheets))
        collector = Collector()
        strings = read_strings(archive, book.part("sharedStrings"))
        reader = SheetReader(strings, book.formats, book.from_1904, collector.add_row)
        walk(archive, book.sheets[sheet], reader.start, reader.end)
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
        refuse("This workbook is damaged: it cannot be read. Save it again as XLSX.")
    except (RuntimeError, NotImplementedError):  # what zipfile says of passwords and of unusual compression
        refuse("This workbook is locked or packed in an unusual way. Save it again as XLSX, without a password.")


# --- The parts beside the sheets -------------------------------------------------------------


class _Book:
    """The visible sheets by name, how cells of each style show numbers, and from when days are counted."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        [(path, _)] = [found for found in _relations(archive, "").values() if found[1] == "officeDocument"][:1] or [
            ("xl/workbook.xml", "")
        ]
        self._relations = _relations(archive, path)
        self.sheets: dict[str, str] = {}
        self.from_1904 = False
        self.formats: list[str] = []
        self._codes: dict[str, str] = {}
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

        walk(archive, path, see)
        self.sheets = self.sheets or hidden
        if not self.sheets:
            refuse("This workbook has no sheet with cells.")
        if styles := self.part("styles"):
            walk(archive, styles, self._see_style, self._leave_style)

    def part(self, kind: str) -> str:
        found = next((place for place, is_kind in self._relations.values() if is_kind == kind), "")
        return found if found in self._archive.NameToInfo else ""

    def _see_style(self, tag: str, attributes: Attributes) -> None:
        if tag == "numFmt":
            self._codes[attributes["numFmtId"]] = attributes["formatCode"]
        elif tag == "cellXfs":
            self._in_cell_formats = True
        elif tag == "xf" and self._in_cell_formats:
            number = attributes.get("numFmtId", "0")
            self.formats.append(self._codes.get(number) or built_in(int(number)))

    def _leave_style(self, tag: str, _: str) -> bool:
        self._in_cell_formats = self._in_cell_formats and tag != "cellXfs"
        return False


def _named(attributes: Attributes, name: str) -> str:
    """Return an attribute in any namespace, since both kinds of XLSX have their own."""
    return next(value for key, value in attributes.items() if key.endswith(f" {name}"))


def _relations(archive: zipfile.ZipFile, source: str) -> dict[str, tuple[str, str]]:
    """Return the place and kind of what a part refers to, by id."""
    folder = dirname(source)
    found: dict[str, tuple[str, str]] = {}

    def see(tag: str, attributes: Attributes) -> None:
        if tag == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes["Target"]
            place = target.lstrip("/") if target.startswith("/") else normpath(join(folder, target))
            found[attributes["Id"]] = (place, attributes["Type"].rpartition("/")[2])

    walk(archive, join(folder, "_rels", source.rpartition("/")[2] + ".rels"), see)
    return found
