"""CSV files that no spreadsheet program works out, whatever it takes for the end of a cell."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.module_map import APPS
from tests.paths import ROOT
from web.format import spreadsheets


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("x;=cmd|' /C calc'!A0;y", "x;'=cmd|' /C calc'!A0;y"),
        ("x\t+1", "x\t'+1"),
        ("x\r\n-1", "x\r\n'-1"),
        ("x\r@sum", "x\r'@sum"),
        ("x\n  =1", "x\n'  =1"),
        ("x; \u3000＝1", "x;' \u3000＝1"),
        ("x;\xa0=1", "x;'\xa0=1"),
        ("x;\u200b=1", "x;'\u200b=1"),
        ('x;"=1"', 'x;\'"=1"'),
        ("x\u2028=1", "x\u2028'=1"),
        ("\t=1", "'\t'=1"),
        ("＋1", "'＋1"),
        ("﹦1", "'﹦1"),
        ("-1;-2\n-3", "'-1;'-2\n'-3"),
        ("\tx", "'\tx"),
        ("a = b; c - d, e@f.example", "a = b; c - d, e@f.example"),
    ],
)
def test_a_formula_is_told_apart_wherever_a_cell_could_begin(text: str, kept: str) -> None:
    assert spreadsheets.harmless(text) == kept


@given(st.text("=+-@;\t\r\n \"'xﾠ＝,"), st.text("=+-@;\t\r\n \"'x＝,"))
def test_no_program_finds_a_formula_by_any_separator(first: str, second: str) -> None:
    content = spreadsheets.lines([[first, second]])
    # Quotes are what programs disagree about: here none of them counts for anything.
    for separator in (";", "\t", None):
        for line in re.split(r"[\r\n]", content):
            for cell in line.split(separator) if separator else [line]:
                assert not re.match(r'[\s"]*[=+@＝-]', cell), cell
    for row in csv.reader(io.StringIO(content, newline="")):
        assert not any(re.match(r"\s*[=+@＝-]", cell) for cell in row)


def test_numbers_stay_numbers() -> None:
    assert spreadsheets.lines([[-5, None, "a"]]) == "-5,,a\r\n"


def test_all_files_for_spreadsheets_are_written_in_one_place() -> None:
    writers = [
        path.relative_to(ROOT).as_posix()
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if re.search(r"csv\.(writer|DictWriter)", path.read_text())
    ]
    # The other one gives rows with errors back to be edited in a form, and writes no file.
    assert writers == ["web/format/spreadsheets.py", "routes/test_files/tables.py"]
