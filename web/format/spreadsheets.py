"""CSV files for spreadsheet programs, without a cell that one of them would work out.

Which sign separates cells is the reader's setting and not the file's: a program that expects semicolons splits a cell
at those in it, whatever is quoted. So a formula is looked for wherever such a program could begin a cell.
"""

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

# By this mark Excel knows UTF-8.
MARK = "\N{BYTE ORDER MARK}"
_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
# Wide and small signs count too where one types Japanese or Chinese.
_SIGNS = "=+@\uff1d\uff0b\uff20\uff0d\ufe66\ufe62\ufe6b\ufe63\u2212-"
# Blanks, signs that are not seen, and quotes, which programs take away.
_BEFORE = rf'(?:[^\S\t{_LINE_ENDS}]|["\u200b\u2060\ufeff])*'
_FORMULA = re.compile(rf"(\A|[;\t{_LINE_ENDS}])(?={_BEFORE}[{_SIGNS}])")
_ODD_START = re.compile(r"\A(?=[\t\r\n])")


def lines(rows: Iterable[Iterable[Any]]) -> str:
    """The rows as lines of a file, each of their texts `harmless`."""
    out = io.StringIO()
    csv.writer(out).writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue()


def harmless(cell: Any) -> Any:
    """The cell with an apostrophe before whatever a spreadsheet program would work out, which shows it as it is."""
    if not isinstance(cell, str):
        return cell
    found = _FORMULA.sub(r"\1'", cell)
    return _ODD_START.sub("'", found)
