"""Files of agents on their way through the pages, the archives and the commands."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from builder.agents.agents import delete_agent, save_agent
from builder.files.archives import FILE_LIMIT, TextFile, pack, unpack
from builder.files.flaws import Flawed
from builder.files.planned import DROP
from builder.models import Agent
from cases.imports import agent_forms
from cases.models import AgentUpload, Queue
from teams.models import Member, Team
from tests.fixtures import mention
from tests.markup import one_line
from tests.responses import Response

pytestmark = pytest.mark.django_db

type Make = Callable[..., Any]

TRIAGE = b"---\nname: Triage\n---\n\nSort.\n"


def upload(client: Client, *files: tuple[str, bytes], text: str = "") -> Response:
    uploads = [SimpleUploadedFile(name, content) for name, content in files]
    return client.post("/agents/import/", {"uploads": uploads, "text": text})


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


def preview(client: Client, *files: tuple[str, bytes], text: str = "") -> Response:
    response = upload(client, *files, text=text)
    assert response.status_code == 302, response.content.decode()
    return client.get(response["Location"])


def confirm(client: Client, page: Response, **choices: str) -> Response:
    return client.post(page.request["PATH_INFO"], {"seen": page.context["plan"].fingerprint, **choices})


def shown(response: Response, status: int = 200) -> str:
    assert response.status_code == status
    return one_line(response.text)


# --- The pages -------------------------------------------------------------------------------


def test_export_delete_and_import(signed_in: Client, make_agent: Make, queue: Queue) -> None:
    billing = make_agent("Billing", description="Refunds", queue=queue)
    triage = make_agent("Triage", mentions=[billing])
    archive = signed_in.get("/agents/export/")
    assert archive["Content-Disposition"].startswith('attachment; filename="agents-of-')
    delete_agent(billing)
    page = preview(signed_in, ("agents.zip", archive.content))
    text = shown(page)
    assert "Will be paused" in text
    assert "Billing" in text
    assert not AgentUpload.objects.get().team.agents.live().filter(name="Billing").exists(), "nothing before confirming"
    done = signed_in.get(confirm(signed_in, page)["Location"])
    assert "Imported: 1 new, 1 changed." in shown(done)
    made = Agent.objects.live().get(name="Billing")
    assert (made.description, made.is_paused) == ("Refunds", True)
    assert triage.live_revision.mentions.get().target == made
    assert triage.live_revision.author is not None
    assert not AgentUpload.objects.exists()


def test_one_agent_is_exported_as_one_file(signed_in: Client, make_agent: Make) -> None:
    agent = make_agent("Billing Specialist", aop="Text")
    response = signed_in.get(reverse("agent_export", args=[agent.pk]))
    assert response["Content-Disposition"] == 'attachment; filename="billing-specialist.md"'
    assert response.content.decode().endswith("\nText\n")


def test_the_lists_and_pages_lead_to_both(signed_in: Client, make_agent: Make) -> None:
    assert "/agents/export/" not in shown(signed_in.get("/agents/")), "there is nothing to export"
    agent = make_agent()
    text = shown(signed_in.get("/agents/"))
    assert "/agents/import/" in text
    assert "/agents/export/" in text
    assert reverse("agent_export", args=[agent.pk]) in shown(signed_in.get(reverse("agent", args=[agent.pk])))


def test_a_pasted_text_is_imported(signed_in: Client, team: Team) -> None:
    page = preview(signed_in, text="---\r\nname: Triage\r\n---\r\n\r\nOne\r\nTwo")
    response = confirm(signed_in, page)
    made = team.agents.get()
    assert response["Location"] == reverse("agent", args=[made.pk])
    assert made.live_revision.aop == "One\nTwo"
    assert not made.is_paused, "it works no queue"


def test_a_change_is_shown_word_by_word(signed_in: Client, make_agent: Make) -> None:
    make_agent("Triage", aop="Sort <b>quickly</b>.", description="Old")
    text = shown(preview(signed_in, text="---\nname: Triage\ndescription: New <i>\n---\n\nSort <b>slowly</b>.\n"))
    assert "<del>quickly</del>" in text
    assert "<ins>slowly</ins>" in text
    assert "New &lt;i&gt;" in text
    assert "Sort &lt;b&gt;" in text


def test_nothing_to_do_is_said(signed_in: Client, make_agent: Make) -> None:
    make_agent("Triage", aop="Sort.")
    text = shown(preview(signed_in, ("triage.md", TRIAGE)))
    assert "There is nothing to import" in text
    assert ">Import</button>" not in text


def test_what_is_missing_is_chosen_on_the_page(signed_in: Client, team: Team, make_agent: Make, queue: Queue) -> None:
    gone, refunds = make_agent("Gone"), make_agent("Refunds")
    text = mention("---\nname: Triage\nproduces: [Later, Never]\n---\n\nRefunds:", gone)
    Agent.objects.filter(pk=gone.pk).delete()
    page = preview(signed_in, text=text)
    assert "No agent here and none in the files is called “Gone”" in shown(page)
    field = f"agent-{gone.pk}"
    wrong = confirm(signed_in, page, **{field: "Nobody", "queue-0": DROP, "queue-1": str(queue.pk)})
    assert "There is no agent called “Nobody”" in shown(wrong, 422)
    assert 'value="Nobody"' in shown(wrong, 422), "what was typed stays"
    assert not team.agents.filter(name="Triage").exists()
    confirm(signed_in, page, **{field: "refunds", "queue-0": DROP, "queue-1": str(queue.pk)})
    made = team.agents.get(name="Triage")
    assert made.live_revision.mentions.get().target == refunds
    assert made.queue_connections.get().queue == queue


def test_what_has_changed_is_shown_before_anything_is_done(signed_in: Client, make_agent: Make) -> None:
    agent = make_agent("Triage", aop="Old")
    page = preview(signed_in, ("triage.md", TRIAGE))
    save_agent(agent, aop="A colleague’s")
    again = confirm(signed_in, page)
    assert "Something changed here since you looked" in shown(again, 422)
    assert "colleague" in shown(again, 422)
    assert agent.live_revision.aop == "A colleague’s"
    assert confirm(signed_in, again).status_code == 302
    assert agent.live_revision.aop == "Sort."


def test_an_import_is_confirmed_once_and_by_who_uploaded_it(
    client: Client, signed_in: Client, make_member: Make, team: Team
) -> None:
    page = preview(signed_in, ("triage.md", TRIAGE))
    colleague = Client()
    colleague.force_login(make_member().user)
    assert colleague.get(page.request["PATH_INFO"]).status_code == 404
    confirm(signed_in, page)
    assert confirm(signed_in, page).status_code == 404
    assert team.agents.count() == 1


def test_old_uploads_are_not_kept(signed_in: Client, member: Member) -> None:
    old = AgentUpload.objects.create(team=member.team, user=member.user, files=[["a.md", "x"]])
    AgentUpload.objects.filter(pk=old.pk).update(created_at="2020-01-01T00:00:00Z")
    preview(signed_in, ("triage.md", TRIAGE))
    assert not AgentUpload.objects.filter(pk=old.pk).exists()


@pytest.mark.parametrize(
    ("files", "text", "said"),
    [
        ([], "", "Please choose a file, or paste the text of one."),
        ([], "  \n", "Please choose a file, or paste the text of one."),
        ([], "name: X", "Pasted text, line 1:</strong> The file must begin"),
        ([], "---\nname: X\n---\n\x00", "Remove the invisible characters."),
        ([("a.pdf", b"%PDF")], "", "Only Markdown files (.md) and files of routing tests"),
        ([("a.md", b"")], "", "The file must begin"),
        ([("a.md", "---\nname: Tür\n---\n".encode("latin-1"))], "", "line 2:</strong> This is not UTF-8 text."),
        ([("a.md", "---\nname: Tür\n---\n".encode("utf-16"))], "", "This is not UTF-8 text."),
        ([("a.md", TRIAGE + b"x" * FILE_LIMIT)], "", "This file has more than 1 MB."),
        ([("a.md", TRIAGE + b"x" * 250_000)], "", "line 5:</strong> A procedure has at most 200,000 characters"),
        ([("a.md", TRIAGE), ("b.md", TRIAGE)], "", "Another file has the same name: a.md."),
        ([("a.md", TRIAGE), ("a.md", TRIAGE)], "", "a.md (2), line 2:</strong> Another file has the same name: a.md."),
        ([("a.zip", b"PK nonsense")], "", "This zip archive is damaged."),
        ([("a.zip", zipped())], "", "There is no Markdown file (.md) in it."),
        ([("<b>.md", b"")], "", "&lt;b&gt;.md, line 1"),
    ],
)
def test_what_cannot_be_read_is_said_and_nothing_is_kept(
    signed_in: Client, team: Team, files: list[tuple[str, bytes]], text: str, said: str
) -> None:
    assert said in shown(upload(signed_in, *files, text=text), 422)
    assert not AgentUpload.objects.exists()


def test_uploads_are_bounded(signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_forms.BoundedUpload, "limit", 100_000)
    files = [(f"{number}.md", b"x" * 60_000) for number in range(2)]
    assert "more than 10 MB together" in shown(upload(signed_in, *files), 422)


def test_an_upload_needs_its_token(member: Member) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(member.user)
    assert upload(client, ("triage.md", TRIAGE)).status_code == 403


# --- Archives --------------------------------------------------------------------------------


def refusal(*files: tuple[str, bytes]) -> str:
    with pytest.raises(Flawed) as flawed:
        unpack(files)
    return str(flawed.value)


def test_archives_come_back_as_they_were() -> None:
    files = [TextFile("a.md", "One"), TextFile("ü.md", "Two")]
    assert [(file.name, file.text) for file in unpack([("x.zip", pack(files))])] == [
        ("x.zip: a.md", "One"),
        ("x.zip: ü.md", "Two"),
    ]
    assert pack(files) == pack(files)


def test_what_systems_put_into_archives_is_left_out() -> None:
    archive = zipped(("__MACOSX/a.md", b""), (".DS_Store", b""), ("folder/", b""), ("folder/a.md", b"One"))
    assert [file.text for file in unpack([("x.zip", archive)])] == ["One"]


@pytest.mark.parametrize("path", ["../a.md", "a/../../b.md", "/etc/a.md", "..\\a.md", "C:\\a.md", ".."])
def test_paths_do_not_lead_out_of_an_archive(path: str) -> None:
    assert "leads out of the archive" in refusal(("x.zip", zipped((path, b"One"))))


def test_bombs_do_not_go_off() -> None:
    assert "more than 1 MB" in refusal(("x.zip", zipped(("a.md", b"0" * 50_000_000))))
    many = zipped(*((f"{number}.md", b"0" * FILE_LIMIT) for number in range(21)))
    assert "too large" in refusal(("x.zip", many))
    assert "1,001 files" in refusal(("x.zip", zipped(*((f"{number}.md", b"") for number in range(1001)))))
    assert "unusual way" in refusal(("x.zip", zipped(("a.md", b"0"), method=zipfile.ZIP_BZIP2)))
    assert "Take this one out" in refusal(("x.zip", zipped(("a.zip", zipped(("a.md", b""))))))


def test_damaged_archives_are_refused() -> None:
    archive = bytearray(zipped(("a.md", b"One, two, three"), method=zipfile.ZIP_STORED))
    archive[40] ^= 0xFF
    assert "damaged" in refusal(("x.zip", bytes(archive)))
    assert "damaged" in refusal(("x.zip", bytes(archive[: len(archive) // 2])))
    locked = bytearray(zipped(("a.md", b"One")))
    locked[6] |= 1  # the flag of a password, in both places
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert "has a password" in refusal(("x.zip", bytes(locked)))


# --- The commands ----------------------------------------------------------------------------


def run(*arguments: Any) -> str:
    out = io.StringIO()
    call_command(*map(str, arguments), stdout=out)
    return out.getvalue()


def test_agents_go_through_the_commands(
    team: Team, make_team: Make, make_agent: Make, queue: Queue, tmp_path: Path
) -> None:
    billing = make_agent("Billing", queue=queue)
    make_agent("Triage", aop="Sort.", mentions=[billing])
    folder = tmp_path / "agents"
    assert run("export_agents", "--team", team.slug, "--to", folder) == f"Wrote 2 agents to {folder}.\n"
    assert "3 unchanged" not in run("import_agents", "--team", team.slug, folder)
    other = make_team()
    with pytest.raises(CommandError, match="Nothing was imported"):
        run("import_agents", "--team", other.slug, folder)
    said = run("import_agents", "--team", other.slug, folder, "--create-queues", "--dry-run")
    assert f"{folder}/billing.md: create Billing" in said
    assert "Will be paused." in said
    assert said.endswith("Nothing was imported.\n")
    assert not other.agents.exists()
    said = run("import_agents", "--team", other.slug, folder, "--create-queues")
    assert "Imported: 2 new, 0 changed, 0 unchanged." in said
    assert other.queues.filter(name="Support").exists()


def test_a_command_is_told_what_missing_things_become(
    team: Team, make_agent: Make, queue: Queue, tmp_path: Path
) -> None:
    gone = make_agent("Gone")
    path = tmp_path / "triage.md"
    path.write_text(mention("---\nname: Triage\nproduces: [Later]\n---\n\nTo", gone))
    Agent.objects.all().delete()
    refunds = make_agent("Refunds")
    said = run("import_agents", "--team", team.slug, path, "--dry-run")
    assert "Missing: the agent @Gone" in said
    assert "Missing: the queue Later" in said
    run("import_agents", "--team", team.slug, path, "--map-agent", "Gone=Refunds", "--map-queue", "later=support")
    made = team.agents.get(name="Triage")
    assert made.live_revision.mentions.get().target == refunds
    assert made.queue_connections.get().queue == queue


def test_commands_say_what_is_wrong(team: Team, make_agent: Make, tmp_path: Path) -> None:
    path = tmp_path / "bad.md"
    path.write_text("---\nname: X\nspeed: 1\n---\n")
    with pytest.raises(CommandError, match=r"bad\.md, line 3: “speed” is not known"):
        run("import_agents", "--team", team.slug, path)
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        run("import_agents", "--team", team.slug, tmp_path / "none.md")
    with pytest.raises(CommandError, match="There is no team “nobody”"):
        run("import_agents", "--team", "nobody", path)
    with pytest.raises(CommandError, match="no agent called “Nobody”"):
        run("export_agents", "--team", team.slug, "--agent", "Nobody", "--to", tmp_path)
    with pytest.raises(CommandError, match="cannot be written"):
        run("export_agents", "--team", team.slug, "--to", path)
    make_agent("Billing")
    assert "Wrote 1 agent to" in run("export_agents", "--team", team.slug, "--agent", "billing", "--to", tmp_path)
