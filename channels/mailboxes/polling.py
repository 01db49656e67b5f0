"""Looks at mailboxes, each about once in half a minute, and takes in what is new there.

Which messages are to be read, and which were taken in and are still to be marked at the server, is kept with the source
and changes in the transaction that takes a message in. So none is lost or left unmarked, whenever the process ends.
Nothing waits for the server inside a transaction.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from channels.email import intake
from channels.models import Source
from data.secrets import Unreadable, unseal
from data.threads import BackgroundTask
from teams.access import live

from .mailbox_settings import MailboxSettings
from .mailboxes import Mailbox, MailboxProblem, opened

logger = logging.getLogger(__name__)

EVERY = timedelta(seconds=30)
# After a failed look; doubled by each further one.
_AFTER_FAILURE, _LONGEST_PAUSE = 60, 900
# Longer than a look takes; if the process ends, another one looks then.
_TAKEN = timedelta(minutes=10)
_AT_ONCE, _MOST_READ, _MOST_TO_DO = 8, 100, 5000

type State = dict[str, Any]


def is_due() -> bool:
    return _due().exists()


def _due() -> QuerySet[Source]:
    rows = Source.objects.present().filter(kind=Source.Kind.IMAP, paused_at=None, queue__deleted_at=None)
    return rows.filter(look_at__lte=Now())


def look_at_all() -> None:
    """Look at all mailboxes whose time has come, some at once: a slow server holds up no other."""
    with ThreadPoolExecutor(_AT_ONCE, "mailbox") as threads:
        list(threads.map(_look_and_close, claim()))


def claim() -> list[UUID]:
    with transaction.atomic():
        due = _due().select_for_update(no_key=True, skip_locked=True, of=("self",)).order_by("look_at")
        ids = list(due.values_list("pk", flat=True)[:100])
        Source.objects.filter(pk__in=ids).update(look_at=Now() + _TAKEN)
    return ids


def _look_and_close(id: UUID) -> None:
    try:
        look(id)
    except Exception:  # whatever a server answers, the others are looked at
        logger.exception("the mailbox %s could not be looked at", id)
        _settle(id, "Baton could not read what the server answered.")
    finally:
        connections.close_all()


def look(id: UUID) -> None:
    source = Source.objects.get(pk=id)
    try:
        with opened(MailboxSettings.model_validate(source.settings), unseal(source.secret)) as mailbox:
            more = _read(source, mailbox)
    except Unreadable:
        _settle(id, "Its password cannot be read with today’s encryption keys. Enter it again.")
    except MailboxProblem as problem:
        _settle(id, str(problem))
    else:
        _settle(id, "", at_once=more)


def _settle(id: UUID, problem: str, *, at_once: bool = False) -> None:
    """Note how the look went, and when the next one is."""

    def note(state: State) -> None:
        failures = state.get("failures", 0) + 1 if problem else 0
        state |= {"problem": problem[:500], "failures": failures, "looked_at": timezone.now().isoformat()}

    with transaction.atomic():
        state = _change(id, note)
        pause = min(_AFTER_FAILURE * 2 ** min(state["failures"] - 1, 10), _LONGEST_PAUSE) if problem else 0
        wait = timedelta(seconds=pause) or (timedelta() if at_once else EVERY)
        Source.objects.filter(pk=id).update(look_at=Now() + wait)
        for team_id in Source.objects.filter(pk=id).values_list("team_id", flat=True):
            live.announce(team_id, "source", id)


def _change(id: UUID, change: Callable[[State], object]) -> State:
    """Change the state of a source, whose row is locked until the transaction ends."""
    with transaction.atomic():
        source = Source.objects.select_for_update(no_key=True).only("state").get(pk=id)
        change(source.state)
        Source.objects.filter(pk=id).update(state=source.state)
    state: State = source.state
    return state


def _read(source: Source, mailbox: Mailbox) -> bool:
    """Take in what is to be read. Return whether more is left than is read in one look."""
    is_known = source.state.get("validity") == mailbox.validity
    first = "UNSEEN" if mailbox.settings.after in ("seen", "leave") else "ALL"
    found = mailbox.ids_after(source.state["last"]) if is_known else mailbox.ids(first)
    state = _change(source.pk, partial(_plan, mailbox=mailbox, found=found, is_known=is_known))
    for message in state["to_finish"]:
        _finish(source, mailbox, message)
    for message in state["to_read"][:_MOST_READ]:
        if not Source.objects.present().filter(pk=source.pk, paused_at=None).exists():
            return False
        content = mailbox.read(message)
        if content is None:  # someone has deleted it in the meantime
            _change(source.pk, partial(_was_read, message=message, is_gone=True))
            continue
        intake.take_in(source, content, partial(_change, source.pk, partial(_was_read, message=message)))
        _finish(source, mailbox, message)
    return len(state["to_read"]) > _MOST_READ


def _plan(state: State, *, mailbox: Mailbox, found: list[int], is_known: bool) -> None:
    """Add what is new. At the first look, and when the server gives new numbers, that is what nobody has read."""
    if not is_known:
        last = max([mailbox.next_id - 1, *found, 0])
        state |= {"validity": mailbox.validity, "last": last, "to_read": found[-_MOST_TO_DO:], "to_finish": []}
        return
    new = found[: max(0, _MOST_TO_DO - len(state["to_read"]))]
    state["to_read"] = sorted({*state["to_read"], *new})
    state["last"] = max([state["last"], *new])


def _was_read(state: State, *, message: int, is_gone: bool = False) -> None:
    state["to_read"] = [id for id in state.get("to_read", []) if id != message]
    state["to_finish"] = [*state.get("to_finish", []), *([] if is_gone else [message])]


def _finish(source: Source, mailbox: Mailbox, message: int) -> None:
    mailbox.finish(message)

    def note(state: State) -> None:
        state["to_finish"] = [id for id in state.get("to_finish", []) if id != message]

    _change(source.pk, note)


def look_soon(source: Source) -> None:
    Source.objects.filter(pk=source.pk, kind=Source.Kind.IMAP).update(look_at=Now())


def background_task() -> BackgroundTask:
    return BackgroundTask("mailboxes", is_due, look_at_all, lambda: None)
