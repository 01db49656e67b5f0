"""A real IMAP server that tells of new messages, so that a look follows at once."""

import threading
import time
from collections.abc import Callable

import pytest

from cases.models import Queue
from channels.mailboxes import idling, mailboxes, polling
from channels.mailboxes.mailbox_sources import MailboxFields, create_mailbox
from channels.sources import sources
from teams.models import Team
from tests.channels.email.dovecot import PASSWORD, Dovecot, dovecot
from tests.channels.email.letters import letter

__all__ = ["dovecot"]


def wait_until(is_so: Callable[[], bool]) -> bool:
    ends, pause = time.monotonic() + 30, threading.Event()
    while not is_so():
        if time.monotonic() > ends:
            return False
        pause.wait(0.02)
    return True


@pytest.mark.django_db(transaction=True)
def test_the_server_tells_of_new_messages_also_after_a_restart(
    team: Team, queue: Queue, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idling, "_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(mailboxes, "_LISTEN_SECONDS", 0.2)
    mailbox = create_mailbox(team, MailboxFields("Support", queue, dovecot.settings, PASSWORD))
    polling.look(mailbox.pk)
    listeners = idling.Listeners()
    try:
        listeners.start_if_due()
        for number in (1, 2):
            assert wait_until(lambda: mailbox.pk in polling.listened_to), "nobody listens"
            assert wait_until(polling.is_due), "what came while nobody listened is not asked for"
            polling.claim()
            dovecot.put(letter(id=f"<{number}@example.org>"))
            assert wait_until(polling.is_due), "what the server tells has no effect"
            polling.claim()
            dovecot.stop()
            assert wait_until(lambda: mailbox.pk not in polling.listened_to), "the end is not noticed"
            dovecot.start()
        [listener] = listeners._listeners.values()
        sources.pause(mailbox)
        listeners._compared_at = 0
        listeners.start_if_due()
        listener.thread.join(30)
        assert not listener.thread.is_alive()
    finally:
        listeners.stop()


@pytest.mark.django_db(transaction=True)
def test_a_clock_that_no_longer_ticks_stops_listening(
    team: Team, queue: Queue, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailboxes, "_LISTEN_SECONDS", 0.1)
    mailbox = create_mailbox(team, MailboxFields("Support", queue, dovecot.settings, PASSWORD))
    polling.look(mailbox.pk)
    listeners = idling.Listeners()
    try:
        listeners.start_if_due()
        assert wait_until(lambda: mailbox.pk in polling.listened_to)
        listeners.ticked_at -= 100
        assert wait_until(lambda: mailbox.pk not in polling.listened_to)
    finally:
        listeners.stop()
