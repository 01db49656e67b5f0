"""What becomes a table, and what is refused and how."""

import io
import time
import tracemalloc
import warnings
import zipfile
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from typing import Any

import openpyxl
import pytest

from cases.tables.csv_dialects import ONE_COLUMN
from cases.tables.csv_tables import read_lines, read_paragraphs
from cases.tables.table_files import read_file
from cases.tables.tables import COLUMN_LIMIT, ROW_LIMIT, Table
from data.errors import Refused


def cells(table: Table) -> list[list[Any]]:
    return [row.cells for row in table.rows]


def refusal(content: bytes) -> str:
    with pytest.raises(Refused) as refused:
        read_file(content)
    assert set(refused.value.fields) == {"file"}
    return refused.value.message


# --- CSV -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "guessed"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16"),
        ("utf-16-be", "utf-16"),
        ("windows-1252", "windows-1252"),
    ],
)
def test_encodings_are_guessed(encoding: str, guessed: str) -> None:
    table = read_file("Title;City\nGrüße – Zürich;Åre\n".encode(encoding))
    assert cells(table) == [["Title", "City"], ["Grüße – Zürich", "Åre"]]
    assert (table.encoding, table.separator) == (guessed, ";")


def test_another_encoding_can_be_chosen() -> None:
    content = "Title;City\nŁódź;Привет".encode("windows-1250", errors="replace")
    assert cells(read_file(content))[1][0] != "Łódź"
    assert cells(read_file(content, encoding="windows-1250"))[1][0] == "Łódź"
    assert read_file("я;б".encode("windows-1251"), encoding="windows-1251").rows[0].cells == ["я", "б"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_are_guessed(separator: str) -> None:
    lines = [["Title", "Note", "Amount"], ["Refund", "late, twice; sorry", "1,50"], ["Other", "a | b", "2"]]
    text = "\n".join(separator.join(f'"{cell}"' if not cell.isalnum() else cell for cell in line) for line in lines)
    found = read_file(text.encode())
    assert found.separator == separator
    assert cells(found) == lines


def test_excels_own_line_names_the_separator() -> None:
    assert cells(read_file(b"sep=;\r\na,b;c\r\n")) == [["a,b", "c"]]


@pytest.mark.parametrize("line", ["sep=;\r\n", "SEP=;\n", '"sep=;"\r\n', "\ufeffsep=;\r\n", "sep=;;;\n"])
def test_the_line_that_names_the_separator_is_no_row(line: str) -> None:
    assert cells(read_file(f"{line}a,b;c\r\n".encode())) == [["a,b", "c"]]


@pytest.mark.parametrize(
    "text",
    [
        "Title\nBroken lamp, urgent\nRefund, please, now\nHello\n",
        "Title\nBroken lamp, urgent\nRefund, please\nHello, you\n",
        "Broken lamp, urgent\nRefund, please, now\nHello\n",
        '"Title"\n"Broken lamp, urgent"\n"Refund, please, now"\n',
        "Amount\n1,50\n2,30\n",
        "Refund, please",
        "Refund\nLamp\n",
    ],
)
def test_one_column_may_have_commas_in_it(text: str) -> None:
    table = read_file(text.encode())
    assert table.separator == ONE_COLUMN
    assert cells(table) == [[line.strip('"')] for line in text.splitlines()]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_names_of_columns_tell_the_separator_of_ragged_rows(separator: str) -> None:
    text = "id,title,note\n1,Refund\n2,Lamp,b,c,d\n3\n4,Seats,a,b\n".replace(",", separator)
    assert read_file(text.encode()).separator == separator


def test_what_excel_is_made_to_keep_as_text_is_read_as_that_text() -> None:
    table = read_file(b'id,title\n="00123",Refund\n"=""00124""",Lamp\n=1+1,="\n')
    assert cells(table)[1:] == [["00123", "Refund"], ["00124", "Lamp"], ["=1+1", '="']]


def test_not_separated_can_be_chosen() -> None:
    assert cells(read_file(b"a,b\nc,d\n", separator=ONE_COLUMN)) == [["a,b"], ["c,d"]]


def test_blanks_may_follow_the_commas() -> None:
    table = read_file(b'"Title", "Text"\n"Refund", "late, twice"\n"Lamp", "He said ""no, no"""\n')
    assert cells(table) == [["Title", "Text"], ["Refund", "late, twice"], ["Lamp", 'He said "no, no"']]


def test_backslashes_may_stand_before_quotation_marks() -> None:
    table = read_file(b'"Title","Text"\n"Refund","She said \\"no, thanks\\""\n"Back\\\\slash","x\\ny"\n')
    assert cells(table)[1:] == [["Refund", 'She said "no, thanks"'], ["Back\\slash", "x\\ny"]]
    path = read_file(b'"Title","Path"\n"Refund","C:\\dir\\"\n"Lamp","D:\\"\n')
    assert cells(path)[1:] == [["Refund", "C:\\dir\\"], ["Lamp", "D:\\"]]


def test_quotes_and_line_ends_may_stand_in_fields() -> None:
    table = read_file(b'Title,Text\r\n"Says ""no""","one\r\ntwo, three"\r\n\r\nlast,x\r\n')
    assert cells(table) == [["Title", "Text"], ['Says "no"', "one\r\ntwo, three"], ["last", "x"]]
    assert [row.number for row in table.rows] == [1, 2, 4]


def test_a_quotation_mark_that_is_never_closed_is_said() -> None:
    assert "opens in row 2 and is never closed" in refusal(b'Title,Text\n"Refund,x\nOther,y\n')
    assert "Row 2 cannot be read" in refusal(b'Title,Text\n"Refund,' + b"x" * 200_000)


def test_a_null_character_is_no_table() -> None:
    assert "not a table" in refusal(b"a,b\nx\x00y,z\n" * 20)


def test_ten_thousand_rows_and_no_more() -> None:
    content = "Title,Amount\n" + "".join(f"Case {n},{n}\n" for n in range(ROW_LIMIT))
    assert len(read_file(content.encode()).rows) == ROW_LIMIT + 1
    assert "more than 10,000 rows" in refusal((content + "one,more\n").encode())
    assert "more than 100 columns" in refusal(b"x," * COLUMN_LIMIT + b"x\n")


def test_a_long_cell_is_a_flaw_of_its_row() -> None:
    table = read_file(b"Title,Text\na," + b"x" * 40_000)
    assert table.rows[1].flaws == {1: "Longer than 32 kB."}
    assert len(str(table.rows[1].cells[1])) < 200


def test_what_the_database_cannot_keep_is_made_visible() -> None:
    assert cells(read_file(b"Title,Text\n" + b"a,b\n" * 2000 + b"x\x00y,z\n"))[-1] == ["x\ufffdy", "z"]
    assert cells(read_file(package('<c t="inlineStr"><is><t>a_xD83D__x0000_</t></is></c>'))) == [["a\ufffd\ufffd"]]


@pytest.mark.parametrize(
    "content",
    [b'"",""\n' * 3_000_000, b",,,\n" * 4_500_000, (b";" * 1000 + b"\n") * 18_000, b"," * 18_000_000],
    ids=["quotes", "commas", "wide", "one line"],
)
def test_rows_of_nothing_are_refused_before_they_are_all_read(content: bytes) -> None:
    began = time.process_time()
    assert "empty rows or columns" in (said := refusal(content)) or "more than 20,000 columns" in said
    assert time.process_time() - began < 1.5


def test_all_text_together_is_bounded() -> None:
    assert "too much text" in refusal(b"Title\n" + (b"x" * 30_000 + b"\n") * 1000)


# --- Pasted text -----------------------------------------------------------------------------


def test_lines_become_titles() -> None:
    table = read_lines("Refund for Ada\n\n  Broken lamp \n" + "long " * 100)
    assert cells(table)[1:3] == [["Refund for Ada"], ["Broken lamp"]]
    title, details = cells(table)[3]
    assert (len(str(title)), str(title)[-1], details) == (200, "…", ("long " * 100).strip())
    assert [row.number for row in table.rows[1:]] == [1, 3, 4]


def test_paragraphs_become_titles_with_details() -> None:
    table = read_paragraphs("Refund\r\nfor Ada\r\n \r\nLamp\n\n")
    assert cells(table) == [["Title", "Details"], ["Refund", "Refund\nfor Ada"], ["Lamp"]]


# --- XLSX ------------------------------------------------------------------------------------

MOMENT = datetime(2026, 11, 22, 14, 5, tzinfo=UTC).replace(tzinfo=None)


def workbook(*rows: list[object], title: str = "Mails") -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    return book


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_values_of_a_workbook_keep_their_kinds() -> None:
    row = ["Ä <b>", 12, 12.5, 0.1 + 0.2, True, date(2026, 11, 22), MOMENT, clock_time(9, 30)]
    table = read_file(saved(workbook(["a"], row, [], ["x", None, "y"])))
    assert cells(table)[1] == ["Ä <b>", 12, 12.5, 0.3, True, "2026-11-22", "2026-11-22T14:05:00", "09:30:00"]
    assert isinstance(table.rows[1].cells[1], int)
    assert (table.rows[2].number, table.rows[2].cells) == (4, ["x", None, "y"])
    assert (table.sheet, table.sheets) == ("Mails", ["Mails"])


def test_dates_may_be_counted_from_1904() -> None:
    book = workbook([MOMENT])
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    assert cells(read_file(saved(book))) == [["2026-11-22T14:05:00"]]


def test_a_number_with_a_format_is_no_date() -> None:
    book = workbook([1234.5, 0.25, 3, timedelta(hours=1)])
    sheet = book.active
    sheet["A1"].number_format = '[Red]#,##0.00 "days"'
    sheet["B1"].number_format = "0%"
    sheet["C1"].number_format = "0.00E+00"
    assert cells(read_file(saved(book))) == [[1234.5, 0.25, 3, "01:00:00"]]


FORMATTED = [
    ("4111111111111110", "General", 4111111111111110),
    ("4.11111111111111E+15", "0", 4111111111111110),
    ("4111111111111111", "General", 4111111111111111),
    ("12345678901234567890", "General", 12345678901234567890),
    ("0.30000000000000004", "General", 0.3),
    ("5.0000000000000009", "0.00", 5),
    ("1E+05", "0.00E+00", 100000),
    ("1E-7", "General", 1e-7),
    ("0.125", "0.0%", 0.125),
    ("12.5", "[$€-407] #,##0.00", 12.5),
    ("12.5", '#,##0.00 "days; hours"', 12.5),
    ("3", 'General" d"', 3),
    ("3", "[Red]General", 3),
    ("8001", "00000", "08001"),
    ("1.0625", "[h]:mm", "25:30:00"),
    ("1.5", "[h]:mm:ss", "36:00:00"),
    ("1.5", "[hh]:mm", "36:00:00"),
    ("0.0625", "[mm]:ss", "01:30:00"),
    ("-0.5", "[h]:mm", "-12:00:00"),
    ("-0.5", "h:mm", "-12:00:00"),
    ("1.0625", "h:mm", "01:30:00"),
    ("0.75", "h:mm AM/PM", "18:00:00"),
    ("0.75", "[$-F400]h:mm:ss AM/PM", "18:00:00"),
    ("45000.5", "h:mm", "2023-03-15T12:00:00"),
    ("0.000017361111", "mm:ss.0", "00:00:01.5"),
    ("45000.123456", "yyyy-mm-dd hh:mm:ss.000", "2023-03-15T02:57:46.598"),
    ("45000.999999999", "yyyy-mm-dd hh:mm", "2023-03-16"),
    ("45000", "[$-407]d. mmmm yyyy;@", "2023-03-15"),
    ("45000", 'yyyy"年"m"月"d"日"', "2023-03-15"),
    ("45000", "TT.MM.JJJJ", "2023-03-15"),
    ("45000", '[=0]"-";dd/mm/yyyy', "2023-03-15"),
    ("3000000", "yyyy-mm-dd", 3000000),
    ("-1", "yyyy-mm-dd", -1),
    ("0", "yyyy-mm-dd", 0),
]


@pytest.mark.parametrize(("value", "code", "shown"), FORMATTED, ids=[f"{row[0]} as {row[1]}" for row in FORMATTED])
def test_a_number_is_what_people_see_in_the_cell(value: str, code: str, shown: object) -> None:
    content = styled(f'<c r="A1" s="1"><v>{value}</v></c>', code)
    [[found]] = cells(read_file(content))
    assert (found, type(found)) == (shown, type(shown))


def test_dates_in_words_are_those_that_the_numbers_give() -> None:
    said = ["2026-11-22", "2026-11-22T00:00:00.000", "2026-11-22T14:05:00Z", "14:05:00", "1899-12-30T06:00:00", "soon"]
    row = "".join(f'<c t="d"><v>{value}</v></c>' for value in said)
    dates = ["2026-11-22", "2026-11-22", "2026-11-22T14:05:00", "14:05:00", "06:00:00", "soon"]
    assert cells(read_file(styled(row, "0"))) == [dates]
    assert cells(read_file(styled('<c t="d" s="1"><v>1900-01-01T12:00:00</v></c>', "[h]:mm"))) == [["36:00:00"]]


def test_another_sheet_can_be_chosen_and_hidden_ones_cannot() -> None:
    book = workbook(["first"])
    book.create_sheet("Second")["A1"] = "second"
    book.create_sheet("Secret").sheet_state = "hidden"
    content = saved(book)
    assert read_file(content).sheets == ["Mails", "Second"]
    assert cells(read_file(content, sheet="Second")) == [["second"]]
    assert cells(read_file(content, sheet="Secret")) == [["first"]]


def test_formulas_are_taken_as_their_values_and_never_worked_out() -> None:
    table = read_file(saved(workbook(["Title", "Sum"], ["a", "=1+1"])))
    assert table.rows[1].cells[:1] == ["a"]
    assert "A formula without a value" in table.rows[1].flaws[1]
    content = package('<c r="A1" t="str"><f>"a"&amp;"b"</f><v>ab</v></c><c r="B1"><f>1+1</f><v>2</v></c>')
    assert cells(read_file(content)) == [["ab", 2]]
    broken = read_file(package('<c r="A1" t="e"><f>1/0</f><v>#DIV/0!</v></c>'))
    assert broken.rows[0].flaws == {0: "The spreadsheet has an error here: #DIV/0!"}


PARTS = {
    "[Content_Types].xml": "<Types/>",
    "_rels/.rels": '<Relationships><Relationship Id="1" Type="x/officeDocument" Target="/book.xml"/></Relationships>',
    "_rels/book.xml.rels": '<Relationships><Relationship Id="r1" Type="x/worksheet" Target="one.xml"/>'
    '<Relationship Id="r2" Type="x/sharedStrings" Target="strings.xml"/></Relationships>',
    "book.xml": '<workbook xmlns:r="http://strict"><sheets><sheet name="One" r:id="r1"/></sheets></workbook>',
    "strings.xml": "<sst><si><r><t>rich </t></r><r><t>text</t></r><rPh><t>said</t></rPh></si></sst>",
}


def package(row: str = "", method: int = zipfile.ZIP_DEFLATED, **parts: str) -> bytes:
    """A workbook of hand-made parts; `one` is its sheet."""
    out = io.BytesIO()
    sheet = f'<worksheet><sheetData><row r="1">{row}</row></sheetData></worksheet>'
    named = {f"{name}.xml": text for name, text in parts.items()}
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, text in {**PARTS, "one.xml": sheet, **named}.items():
            archive.writestr(name, text)
    return out.getvalue()


def styled(row: str, code: str) -> bytes:
    """A workbook whose style 1 has this number format."""
    escaped = code.replace("&", "&amp;").replace('"', "&quot;")
    relations = PARTS["_rels/book.xml.rels"].replace(
        "</R", '<Relationship Id="r3" Type="x/styles" Target="styles.xml"/></R'
    )
    styles = (
        f'<styleSheet><numFmts><numFmt numFmtId="164" formatCode="{escaped}"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>'
    )
    out = io.BytesIO(package(row))
    with zipfile.ZipFile(out, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the last part of a name counts
        archive.writestr("_rels/book.xml.rels", relations)
        archive.writestr("styles.xml", styles)
    return out.getvalue()


def test_rows_have_rising_numbers_whatever_a_file_says() -> None:
    row = '<row r="{}"><c t="inlineStr"><is><t>x</t></is></c></row>'
    content = package(
        one=f"<worksheet><sheetData>{''.join(row.format(n) for n in (3, 3, 1, 9))}</sheetData></worksheet>"
    )
    assert [found.number for found in read_file(content).rows] == [3, 4, 5, 9]
    assert "damaged" in refusal(package(one=f"<worksheet>{row.format(99_999_999_999)}</worksheet>"))


def test_a_number_that_is_none_is_text() -> None:
    row = "<c><v>1,5</v></c><c><v>NaN</v></c><c><v>1e999999999</v></c><c t='b'><v>true</v></c>"
    assert cells(read_file(package(row))) == [["1,5", "NaN", "1e999999999", True]]


def test_tags_that_bring_nothing_are_bounded() -> None:
    attributes = " ".join(f'a{n}=""' for n in range(400_000))
    empty = "".join(f'<row r="{n}"><c r="A{n}" s="{n % 7}"/></row>' for n in range(1, 900_000))
    endless = "".join(f"{n}" for n in range(1_000_000))
    bombs = [f"<row {attributes}/>", empty, f'<row r="{endless}"/>', f"<row {' '.join(attributes.split()[:300])}/>"]
    for bomb in bombs:
        content = package(one=f"<worksheet><sheetData>{bomb}</sheetData></worksheet>")
        began = time.process_time()
        assert "too much beside its values" in refusal(content)
        assert time.process_time() - began < 8


def test_unusual_workbooks_are_read_too() -> None:
    row = '<c t="s"><v>0</v></c><c t="inlineStr"><is><t>in_x000A_line</t></is></c><c r="E1" t="b"><v>0</v></c>'
    assert cells(read_file(package(row))) == [["rich text", "in\nline", None, None, False]]


def test_a_lonely_cell_far_away_costs_nothing() -> None:
    sheet = '<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="{}"><v>2</v></c></row>'
    near = read_file(package(one=sheet.format("B1048576") + "</sheetData></worksheet>"))
    assert [row.number for row in near.rows] == [1, 1048576]
    assert "more than 100 columns" in refusal(package(one=sheet.format("XFD1048576") + "</sheetData></worksheet>"))


def test_bombs_are_refused_quickly_and_without_memory() -> None:
    many = "".join(f"<row>{''.join(f"<c s='{n}' t='s'><v>0</v></c>" for n in range(100))}</row>" for _ in range(200))
    bombs = {
        "zeros": package(one="<worksheet>" + " " * 300_000_000),
        "packed": package(one="<worksheet>" + "<row/>" * 5_000_000),
        "texts": package(
            one=f"<worksheet>{many * 10}</worksheet>", strings=f"<sst><si><t>{'x' * 30_000}</t></si></sst>"
        ),
        "rows": package("", one=f"<worksheet>{'<row><c><v>1</v></c></row>' * 20_000}</worksheet>"),
        "laughs": package(one='<!DOCTYPE x [<!ENTITY a "aaaaaaaa">]><worksheet>&a;</worksheet>'),
    }
    tracemalloc.start()
    began = time.process_time()
    said = {name: refusal(content) for name, content in bombs.items()}
    assert time.process_time() - began < 3
    assert tracemalloc.get_traced_memory()[1] < 30_000_000
    tracemalloc.stop()
    assert "unpacks to too much" in said["zeros"]
    assert "unpacks to too much" in said["packed"]
    assert "too much text" in said["texts"]
    assert "more than 10,000 rows" in said["rows"]
    assert "damaged" in said["laughs"]


def test_a_large_workbook_is_read_in_seconds() -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("All")
    for number in range(ROW_LIMIT + 1):
        sheet.append([f"Case {number}", number, "Zürich", date(2026, 1, 1), "text"])
    content = saved(book)
    began = time.process_time()
    assert len(read_file(content).rows) == ROW_LIMIT + 1
    assert time.process_time() - began < 5


def test_what_is_no_table_is_named() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 500
    assert "old Excel file (.xls)" in refusal(ole)
    assert "has a password" in refusal(ole + "EncryptedPackage".encode("utf-16-le"))
    assert "PDF" in refusal(b"%PDF-1.7 ...")
    assert "JSON" in refusal(b'[{"id": 1, "title": "Refund"}]')
    assert "JSON" in refusal(b'{"id": 1, "title": "Refund"}\n{"id": 2, "title": "Lamp"}\n')
    assert "web page" in refusal(b"<html><table><tr><td>a</td></tr></table>")
    assert "not a table" in refusal(b"\x89PNG\r\n\x1a\n\x00\x00")
    assert "not a table" in refusal(bytes(range(256)) * 20)
    assert "empty" in refusal(b"")
    assert "nothing in it" in refusal(b"\n , \n")
    assert "nothing in it" in refusal(saved(workbook()))


def zipped(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_DOT_", "."), content)
    return out.getvalue()


def test_archives_that_are_no_workbooks_are_named() -> None:
    assert "OpenDocument" in refusal(zipped(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"))
    assert ".xlsb" in refusal(zipped(xl__workbook_DOT_bin=b""))
    assert "zip archive" in refusal(zipped(notes=b"x"))
    content = saved(workbook(["a"]))
    assert "damaged" in refusal(content[: len(content) // 2])
    assert "damaged" in refusal(content.replace(b"xl/worksheets/sheet1.xml", b"xl/worksheets/sheetX.xml"))


def test_the_name_of_a_file_is_not_asked() -> None:
    """A workbook that is called .csv is one, and text called .xlsx is read as such."""
    assert cells(read_file(saved(workbook(["a", "b"])))) == [["a", "b"]] == cells(read_file(b"a,b"))
