"""Uploads and their import: nothing twice, nothing lost, no matter what is killed when."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from cases.imports import importing, uploads
from cases.models import Case, CaseUpload, Queue, UploadRow
from cases.queues.queues import delete_queue, save_queue
from cases.work.creation import NewCase, add_case
from data.errors import Refused
from teams.audit.actors import BATON
from teams.models import Member
from tests import children
from tests.fixtures import events

pytestmark = pytest.mark.django_db
State = UploadRow.State


def kept(queue: Queue, member: Member, text: str, form: str = "file") -> CaseUpload:
    return uploads.store_upload(queue, member.user, "cases.csv", text.encode(), form)


def many(number: int, ids: bool = False) -> str:
    return "Title,Amount,Id\n" + "".join(f"Case {n},{n},{f'id-{n}' if ids else ''}\n" for n in range(number))


def imported(upload: CaseUpload, **choices: Any) -> dict[str, int]:
    importing.start(upload, **choices)
    importing.process_all()
    upload.refresh_from_db()
    return {state: number for state, number in importing.outcome(upload).items() if number}


def test_a_case_is_made_of_each_row(queue: Queue, member: Member) -> None:
    upload = kept(queue, member, "Title,Priority,Customer\nRefund,high,Ada\n\nLamp,,Ben\n")
    ahead = uploads.preview(upload)
    assert (ahead.total, ahead.new, [case.title for case in ahead.samples]) == (2, 2, ["Refund", "Lamp"])
    assert not Case.objects.exists()
    assert imported(upload) == {"added": 2}
    first, second = Case.objects.order_by("number")
    assert (first.title, first.priority, first.data) == ("Refund", Case.Priority.HIGH, {"Customer": "Ada"})
    assert (second.title, second.number) == ("Lamp", 2)
    assert (events(first), first.events.get().actor) == (["created"], str(member.user))
    assert (upload.status, upload.content) == ("done", None)
    assert list(upload.rows.filter(state=State.ADDED).values_list("number", "case")) == [(2, first.pk), (4, second.pk)]


def test_lines_and_paragraphs_are_cases(queue: Queue, member: Member) -> None:
    assert imported(kept(queue, member, "Title\nRefund, please\n", "lines")) == {"added": 2}
    assert imported(kept(queue, member, "Lamp\nIt is broken.\n\nRefund", "paragraphs")) == {"added": 2}
    said = dict(Case.objects.values_list("title", "data"))
    assert said == {"Title": {}, "Refund, please": {}, "Lamp": "Lamp\nIt is broken.", "Refund": {}}


def test_errors_are_told_for_all_rows(queue: Queue, member: Member) -> None:
    save_queue(queue, data_schema={"required": ["City"], "properties": {"Amount": {"type": "number"}}})
    queue.refresh_from_db()
    upload = kept(queue, member, "Title,Prio,Amount,City\nFine,,12,Bern\n,soon,12,Bern\nLamp,,much,\n")
    ahead = uploads.preview(upload)
    assert {(flaw.row, flaw.column) for flaw in ahead.flaws} == {(3, "Prio"), (4, "Amount"), (4, "City")}
    with pytest.raises(Refused) as refused:
        importing.start(upload)
    assert refused.value.code == "flawed"
    assert imported(upload, skip_flawed=True) == {"added": 1, "failed": 2}
    assert upload.rows.get(number=3).text == "Prio: “soon” is not a priority. Use high, medium or none."
    assert Case.objects.get().data == {"Amount": 12, "City": "Bern"}


def test_an_external_id_makes_one_case_over_all_imports(queue: Queue, member: Member) -> None:
    assert imported(kept(queue, member, many(3, ids=True))) == {"added": 3}
    again = kept(queue, member, many(5, ids=True).replace("Case 1,1", "Case 1,one"))
    ahead = uploads.preview(again)
    assert (ahead.new, ahead.existing, len(ahead.flawed)) == (2, 2, 1)
    assert imported(again, skip_flawed=True) == {"added": 2, "existing": 2, "failed": 1}
    assert Case.objects.count() == 5
    assert "with other contents" in again.rows.get(state=State.FAILED).text


def test_the_same_file_is_not_imported_twice_unseen(queue: Queue, make_queue: Any, member: Member) -> None:
    first = kept(queue, member, many(2))
    assert uploads.imported_before(first) is None
    imported(first)
    again = kept(queue, member, many(2))
    assert uploads.imported_before(again) == first
    with pytest.raises(Refused) as refused:
        importing.start(again)
    assert refused.value.code == "imported_before"
    assert imported(again, again=True) == {"added": 2}
    assert uploads.imported_before(kept(make_queue(), member, many(2))) is None


def test_a_second_click_starts_nothing_twice(queue: Queue, member: Member) -> None:
    upload = kept(queue, member, many(3))
    importing.start(upload)
    importing.start(upload)
    importing.process_all()
    importing.start(upload)
    importing.process_all()
    assert Case.objects.count() == 3


def test_ten_thousand_rows_are_looked_at_and_imported_by_slices(queue: Queue, member: Member) -> None:
    began = time.process_time()
    upload = kept(queue, member, many(10_000))
    assert uploads.preview(upload).new == 10_000
    importing.start(upload)
    assert time.process_time() - began < 10
    for _ in range(3):
        importing.work_slice(upload.pk)
    assert {state: number for state, number in importing.outcome(upload).items() if number} == {
        "added": 600, "waiting": 9400,
    }  # fmt: skip
    assert Case.objects.count() == 600


def test_an_import_can_be_stopped_and_keeps_what_it_made(queue: Queue, member: Member) -> None:
    upload = kept(queue, member, many(500))
    importing.start(upload)
    importing.work_slice(upload.pk)
    importing.stop(upload)
    importing.process_all()
    assert Case.objects.count() == 200
    upload.refresh_from_db()
    assert (upload.status, importing.outcome(upload)["waiting"]) == ("stopped", 300)


def test_what_is_not_begun_is_forgotten_when_it_is_stopped(queue: Queue, member: Member) -> None:
    importing.stop(kept(queue, member, many(2)))
    assert not CaseUpload.objects.exists()


def test_what_became_wrong_in_the_meantime_fails_alone(queue: Queue, member: Member) -> None:
    upload = kept(queue, member, many(4, ids=True))
    importing.start(upload)
    add_case(queue, NewCase("Someone else’s", external_id="id-2"), by=BATON)
    importing.process_all()
    assert Case.objects.count() == 4
    assert list(upload.rows.filter(state=State.FAILED).values_list("number", flat=True)) == [4]


def test_a_queue_that_was_deleted_stops_its_import(queue: Queue, member: Member) -> None:
    upload = kept(queue, member, many(4))
    importing.start(upload)
    delete_queue(queue)
    importing.process_all()
    upload.refresh_from_db()
    assert (upload.status, upload.problem) == ("stopped", "The queue was deleted.")
    assert not Case.objects.exists()


def test_uploads_are_forgotten_after_a_week(queue: Queue, member: Member) -> None:
    old, running, new = (kept(queue, member, many(number)) for number in (1, 2, 3))
    importing.start(running)
    CaseUpload.objects.exclude(pk=new.pk).update(created_at=timezone.now() - timedelta(days=8))
    importing.forget_old()
    assert set(CaseUpload.objects.values_list("pk", flat=True)) == {running.pk, new.pk}
    assert not UploadRow.objects.filter(upload=old.pk).exists()


def test_another_reading_replaces_the_rows(queue: Queue, member: Member) -> None:
    upload = uploads.store_upload(queue, member.user, "x.csv", "Title;Stadt\nA,b;Łódź".encode("windows-1250"))
    assert upload.encoding == "windows-1252"
    uploads.read_again(upload, encoding="windows-1250", separator=";", sheet="", names_row=1)
    assert uploads.preview(upload).samples[0].data == {"Stadt": "Łódź"}
    uploads.read_again(upload, encoding="windows-1250", separator=";", sheet="", names_row=None)
    assert [case.title for case in uploads.preview(upload).samples] == ["Title", "A,b"]


def test_roles_must_make_sense(queue: Queue, member: Member) -> None:
    upload = kept(queue, member, many(1))
    for roles in (["field", "field", "ignore"], ["title", "title", "field"]):
        with pytest.raises(Refused):
            uploads.choose_roles(upload, roles)


def another_process(code: str, *arguments: str) -> dict[str, Any]:
    """How to start one on the test's database."""
    database = os.environ["TEST_DATABASE_URL"].rpartition("/")[0] + "/" + connection.settings_dict["NAME"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": database}
    command = [sys.executable, "-c", code, *arguments]
    return {"args": command, "cwd": Path(__file__).parents[3], "env": environment}


WORKER = """
import os, sys, django
django.setup()
from cases.imports import importing
from cases.work import creation
def dying(*arguments, **options):
    made = creation.add_cases(*arguments, **options)
    print("made", flush=True)
    sys.stdin.read()
importing.add_cases = dying if sys.argv[2] == "in" else importing.add_cases
importing.work_slice(sys.argv[1])
if sys.argv[2] == "after":
    print("made", flush=True)
    sys.stdin.read()
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("moment", "kept_cases"), [("in", 0), ("after", 200)])
def test_a_killed_import_goes_on_and_makes_nothing_twice(
    queue: Queue, member: Member, moment: str, kept_cases: int
) -> None:
    upload = kept(queue, member, many(450))
    importing.start(upload)
    how = another_process(WORKER, str(upload.pk), moment)
    with children.start(how.pop("args"), **how, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdout
        assert worker.stdout.readline() == b"made\n"
        worker.send_signal(signal.SIGKILL)
    assert Case.objects.count() == kept_cases
    importing.process_all()
    assert sorted(Case.objects.values_list("title", flat=True)) == sorted(f"Case {n}" for n in range(450))
    assert upload.rows.filter(state=State.ADDED).values("case").distinct().count() == 450


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_take_the_same_slice(queue: Queue, member: Member) -> None:
    upload = kept(queue, member, many(3))
    importing.start(upload)
    with transaction.atomic():
        CaseUpload.objects.select_for_update().get(pk=upload.pk)
        code = "import sys, django; django.setup()\nfrom cases.imports import importing\n"
        code += "assert not importing.work_slice(sys.argv[1])"
        subprocess.run(**another_process(code, str(upload.pk)), check=True)
    assert not Case.objects.exists()
