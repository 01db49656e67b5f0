"""Which row holds the names of the columns, in the tables that other programs write."""

import pytest

from cases.tables.headings import find_names
from cases.tables.table_files import read_file

NAMED_FIRST = {
    "usual names": "Title,Amount\nRefund,12\nLamp,3\n",
    "one column": "Title\nRefund\nLamp\n",
    "an index without a name": ",title,amount\n0,Refund,12\n1,Lamp,3\n",
    "an index of texts without a name": ",Kunde,Ort\na,Ada,Bern\nb,Ben,Rom\n",
    "a row that is too long": "Kunde,Betrag,Ort\nAda,12,Bern\nBen,3,Rom,oops\nCy,4,Oslo\n",
    "a row that is too short": "Kunde,Betrag,Ort\nAda\nBen,3,Rom\nCy,4,Oslo\n",
    "names that stand twice": "Kunde,Ort,Ort\nAda,Bern,Rom\nBen,Oslo,Paris\n",
    "usual names that stand twice": "Title,Title\nRefund,Lamp\na,b\n",
    "years as names": "Title,2024,2025\nRefund,1,2\nLamp,3,4\n",
    "blanks after the commas": '"Kunde", "Betrag"\n"Ada, B.", "12"\n"Ben", "3"\n',
    "backslashes before quotation marks": '"Kunde","Text"\n"Ada","Says \\"no, no\\""\n"Ben","x"\n',
    "empty rows and columns before": "\n\n,,\n,,Kunde,Betrag\n,,Ada,12\n,,Ben,3\n",
    "a column that is mostly empty": "Title,Notes\nRefund,\nLamp,\nBulb,hm\n",
    "a column without a name": "Kunde,Betrag,\nAda,12,x\nBen,3,y\n",
    "bytes that mark the order": "\ufeff\ufeffKunde;Betrag\nAda;12\nBen;3\n",
    "old line ends": "Kunde,Betrag\rAda,12\rBen,3\r",
    "Japanese": "件名,優先度\nランプ,高\n返金,低\n",
}


@pytest.mark.parametrize("text", NAMED_FIRST.values(), ids=list(NAMED_FIRST))
def test_the_first_row_holds_the_names(text: str) -> None:
    assert find_names([row.cells for row in read_file(text.encode()).rows]) == 0


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Support tickets in November\nTitle,Amount,City\nRefund,12,Bern\nLamp,3,Rom\n", 2),
        ("Support tickets in November,,\n,,\nKunde,Betrag,Ort\nAda,12,Bern\nBen,3,Rom\n", 3),
        ("Q4,,,\nby region,,,\nKunde,Problem,Ort,Plan\nAda,lamp,Bern,Pro\nBen,late,Rom,Free\n", 3),
        ("Exported by,Ada\nDate,2026-11-01\nTitle,Amount\nRefund,12\nLamp,3\n", 3),
    ],
)
def test_the_title_of_a_report_may_stand_above_the_names(text: str, number: int) -> None:
    rows = read_file(text.encode()).rows
    place = find_names([row.cells for row in rows])
    assert place is not None
    assert rows[place].number == number


@pytest.mark.parametrize(
    "text",
    [
        "Refund,12\nLamp,3\n",
        "Refund for Ada\nLamp\n",
        "Ada,2026-01-01\nBen,late\nCy,x\n",
        "ada@example.com,Bern\nben@example.com,Rom\n",
        "open,Ada\nopen,Ben\n",
        "Title,Amount\n",
        "4111\n4112\n",
    ],
)
def test_a_table_may_have_no_names(text: str) -> None:
    assert find_names([row.cells for row in read_file(text.encode()).rows]) is None


def test_usual_names_alone_are_names_of_no_rows() -> None:
    assert find_names([["id", "title"]]) == 0
    assert find_names([["title"]]) is None, "a case may be called so"
    assert find_names([["id", "Refund"]]) is None
