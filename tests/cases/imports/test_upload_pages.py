"""The pages of adding many cases, and the export of the list."""

import csv
import io
import re
import warnings
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cases.imports import importing, uploads
from cases.models import Case, CaseUpload, Queue
from teams.models import Member
from tests.fixtures import Make
from tests.markup import one_line
from tests.responses import Response

pytestmark = pytest.mark.django_db

CSV = b"Title,Amount,Colour\nRefund,12,red\nLamp,,blue\n"


def upload(client: Client, queue: Queue, content: bytes = CSV, name: str = "cases.csv") -> Any:
    return client.post(f"/queues/{queue.pk}/cases/upload/", {"file": SimpleUploadedFile(name, content)})


def text_of(response: Response) -> str:
    return one_line(response.text)


def test_a_file_is_uploaded_looked_at_and_imported(signed_in: Client, queue: Queue) -> None:
    answer = upload(signed_in, queue)
    place = answer["Location"]
    shown = text_of(signed_in.get(place))
    assert "Import 2 cases" in shown
    assert "Refund" in shown
    assert not Case.objects.exists()
    sent = {"act": "import", "role-0": "title", "role-1": "ignore", "role-2": "labels", "names_row": "1"}
    sent |= {"encoding": "utf-8", "separator": ","}
    assert signed_in.post(place, sent)["Location"] == place
    assert list(Case.objects.order_by("number").values_list("title", "labels", "data")) == [
        ("Refund", ["red"], {}), ("Lamp", ["blue"], {}),
    ]  # fmt: skip
    shown = text_of(signed_in.get(place))
    assert "2 cases" in shown
    assert f"/cases/{Case.objects.get(title='Lamp').pk}/" in shown
    signed_in.post(place, sent)
    assert Case.objects.count() == 2


def test_pasted_rows_are_imported(signed_in: Client, queue: Queue) -> None:
    pasted = {"form": "table", "text": 'Title\tText\nRefund\t"one\ntwo"\n'}
    place = signed_in.post(f"/queues/{queue.pk}/cases/paste/", pasted)["Location"]
    assert "Import 1 case" in text_of(signed_in.get(place))
    signed_in.post(place, {"act": "import", "separator": "\t", "names_row": "1"})
    assert Case.objects.get().data in ("one\ntwo", "one\r\ntwo")


def test_what_cannot_be_read_is_said_at_its_field(signed_in: Client, queue: Queue) -> None:
    answer = upload(signed_in, queue, b"%PDF-1.7", "cases.csv")
    assert (answer.status_code, "This is a PDF" in text_of(answer)) == (422, True)
    answer = signed_in.post(f"/queues/{queue.pk}/cases/upload/", {})
    assert "Choose a file." in text_of(answer)
    answer = signed_in.post(f"/queues/{queue.pk}/cases/paste/", {"form": "table", "text": 'a\tb\n"c\td'})
    assert "never closed" in text_of(answer)
    assert "a\tb\n&quot;c\td" in answer.text
    assert not CaseUpload.objects.exists()


def test_a_file_beyond_the_limit_is_not_read_to_its_end(signed_in: Client, queue: Queue) -> None:
    answer = upload(signed_in, queue, b"Title\n" + b"x" * 20_100_000)
    assert (answer.status_code, "more than 20 MB" in text_of(answer)) == (422, True)


def test_another_sheet_or_encoding_is_looked_at(signed_in: Client, queue: Queue) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Title"])
    book.active.append(["first"])
    book.create_sheet("More")
    book["More"].append(["Title", "Sum"])
    book["More"].append(["second", "=1+1"])
    out = io.BytesIO()
    book.save(out)
    place = upload(signed_in, queue, out.getvalue(), "cases.xlsx")["Location"]
    shown = text_of(signed_in.post(place, {"sheet": "More", "names_row": "1", "role-0": "title"}))
    assert "second" in shown
    assert "A formula without a value" in shown
    assert "Choose another file" in shown
    place = upload(signed_in, queue, "Title;x\nŁódź;1".encode("windows-1250"))["Location"]
    assert "Łódź" not in text_of(signed_in.get(place))
    shown = text_of(signed_in.post(place, {"encoding": "windows-1250", "separator": ";", "names_row": "1"}))
    assert "Łódź" in shown


def test_rows_with_errors_are_left_out_only_when_someone_says_so(signed_in: Client, queue: Queue) -> None:
    place = upload(signed_in, queue, b"Title,Prio\nRefund,\n=Lamp,soon\n")["Location"]
    assert "soon" in text_of(signed_in.get(place))
    rows = list(csv.reader(io.StringIO(signed_in.get(f"{place}rows/").content.decode("utf-8-sig"))))
    assert rows[0] == ["Title", "Prio", "Row", "What is wrong"]
    assert rows[1][:3] == ["'=Lamp", "soon", "3"]
    sent = {"act": "import", "encoding": "utf-8", "separator": ",", "names_row": "1"}
    answer = signed_in.post(place, sent)
    assert (answer.status_code, "Skip it, or fix the file" in text_of(answer)) == (422, True)
    signed_in.post(place, sent | {"skip_flawed": "on"})
    assert Case.objects.get().title == "Refund"
    assert "1 row with errors" in text_of(signed_in.get(place))
    assert b"soon" in signed_in.get(f"{place}rows/").content


def test_any_row_can_hold_the_names(signed_in: Client, queue: Queue) -> None:
    lines = [f"note {number},x,y" for number in range(40)]
    content = "\n".join([*lines, "Subject,Prio,Town", "Refund,high,Bern"]).encode()
    place = upload(signed_in, queue, content)["Location"]
    assert 'value="41"' in (shown := text_of(signed_in.get(place)))
    assert "Row 41: Subject, Prio, Town" in shown
    sent = {"encoding": "utf-8", "separator": ","}
    assert "Import 1 case<" in text_of(signed_in.post(place, sent | {"names_row": "41"}))
    signed_in.post(place, sent | {"names_row": "41", "act": "import"})
    case = Case.objects.get()
    assert (case.title, case.priority, case.data) == ("Refund", Case.Priority.HIGH, {"Town": "Bern"})
    assert signed_in.get(place).status_code == 200
    place = upload(signed_in, queue, content)["Location"]
    assert "Import 42 cases<" in text_of(signed_in.post(place, sent | {"names_row": "", "role-0": "title"}))


def test_the_names_below_the_title_of_a_report_are_found(signed_in: Client, queue: Queue) -> None:
    place = upload(signed_in, queue, b"Tickets of November,,\n,,\nTitle,Amount,\nRefund,12,\nLamp,3,\n")["Location"]
    assert CaseUpload.objects.get().names_row == 3
    shown = text_of(signed_in.get(place))
    assert "Import 2 cases" in shown
    assert "Column C" not in shown


def test_odd_rows_are_marked(signed_in: Client, queue: Queue) -> None:
    content = b"Title,Amount,City\nRefund,12,Bern\nLamp, late,3,Rom\nBulb\nDoor,1,Oslo\nKey,2,Paris\n"
    place = upload(signed_in, queue, content)["Location"]
    shown = text_of(signed_in.get(place))
    assert "This row has 4 cells, and the table 3 columns." in shown
    assert "Some rows have fewer cells than the others." in shown
    assert "Row 4." in shown
    assert "Import 4 cases, skip 1 row<" in shown
    rows = list(csv.reader(io.StringIO(signed_in.get(f"{place}rows/").content.decode("utf-8-sig"))))
    assert rows[1][:5] == ["Lamp", " late", "3", "Rom", "3"]


def test_an_index_without_a_name_shifts_no_column(signed_in: Client, queue: Queue) -> None:
    upload(signed_in, queue, b"Title,Amount\n1,Refund,12\n2,Lamp,3\n")
    made = CaseUpload.objects.get()
    assert list(uploads.columns_of(made).names) == ["Column A", "Title", "Amount"]
    assert [case.title for case in uploads.preview(made).samples] == ["Refund", "Lamp"]


def test_the_button_says_what_becomes_of_rows_with_errors(signed_in: Client, queue: Queue) -> None:
    place = upload(signed_in, queue, b"Title,Prio\nRefund,\nLamp,soon\nBulb,low\n")["Location"]
    shown = text_of(signed_in.get(place))
    assert "Import 2 cases, skip 1 row<" in shown
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown))
    del fields["csrfmiddlewaretoken"]
    signed_in.post(place, fields | {"act": "import", "encoding": "utf-8", "separator": ",", "names_row": "1"})
    assert list(Case.objects.order_by("number").values_list("title", flat=True)) == ["Refund", "Bulb"]


def test_a_repeated_file_is_noticed(signed_in: Client, queue: Queue) -> None:
    sent = {"act": "import", "encoding": "utf-8", "separator": ",", "names_row": "1"}
    signed_in.post(upload(signed_in, queue)["Location"], sent)
    place = upload(signed_in, queue)["Location"]
    assert "This file was imported before" in text_of(signed_in.get(place))
    assert signed_in.post(place, sent).status_code == 422
    signed_in.post(place, sent | {"again": "on"})
    assert Case.objects.count() == 4
    assert "Recent imports" in text_of(signed_in.get(f"/queues/{queue.pk}/cases/upload/"))


def test_an_import_shows_its_progress_and_can_be_stopped(signed_in: Client, member: Member, queue: Queue) -> None:
    content = b"Title\n" + b"".join(b"Case %d\n" % n for n in range(500))
    made = uploads.store_upload(queue, member.user, "many.csv", content)
    importing.start(made)
    importing.work_slice(made.pk)
    place = f"/cases/imports/{made.pk}/"
    assert "200 of 500 rows" in text_of(signed_in.get(place))
    signed_in.post(f"{place}stop/")
    assert "300 rows" in text_of(signed_in.get(place))
    assert not importing.has_work()


def test_cancelling_forgets_the_upload(signed_in: Client, queue: Queue) -> None:
    place = upload(signed_in, queue)["Location"]
    assert signed_in.post(f"{place}stop/")["Location"] == f"/queues/{queue.pk}/"
    assert signed_in.get(place).status_code == 404


def test_what_a_cell_says_is_never_markup(signed_in: Client, queue: Queue) -> None:
    place = upload(signed_in, queue, b"Title,<b>x</b>\n<script>1</script>,<img src=x>\n", "<i>.csv")["Location"]
    shown = text_of(signed_in.get(place))
    assert "<script>1" not in shown
    assert "<b>x</b>" not in shown
    assert "<img src=x" not in shown


def test_looking_takes_as_many_queries_for_many_rows(
    signed_in: Client, queue: Queue, django_assert_max_num_queries: Any
) -> None:
    place = upload(signed_in, queue, b"Id,Title\n" + b"".join(b"%d,Case\n" % n for n in range(1000)))["Location"]
    with django_assert_max_num_queries(16):
        signed_in.get(place)


# --- Export ----------------------------------------------------------------------------------


def exported(client: Client, query: str = "") -> list[list[str]]:
    answer = client.get(f"/cases/export/{query}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the test client is a synchronous server
        content = b"".join(answer)
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_list_is_exported_as_it_is_filtered(
    signed_in: Client, make_case: Make[Case], make_queue: Make[Queue], make_team: Make[Any]
) -> None:
    make_case("Refund", data={"n": 1}, labels=["mail", "new"], priority=2, external_id="x-1")
    make_case("Lamp", data="two\nlines")
    make_case("Theirs", in_queue=make_queue(of=make_team()))
    rows = exported(signed_in)
    assert [row[1] for row in rows] == ["Title", "Lamp", "Refund"]
    assert rows[1][13] == "two\nlines"
    assert (rows[2][2], rows[2][8:11], rows[2][13]) == ("Pending", ["high", "mail, new", "x-1"], '{"n": 1}')
    assert [row[1] for row in exported(signed_in, "?priority=2")] == ["Title", "Refund"]
    assert len(exported(signed_in, f"?queue={make_queue().pk}")) == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_exported_cell_is_a_formula(signed_in: Client, make_case: Make[Case], start: str) -> None:
    make_case(f"{start}HYPERLINK(1)", data=f"{start}1", external_id=f"{start}2", labels=[f"{start}3"])
    row = exported(signed_in)[1]
    assert [row[1], row[9], row[10], row[13]] == [f"'{start}{end}" for end in ("HYPERLINK(1)", "3", "2", "1")]


def test_an_export_goes_over_all_pages(signed_in: Client, make_case: Make[Case], monkeypatch: Any) -> None:
    monkeypatch.setattr("cases.search.export._PART", 2)
    for number in range(5):
        make_case(f"Case {number}")
    assert [row[1] for row in exported(signed_in, "?sort=oldest")[1:]] == [f"Case {number}" for number in range(5)]
    monkeypatch.setattr("cases.search.export.LIMIT", 4)
    assert signed_in.get("/cases/export/")["Location"] == "/cases/"
