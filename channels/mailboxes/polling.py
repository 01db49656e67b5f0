"""Looks at mailboxes, each about once in half a minute, and takes in what is new there. Where the server tells when
something comes, `idling` listens to it and asks for a look.

Which messages are to be read, and which were taken in and are still to be marked at the server, is kept with the source
and changes in the transaction that takes a message in. So none is lost or left unmarked, whenever the process ends.
Nothing waits for the server inside a transaction.
"""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from channels.email import intake
from channels.models import Source
from data.secrets import Unreadable
from data.threads import BackgroundTask
from teams.access import live

from . import tokens
from .mailbox_settings import MailboxSettings
from .mailboxes import Mailbox, MailboxProblem, SignInProblem, opened

logger = logging.getLogger(__name__)

EVERY, EVERY_WHILE_LISTENING = timedelta(seconds=30), timedelta(minutes=5)
# Seconds after a failed look, doubled by each further one up to the second figure. A server that comes back is soon
# looked at; but servers lock accounts that sign in wrongly too often.
_AFTER_FAILURE, _AFTER_SIGN_IN = (5, 60), (60, 900)
# Longer than most emails take, with which a look is renewed; if the process ends, another one looks then. Should two
# look at once, each email still becomes one case.
_TAKEN = timedelta(seconds=45)
_AT_ONCE, _MOST_READ = 8, 100
# When servers give new numbers, what came since the last look may have been read by someone in the meantime.
_BEFORE_LAST_LOOK = timedelta(days=2)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

type State = dict[str, Any]

# The mailboxes whose servers tell this process of new messages.
listened_to: set[UUID] = set()


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
        with opened(MailboxSettings.model_validate(source.settings), tokens.secret_of(source)) as mailbox:
            more = _read(source, mailbox)
    except Unreadable:
        _settle(id, "Its password cannot be read with today’s encryption keys. Enter it again.")
    except MailboxProblem as problem:
        is_sign_in = isinstance(problem, SignInProblem)
        if is_sign_in:
            tokens.forget(source)
        _settle(id, str(problem), pauses=_AFTER_SIGN_IN if is_sign_in else _AFTER_FAILURE)
    else:
        _settle(id, "", at_once=more)


def _settle(id: UUID, problem: str, *, at_once: bool = False, pauses: tuple[int, int] = _AFTER_FAILURE) -> None:
    """Note how the look went, and when the next one is. `pauses`: seconds after a first failure, and at most."""

    def note(state: State) -> None:
        failures = state.get("failures", 0) + 1 if problem else 0
        state |= {"problem": problem[:500], "failures": failures, "looked_at": timezone.now().isoformat()}

    with transaction.atomic():
        state = _change(id, note)
        first, most = pauses
        longer = min(first * 2 ** min(state["failures"] - 1, 10), most) if problem else 0
        wait = timedelta(seconds=longer) or (EVERY_WHILE_LISTENING if id in listened_to else EVERY)
        # Someone may have asked for a look in the meantime: then the next one is due already.
        if not at_once:
            Source.objects.filter(pk=id, look_at__gt=Now()).update(look_at=Now() + wait)
        else:
            look_soon(id)
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
    found = mailbox.ids_after(source.state["last"]) if is_known else mailbox.ids(*_first_of(source, mailbox))
    state = _change(source.pk, partial(_plan, mailbox=mailbox, found=found, is_known=is_known))
    for message in state["to_finish"]:
        _finish(source, mailbox, message)
    for message in state["to_read"]:
        # As one that someone has asked for another look at in the meantime is due, only the others are renewed.
        present = Source.objects.present().filter(pk=source.pk, paused_at=None)
        if not present.filter(look_at__gt=Now()).update(look_at=Now() + _TAKEN) and not present.exists():
            return False
        content = mailbox.read(message)
        if content is None:  # someone has deleted it in the meantime
            _change(source.pk, partial(_was_read, message=message, is_gone=True))
            continue
        intake.take_in(source, content, partial(_change, source.pk, partial(_was_read, message=message)))
        _finish(source, mailbox, message)
    return bool(state["backlog"])


def _first_of(source: Source, mailbox: Mailbox) -> list[str]:
    """Which messages are taken in at the first look, and when the server gives new numbers: what nobody has read, and
    then what came since the last look, too.
    """
    if mailbox.settings.after in ("move", "delete"):
        return ["ALL"]
    if "validity" not in source.state or not (looked_at := source.state.get("looked_at")):
        return ["UNSEEN"]
    since = datetime.fromisoformat(looked_at) - _BEFORE_LAST_LOOK
    return ["OR", "UNSEEN", "SINCE", f"{since.day}-{_MONTHS[since.month - 1]}-{since.year}"]


def _plan(state: State, *, mailbox: Mailbox, found: list[int], is_known: bool) -> None:
    """Add what is new to the backlog, and take a portion of it."""
    if not is_known:
        state |= {"validity": mailbox.validity, "last": mailbox.next_id - 1, "backlog": [], "to_read": []}
        state["to_finish"] = []
    state["can_tell"] = mailbox.can_tell
    state["last"] = max([state["last"], *found])
    waiting = [*state["to_read"], *_single(state.get("backlog", [])), *found]
    state["to_read"], state["backlog"] = waiting[:_MOST_READ], _ranges(waiting[_MOST_READ:])


def _ranges(ids: list[int]) -> list[list[int]]:
    """Ids in order as first and last of each row, since the state is written for each message that is read."""
    found: list[list[int]] = []
    for id in ids:
        if found and found[-1][1] == id - 1:
            found[-1][1] = id
        else:
            found.append([id, id])
    return found


def _single(ranges: list[list[int]]) -> Iterator[int]:
    for first, last in ranges:
        yield from range(first, last + 1)


def _was_read(state: State, *, message: int, is_gone: bool = False) -> None:
    state["to_read"] = [id for id in state.get("to_read", []) if id != message]
    state["to_finish"] = [*state.get("to_finish", []), *([] if is_gone else [message])]


def _finish(source: Source, mailbox: Mailbox, message: int) -> None:
    mailbox.finish(message)

    def note(state: State) -> None:
        state["to_finish"] = [id for id in state.get("to_finish", []) if id != message]

    _change(source.pk, note)


def look_soon(id: UUID) -> None:
    Source.objects.filter(pk=id, kind=Source.Kind.IMAP).update(look_at=Now())


def can_be_listened_to(most: int) -> dict[UUID, object]:
    """Return mailboxes that can be used and whose servers tell of news, with what a listener has to know of each."""
    rows = Source.objects.present().filter(kind=Source.Kind.IMAP, paused_at=None, queue__deleted_at=None)
    able = rows.filter(state__can_tell=True, state__problem="").order_by("created_at")[:most]
    # Baton itself changes the secret of one with OAuth.
    return {row.pk: (row.settings, row.settings.get("sign_in") != "oauth" and row.secret) for row in able}


def background_task() -> BackgroundTask:
    return BackgroundTask("mailboxes", is_due, look_at_all, lambda: None)
