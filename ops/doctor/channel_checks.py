"""Whether the mailboxes can be used, and whether messages to customers go out."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone

from cases.models import CaseMessage
from channels.mailboxes import tokens
from channels.mailboxes.mailbox_settings import MailboxSettings
from channels.mailboxes.mailboxes import MailboxProblem, opened
from channels.models import Arrival, Source
from data.secrets import Unreadable
from web.format.times import ago

from .findings import Finding, State

_MOST, _AT_ONCE = 50, 8
_LATE = timedelta(minutes=30)
_APART = timedelta(minutes=2)


def findings(call: bool) -> Iterator[Finding]:
    """Check the mailboxes. With `call` Baton signs in to each now; else the last look says whether it could."""
    yield from _mailboxes(call)
    yield from _outgoing()
    yield from _waiting()


def _mailboxes(call: bool) -> Iterator[Finding]:
    rows = Source.objects.present().filter(kind=Source.Kind.IMAP, paused_at=None).select_related("team")
    sources = list(rows.order_by("created_at")[:_MOST])
    if call:
        known = [_secret(source) for source in sources]
        # Threads, because each check waits for its server.
        with ThreadPoolExecutor(_AT_ONCE, "doctor") as threads:
            results = list(threads.map(_signed_in, sources, known))
    else:
        results = [(source.state.get("problem", ""), None) for source in sources]
    for source, (problem, newest) in zip(sources, results, strict=True):
        yield _said(source, problem, newest)


def _secret(source: Source) -> str | MailboxProblem:
    try:
        return tokens.secret_of(source)
    except Unreadable:
        return MailboxProblem("Its password cannot be read with today’s encryption keys. Enter it again.")
    except MailboxProblem as problem:
        return problem


def _signed_in(source: Source, secret: str | MailboxProblem) -> tuple[str, datetime | None]:
    """Return why it cannot be used, and when its newest message came by the server's clock."""
    if isinstance(secret, MailboxProblem):
        return str(secret), None
    try:
        with opened(MailboxSettings.model_validate(source.settings), secret) as mailbox:
            return "", mailbox.newest_at()
    except MailboxProblem as problem:
        return str(problem), None


def _said(source: Source, problem: str, newest: datetime | None) -> Finding:
    name = f"Mailbox {source.name} of {source.team}"
    if problem:
        return Finding(name, State.BROKEN, problem, "Fix it under Settings, Sources; docs/mailboxes.md says how.")
    if newest and newest > datetime.now(UTC) + _APART:
        said = f"Its newest message is from {newest:%H:%M} UTC, which is later than it is here."
        return Finding(name, State.WARNING, said, "Let this machine keep time by NTP.")
    looked_at = datetime.fromisoformat(source.state["looked_at"]) if "looked_at" in source.state else None
    if looked_at is None or timezone.now() - looked_at > _LATE:
        return Finding(name, State.WARNING, "Nobody has read it for half an hour.", "Start manage.py clock.")
    last = f"last email {ago(source.last_received_at)}" if source.last_received_at else "no email yet"
    said = f"The server lets Baton in, the folder exists, {last}. Last check {ago(looked_at)}."
    return Finding(name, State.OK, said)


def _outgoing() -> Iterator[Finding]:
    late = CaseMessage.objects.filter(status=CaseMessage.Status.QUEUED, next_at__lt=Now() - _LATE).count()
    if late and settings.MAILERS:
        yield Finding(
            "Messages to customers", State.BROKEN, f"{late} wait for over half an hour.", "Start manage.py clock."
        )
    elif late:
        yield Finding("Messages to customers", State.BROKEN, f"{late} wait for a mail server.", "Set EMAIL_URL.")
    else:
        yield Finding("Messages to customers", State.OK, "None is late.")


def _waiting() -> Iterator[Finding]:
    waiting: Sequence[str] = list(
        Arrival.objects.filter(status=Arrival.Status.WAITING, source__deleted_at=None)
        .values_list("source__name", flat=True)
        .distinct()
        .order_by("source__name")[:10]
    )
    if waiting:
        said = f"Emails wait, as their senders sent too many within an hour: {', '.join(waiting)}."
        yield Finding("Emails that wait", State.WARNING, said, "Look at them under Settings, Sources, Waiting.")
