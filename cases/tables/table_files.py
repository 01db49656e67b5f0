"""The kind of a file, recognized by its contents and not by its name."""

import re
import zipfile
from io import BytesIO

from data.texts.json_text import read_json

from .csv_tables import read_csv
from .tables import Table, refuse
from .workbooks import read_workbook

FILE_LIMIT = 20_000_000  # bytes

_SAVE_AS = "Save it as XLSX or CSV, and import that."
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BINARY = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\x7fELF", b"MZ\x90")


def read_file(content: bytes, encoding: str = "", separator: str = "", sheet: str = "") -> Table:
    """Return the table in the file. Raise Refused, with what the file is instead, if there is none."""
    if not content.strip(b"\x00 \t\r\n"):
        refuse("This file is empty.")
    if content.startswith(b"PK"):
        _check_archive(content)
        return read_workbook(content, sheet)
    if content.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in content:
            refuse("This workbook has a password. Save it without one, and import that.")
        refuse(f"This is an old Excel file (.xls) or another old Office file. {_SAVE_AS}")
    if content.startswith(b"%PDF"):
        refuse(f"This is a PDF, not a table. {_SAVE_AS}")
    if content.startswith(b"{\\rtf"):
        refuse(f"This is a text document, not a table. {_SAVE_AS}")
    if re.match(rb"\s*<(!doctype|html|table|\?xml)", content[:200], re.IGNORECASE):
        refuse(f"This is a web page or XML, whatever its name says. Open it in a spreadsheet program. {_SAVE_AS}")
    if _is_json(content):
        refuse("This is JSON, not a table. Add the cases through the API, or save them as CSV.")
    if content.startswith(_BINARY) or _is_binary(content[:4096]):
        refuse("This is not a table. Choose a CSV or XLSX file.")
    return read_csv(content, encoding, separator)


def _is_json(content: bytes) -> bool:
    """Return whether it is JSON, as a whole or in its first line."""
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
        return False
    for text in (content, content.strip().partition(b"\n")[0]):
        try:
            return isinstance(read_json(text), dict | list)
        except ValueError:
            continue
    return False


def _check_archive(content: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = set(archive.namelist())
            kind = archive.open("mimetype").read(100) if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError):
        refuse("This workbook is damaged: it cannot be read. Save it again as XLSX.")
    if b"opendocument" in kind:
        refuse(f"This is an OpenDocument file. {_SAVE_AS}")
    if "xl/workbook.bin" in names:
        refuse(f"This is a binary workbook (.xlsb). {_SAVE_AS}")
    if "[Content_Types].xml" not in names or any(name.startswith(("word/", "ppt/")) for name in names):
        refuse("This is a zip archive or another kind of document, not a workbook. Choose a CSV or XLSX file.")


def _is_binary(sample: bytes) -> bool:
    """Is it neither text with one byte per letter, nor UTF-16, where at most about every second byte is zero?"""
    zeros = sample.count(0)
    if zeros:
        return not sample.startswith((b"\xff\xfe", b"\xfe\xff")) and (
            min(sample[::2].count(0), sample[1::2].count(0)) > len(sample) // 20 or zeros < len(sample) // 8
        )
    return sum(byte < 9 or 13 < byte < 32 for byte in sample) > len(sample) // 20
