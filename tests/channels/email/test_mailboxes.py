"""Mailboxes at a real IMAP server: each message is taken in once, and marked at the server after that."""

import os
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cases.models import Case, Queue
from channels.email import intake
from channels.mailboxes import mailboxes, polling
from channels.mailboxes.mailbox_sources import MailboxFields, change_mailbox, create_mailbox
from channels.models import Arrival, Source
from channels.sources import sources
from channels.sources.schemas import source_problems
from data.errors import Refused
from teams.keys.api_keys import create_key
from teams.models import AuditEntry, Team
from tests.channels.email.dovecot import PASSWORD, USER, Dovecot, dovecot
from tests.channels.email.letters import letter

__all__ = ["dovecot"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(team: Team, queue: Queue, dovecot: Dovecot) -> Source:
    return create_mailbox(team, MailboxFields("Support", queue, dovecot.settings, PASSWORD))


def look(source: Source) -> None:
    polling.look(source.pk)
    source.refresh_from_db()


def letters(first: int, last: int) -> list[bytes]:
    return [letter(id=f"<{n}@example.org>", Subject=f"Lamp {n}") for n in range(first, last + 1)]


def test_what_is_unread_becomes_cases_and_is_marked_as_read(mailbox: Source, dovecot: Dovecot) -> None:
    dovecot.put(*letters(1, 3))
    look(mailbox)
    assert sorted(case.title for case in Case.objects.all()) == ["Lamp 1", "Lamp 2", "Lamp 3"]
    assert all("\\Seen" in flags for flags in dovecot.flags())
    assert (mailbox.state["problem"], mailbox.state["to_read"], mailbox.state["to_finish"]) == ("", [], [])
    look(mailbox)
    dovecot.put(*letters(4, 4))
    look(mailbox)
    assert (Case.objects.count(), Arrival.objects.count()) == (4, 4)


def test_a_message_that_someone_read_first_is_taken_in_all_the_same(mailbox: Source, dovecot: Dovecot) -> None:
    look(mailbox)
    dovecot.put(*letters(1, 1))
    with dovecot.client() as client:
        client.select("INBOX")
        client.store("1", "+FLAGS", "\\Seen")
    look(mailbox)
    assert Case.objects.count() == 1


@pytest.mark.parametrize("crash", ["before the commit", "after the commit", "before it is marked"])
def test_a_crash_loses_no_message_and_makes_no_second_case(
    mailbox: Source, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch, crash: str
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: Any, **named: Any) -> None:
        raise Killed

    dovecot.put(*letters(1, 2))
    with monkeypatch.context() as patch:
        if crash == "before the commit":
            patch.setattr(intake, "_settle", die)
        elif crash == "after the commit":
            patch.setattr(polling, "_finish", die)
        else:
            patch.setattr(mailboxes.Mailbox, "finish", die)
        with pytest.raises(Killed):
            polling.look(mailbox.pk)
    assert Case.objects.count() == (0 if crash == "before the commit" else 1)
    assert not any("\\Seen" in flags for flags in dovecot.flags())
    look(mailbox)
    assert Case.objects.count() == 2
    assert all("\\Seen" in flags for flags in dovecot.flags())
    assert set(Arrival.objects.values_list("status", flat=True)) == {"added"}


@pytest.mark.parametrize("after", ["move", "delete", "leave"])
def test_messages_are_moved_deleted_or_left(mailbox: Source, dovecot: Dovecot, queue: Queue, after: str) -> None:
    wanted = dovecot.settings | {"after": after, "move_to": "Done"}
    change_mailbox(mailbox, MailboxFields("Support", queue, wanted))
    dovecot.put(*letters(1, 2))
    for _ in range(2):
        look(mailbox)
    assert Arrival.objects.count() == 2
    here, there = dovecot.flags(), dovecot.flags("Done")
    assert (len(here), len(there)) == {"move": (0, 2), "delete": (0, 0), "leave": (2, 0)}[after]
    assert not any("\\Seen" in flags for flags in here)


def test_new_numbers_of_the_server_make_no_second_cases(mailbox: Source, dovecot: Dovecot) -> None:
    dovecot.put(*letters(1, 1))
    look(mailbox)
    Source.objects.update(state=mailbox.state | {"validity": 1})
    with dovecot.client() as client:
        client.select("INBOX")
        client.store("1", "-FLAGS", "\\Seen")
    look(mailbox)
    assert Case.objects.count() == 1
    assert Arrival.objects.filter(status="repeated").count() == 1


def test_a_message_that_is_too_large_becomes_a_case_that_says_so(
    mailbox: Source, dovecot: Dovecot, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_mailbox(mailbox, MailboxFields("Support", queue, dovecot.settings | {"after": "leave"}))
    monkeypatch.setattr(mailboxes, "LIMIT", 1000)
    dovecot.put(letter("x" * 900 + "\n" + "y" * 900))
    look(mailbox)
    case = Case.objects.get()
    assert (case.title, case.external_id) == ("Broken lamp", "<1@example.org>")
    assert "more than Baton takes in" in case.data["text"]


def test_a_token_signs_in_by_xoauth2(team: Team, queue: Queue, dovecot: Dovecot) -> None:
    settings = dovecot.settings | {"sign_in": "xoauth2"}
    source = create_mailbox(team, MailboxFields("Token", queue, settings, "token"))
    dovecot.put(*letters(1, 1))
    look(source)
    assert (source.state["problem"], Case.objects.count()) == ("", 1)
    change_mailbox(source, MailboxFields("Token", queue, settings, "expired"))
    look(source)
    assert "could not sign in" in source.state["problem"]


def test_problems_are_told_and_the_mailbox_is_tried_again_later(
    mailbox: Source, dovecot: Dovecot, queue: Queue
) -> None:
    dovecot.put(*letters(1, 1))
    change_mailbox(mailbox, MailboxFields("Support", queue, dovecot.settings, "wrong"))
    look(mailbox)
    assert any("could not sign in as support@shop.example" in problem for problem in source_problems(mailbox))
    change_mailbox(mailbox, MailboxFields("Support", queue, dovecot.settings | {"folder": "Nowhere"}, PASSWORD))
    look(mailbox)
    assert any("no folder “Nowhere”" in problem for problem in source_problems(mailbox))
    dovecot.stop()
    look(mailbox)
    assert any("cannot be reached" in problem for problem in source_problems(mailbox))
    dovecot.start()
    change_mailbox(mailbox, MailboxFields("Support", queue, dovecot.settings))
    look(mailbox)
    assert source_problems(mailbox) == []
    assert Case.objects.count() == 1


def test_only_mailboxes_whose_time_has_come_are_looked_at(mailbox: Source) -> None:
    assert polling.claim() == [mailbox.pk]
    assert polling.claim() == []
    polling.look_soon(mailbox.pk)
    assert polling.is_due()
    sources.pause(mailbox)
    assert not polling.is_due()


def test_a_private_server_is_refused_unless_the_operator_allows_it(team: Team, queue: Queue, settings) -> None:
    said = {"host": "imap.example.com", "user": USER}
    for wrong, field in (
        ({"host": "127.0.0.1"}, "host"),
        ({"host": "169.254.169.254"}, "host"),
        ({"host": "imap.example.com/x"}, "host"),
        ({"host": ""}, "host"),
        ({"user": "a\nb"}, "user"),
        ({"tls": "none"}, "tls"),
        ({"after": "move"}, "move_to"),
        ({"port": 0}, "port"),
    ):
        with pytest.raises(Refused) as refused:
            create_mailbox(team, MailboxFields("Mailbox", queue, said | wrong, "secret"))
        assert f"settings.{field}" in refused.value.fields, wrong
    assert create_mailbox(team, MailboxFields("Mailbox", queue, said, "secret")).settings["address"] == USER


def test_a_name_that_leads_inside_is_refused_when_it_is_used(mailbox: Source, settings) -> None:
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = False
    look(mailbox)
    assert "private network" in mailbox.state["problem"]


def test_the_api_creates_and_changes_a_mailbox_and_never_tells_its_password(team: Team, queue: Queue) -> None:
    program = Client(headers={"authorization": f"Bearer {create_key(team, 'Ours')[1]}"})
    said = {"host": "imap.example.com", "user": USER, "password": "very-secret", "per_hour": 5}
    wanted = {"queue_id": str(queue.pk), "kind": "imap", "name": "Support", "settings": said}
    made = program.post("/api/v1/sources", wanted, content_type="application/json")
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["kind"], body["url"], body["secret"]) == ("imap", None, None)
    assert body["settings"] == {
        **{"host": "imap.example.com", "port": 993, "tls": "implicit", "user": USER, "sign_in": "password"},
        **{"folder": "INBOX", "after": "seen", "move_to": "", "address": USER, "closed": "reopen"},
        **{"per_hour": 5, "take": [], "token_url": "", "client_id": "", "scope": "", "verified_by": ""},
    }
    address = f"/api/v1/sources/{body['id']}"
    change = {"settings": {"folder": "Work", "token": "ya29"}}
    changed = program.patch(address, change, content_type="application/json").json()
    assert (changed["settings"]["folder"], changed["settings"]["sign_in"]) == ("Work", "xoauth2")
    assert "very-secret" not in str(changed) + "".join(AuditEntry.objects.values_list("change", flat=True))
    assert "ya29" not in str(changed)
    for wrong in ({"host": "127.0.0.1"}, {"port": 70000}, {"after": "burn"}, {"user": ""}):
        answer = program.patch(address, {"settings": wrong}, content_type="application/json")
        assert answer.status_code == 422, wrong
        assert f"settings.{next(iter(wrong))}" in answer.json()["error"]["fields"], answer.json()
    without = wanted | {"settings": {"host": "imap.example.com", "user": USER}}
    assert program.post("/api/v1/sources", without, content_type="application/json").status_code == 422


def test_a_folder_has_its_name_in_modified_utf7() -> None:
    assert mailboxes.quoted("Entwürfe & mehr") == '"Entw&APw-rfe &- mehr"'
    assert mailboxes.quoted('a"b\\c') == '"a\\"b\\\\c"'
    assert os.fspath(reverse("sources")) == "/settings/sources/"


# --- Much at once ----------------------------------------------------------------------------


def test_a_backlog_is_read_in_portions_without_missing_or_repeating_any(
    mailbox: Source, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "_MOST_READ", 3)
    monkeypatch.setattr(mailboxes, "_SEARCHED_AT_ONCE", 4)
    monkeypatch.setattr(mailboxes, "_OVERLAP", 2)
    dovecot.put(*letters(1, 8))
    look(mailbox)
    assert (len(mailbox.state["to_read"]), mailbox.state["backlog"]) == (0, [[4, 8]])
    assert polling.is_due()  # at once
    dovecot.put(*letters(9, 10))
    for _ in range(3):
        look(mailbox)
    assert (Arrival.objects.count(), Case.objects.count(), mailbox.state["backlog"]) == (10, 10, [])
    assert mailbox.state["last"] == 10


def test_what_was_read_by_others_before_the_server_gave_new_numbers_is_not_missed(
    mailbox: Source, dovecot: Dovecot
) -> None:
    dovecot.put(*letters(1, 1))
    look(mailbox)
    dovecot.put(*letters(2, 2))
    dovecot.flag("\\Seen")
    Source.objects.update(state=mailbox.state | {"validity": 1})
    look(mailbox)
    assert sorted(Arrival.objects.values_list("status", flat=True)) == ["added", "added", "repeated"]


def test_messages_that_others_marked_as_deleted_stay(mailbox: Source, dovecot: Dovecot, queue: Queue) -> None:
    dovecot.put(*letters(1, 1))
    look(mailbox)
    dovecot.flag("\\Deleted")
    change_mailbox(mailbox, MailboxFields("Support", queue, dovecot.settings | {"after": "move", "move_to": "Done"}))
    dovecot.put(*letters(2, 2))
    look(mailbox)
    assert [len(dovecot.flags(folder)) for folder in ("INBOX", "Done")] == [1, 1]


def test_a_look_that_is_asked_for_during_another_one_follows_at_once(
    mailbox: Source, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    polling.claim()
    assert not polling.is_due()
    read = polling._read
    monkeypatch.setattr(polling, "_read", lambda *args: [read(*args), polling.look_soon(mailbox.pk)][0])
    look(mailbox)
    assert polling.is_due()
