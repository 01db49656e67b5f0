from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from cases.collaboration import attachments
from cases.collaboration.attachments import clean_name
from cases.models import Attachment, Case, Kind
from data.errors import Refused
from runs.people.moves import delete
from teams.audit.actors import Actor
from teams.keys.api_keys import create_key
from teams.models import Member, Team
from tests.fixtures import Make
from tests.responses import Response

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(make_case: Make[Case]) -> Case:
    return make_case("Charged twice")


def file(name: str = "bill.pdf", data: bytes = b"%PDF") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def send(client: Client, case: Case, *files: SimpleUploadedFile, **options: Any) -> Response:
    return client.post(reverse("attachments_add", args=[case.pk]), {"files": list(files)}, **options)


def test_files_are_attached_and_downloaded(signed_in: Client, case: Case, member: Member) -> None:
    send(signed_in, case, file(), file("größe.txt", "Größe".encode()))
    first, second = Attachment.objects.all()
    html = signed_in.get(reverse("case", args=[case.pk])).content.decode()
    assert f"{member.user} attached bill.pdf and größe.txt" in html
    assert reverse("attachment", args=[first.pk]) in html
    response = signed_in.get(reverse("attachment", args=[second.pk]))
    assert response.content.decode() == "Größe"
    assert "filename*=utf-8''gr%C3%B6%C3%9Fe.txt" in response["Content-Disposition"]


@pytest.mark.parametrize("name", ["page.html", "picture.svg", "script.js", "x.pdf"])
def test_no_file_is_shown_as_a_page_of_ours(signed_in: Client, case: Case, name: str) -> None:
    send(signed_in, case, file(name, b"<script>alert(1)</script>"))
    response = signed_in.get(reverse("attachment", args=[Attachment.objects.get().pk]))
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("bill.pdf", "bill.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Ada\\bill.pdf", "bill.pdf"),
        ("cod\u202efdp.exe", "codfdp.exe"),
        ("a\r\nX: y.txt", "a X: y.txt"),
        (".bashrc", "bashrc"),
        ("...", "file"),
        ("", "file"),
        ("x" * 300 + ".pdf", "x" * 117 + ".pdf"),
        ("a." + "b" * 300, ("a." + "b" * 300)[:120]),
        ("größe 😀.txt", "größe 😀.txt"),
    ],
)
def test_names_of_files_are_harmless(name: str, kept: str) -> None:
    assert clean_name(name) == kept


def test_what_was_typed_is_no_part_of_a_path(case: Case, someone: Actor) -> None:
    [row] = attachments.attach(case, [file("../../evil.sh")], someone)
    assert row.file.name == f"cases/{case.team_id}/{case.pk}/{row.pk}"


def test_a_file_that_is_too_large_is_refused_with_all_others(
    signed_in: Client, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "FILE_LIMIT", 10)
    response = send(signed_in, case, file(), file("big.bin", b"x" * 11), follow=True)
    assert "big.bin is too large: 20 MB at most." in response.content.decode()
    assert not Attachment.objects.exists()


def test_the_files_of_a_case_have_a_limit_together(case: Case, someone: Actor, monkeypatch) -> None:
    monkeypatch.setattr(attachments, "CASE_LIMIT", 10)
    [first] = attachments.attach(case, [file(data=b"x" * 6)], someone)
    with pytest.raises(Refused, match="200 MB together"):
        attachments.attach(case, [file(data=b"x" * 6)], someone)
    place = default_storage.listdir(f"cases/{case.team_id}/{case.pk}")
    assert place[1] == [str(first.pk)], "the bytes of what was refused are left"


@pytest.mark.parametrize("files", [[], [file(str(number)) for number in range(21)]])
def test_none_and_too_many_files_are_refused(case: Case, someone: Actor, files: list[SimpleUploadedFile]) -> None:
    with pytest.raises(Refused):
        attachments.attach(case, files, someone)


def test_a_deleted_file_is_gone_and_the_timeline_keeps_its_name(
    signed_in: Client, case: Case, member: Member, django_capture_on_commit_callbacks
) -> None:
    send(signed_in, case, file())
    row = Attachment.objects.get()
    address = reverse("attachment_delete", args=[row.pk])
    assert "Delete this file?" in signed_in.get(address).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        signed_in.post(address)
    assert not default_storage.exists(str(row.file.name))
    assert signed_in.get(reverse("attachment", args=[row.pk])).status_code == 404
    event = case.events.last()
    assert event and (event.kind, event.data, event.actor) == (Kind.DETACHED, {"files": ["bill.pdf"]}, str(member.user))
    assert (
        f"{member.user} deleted the attachment bill.pdf"
        in signed_in.get(reverse("case", args=[case.pk])).content.decode()
    )


def test_a_file_whose_bytes_are_lost_is_not_found(signed_in: Client, case: Case) -> None:
    send(signed_in, case, file())
    row = Attachment.objects.get()
    default_storage.delete(str(row.file.name))
    assert signed_in.get(reverse("attachment", args=[row.pk])).status_code == 404


def test_files_of_a_deleted_case_are_not_given_out(signed_in: Client, case: Case, someone: Actor) -> None:
    [row] = attachments.attach(case, [file()], someone)
    delete(case, someone)
    assert signed_in.get(reverse("attachment", args=[row.pk])).status_code == 404
    with pytest.raises(Refused, match="deleted"):
        attachments.attach(case, [file()], someone)


def test_programs_attach_list_and_download(client: Client, case: Case, team: Team) -> None:
    program = {"authorization": f"Bearer {create_key(team, 'shop')[1]}"}
    address = f"/api/v1/cases/{case.pk}/attachments"
    made = client.post(address, {"files": [file(), file("b.txt", b"Hi")]}, headers=program)
    assert made.status_code == 201
    assert [(row["name"], row["size"], row["actor"]) for row in made.json()] == [
        ("bill.pdf", 4, "API key shop"),
        ("b.txt", 2, "API key shop"),
    ]
    assert client.get(address, headers=program).json() == made.json()
    one = f"/api/v1/attachments/{made.json()[1]['id']}"
    assert client.get(one, headers=program).content == b"Hi"
    assert client.delete(one, headers=program).status_code == 204
    assert client.get(one, headers=program).status_code == 404
    refused = client.post(address, headers=program)
    assert (refused.status_code, refused.json()["error"]["fields"]) == (422, {"files": "Choose a file."})
