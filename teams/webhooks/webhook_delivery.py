"""Sends the messages of the outbox: each at least once, in no promised order.

A sender claims messages that are due by postponing each for a while in the same statement, so that another sender
leaves them alone and they are sent again if this one dies, and sends them outside of a transaction. The clock runs one
sender while messages are due.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import logging
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from uuid import UUID

import httpcore2
from asgiref.sync import sync_to_async
from django.db import close_old_connections, connections, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from data.network.addresses import NotAllowed, checked_pool
from data.network.identity import USER_AGENT
from data.secrets import Unreadable, unseal
from data.texts.text import storable
from data.threads import BackgroundTask
from data.tidying import delete_old
from teams.access import live
from teams.models import Delivery, Webhook

logger = logging.getLogger(__name__)

# After each failed attempt, in seconds; after the last of them the message has failed. About a day in all.
PAUSES = (5, 30, 120, 600, 1800, 3600, 2 * 3600, 4 * 3600, 6 * 3600, 8 * 3600)
ANSWER_SECONDS = 15.0
# Longer than an attempt can take: a message whose sender did not report a result is sent again.
_TAKEN_SECONDS = 60
_AT_ONCE, _AT_ONCE_EACH = 64, 8
_EXCERPT_BYTES = 2000
# Paused after this many failures in a row over at least this long.
_GIVE_UP_FAILURES, _GIVE_UP_AFTER = 30, timedelta(hours=1)
_KEEP = timedelta(days=30)
# However long a receiver asks to be left alone.
_LONGEST_WAIT = PAUSES[-1]


@dataclass(frozen=True)
class Message:
    id: UUID
    webhook_id: UUID
    url: str
    sealed_url: str
    sealed_secrets: Sequence[str]
    body: str
    attempt: int


@dataclass(frozen=True)
class Result:
    status: int | None = None
    answer: str = ""
    error: str = ""
    took_ms: int = 0
    retry_after: float = 0

    @property
    def arrived(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


# --- What is to be sent ----------------------------------------------------------------------


def has_messages() -> bool:
    """Is there a message whose time has come?"""
    return _with_messages().exists()


def _with_messages() -> QuerySet[Webhook]:
    due = Delivery.objects.filter(webhook=OuterRef("pk"), status=Delivery.Status.WAITING, next_at__lte=Now())
    return Webhook.objects.active().filter(Exists(due))


def claim_messages(busy: Mapping[UUID, int], limit: int = _AT_ONCE) -> list[Message]:
    """Claim due messages for this sender: a few of each webhook, so that a slow one holds up no other."""
    found: list[Message] = []
    for webhook in _with_messages():
        room = min(_AT_ONCE_EACH - busy.get(webhook.pk, 0), limit - len(found))
        if room > 0:
            found += _claim_of(webhook, room)
    return found


@transaction.atomic
def _claim_of(webhook: Webhook, limit: int) -> list[Message]:
    waiting = Delivery.objects.filter(webhook=webhook, status=Delivery.Status.WAITING, next_at__lte=Now())
    rows = list(waiting.select_for_update(no_key=True, skip_locked=True).order_by("next_at")[:limit])
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
        next_at=Now() + timedelta(seconds=_TAKEN_SECONDS), attempts=F("attempts") + 1
    )
    return [
        Message(
            *(row.pk, webhook.pk, webhook.url, webhook.sealed_url, webhook.sealed_secrets, row.body),
            row.attempts + 1,
        )
        for row in rows
    ]


@transaction.atomic
def settle(message: Message, result: Result) -> None:
    """Store the result of an attempt. If the message was sent again since, only the later attempt counts."""
    row = Delivery.objects.filter(pk=message.id, status=Delivery.Status.WAITING, attempts=message.attempt)
    over = message.attempt > len(PAUSES)
    pause = 0 if over else PAUSES[message.attempt - 1] * random.uniform(0.9, 1.1)  # noqa: S311 - so that they spread
    pause = max(pause, min(result.retry_after, _LONGEST_WAIT))
    status = Delivery.Status.DELIVERED if result.arrived else Delivery.Status.FAILED if over else None
    touched = row.update(
        status=status or Delivery.Status.WAITING,
        next_at=Now() + timedelta(seconds=pause),
        attempted_at=Now(),
        answer_status=result.status,
        answer=storable(result.answer),
        error=storable(result.error),
        took_ms=result.took_ms,
    )
    if touched:
        _count(message.webhook_id, result)


def _count(webhook_id: UUID, result: Result) -> None:
    webhook = Webhook.objects.filter(pk=webhook_id)
    if result.arrived:
        webhook.filter(failures__gt=0).update(failures=0, failing_since=None)
    else:
        webhook.update(failures=F("failures") + 1, failing_since=Coalesce(F("failing_since"), Now()))
        # 410: the receiver says that it will never be there again.
        lost = (
            Q()
            if result.status == 410
            else Q(failures__gte=_GIVE_UP_FAILURES, failing_since__lte=Now() - _GIVE_UP_AFTER)
        )
        webhook.active().filter(lost).update(paused_at=Now(), gave_up=True)
    for row in webhook:
        live.announce(row.team_id, "webhook", row.pk)


def forget_old() -> bool:
    """Messages are kept for thirty days; a deleted webhook until nobody can be writing for it any more."""
    Webhook.objects.filter(deleted_at__lt=timezone.now() - timedelta(days=1)).delete()
    return delete_old(Delivery.objects.filter(created_at__lt=timezone.now() - _KEEP))


# --- Sending ---------------------------------------------------------------------------------


def sign(secret: str, id: str, timestamp: int, body: str | bytes) -> str:
    """As Standard Webhooks has it: over the id, the time in seconds and the body, with full stops between."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    said = body.encode() if isinstance(body, str) else body
    digest = hmac.new(key, f"{id}.{timestamp}.".encode() + said, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


async def send(pool: httpcore2.AsyncConnectionPool, message: Message) -> Result:
    """One attempt. A redirect is an answer like any other, and not one of success."""
    began = time.monotonic()
    try:
        if message.sealed_url:  # a chat, which checks no signature
            message, secrets = replace(message, url=unseal(message.sealed_url)), []
        else:
            secrets = _secrets(message)
        async with asyncio.timeout(ANSWER_SECONDS):
            result = await _post(pool, message, secrets)
    except Unreadable:
        what = "address" if message.sealed_url else "secret"
        result = Result(error=f"Its {what} cannot be read with today's encryption keys. Enter a new one.")
    except (TimeoutError, httpcore2.TimeoutException):
        result = Result(error=f"No whole answer within {ANSWER_SECONDS:.0f} seconds.")
    except NotAllowed as refusal:
        result = Result(error=str(refusal))
    except Exception as error:  # anything that goes wrong at the receiver is a failed attempt
        result = Result(error=f"{str(error) or type(error).__name__}"[:500])
    return replace(result, took_ms=round((time.monotonic() - began) * 1000))


def _secrets(message: Message) -> list[str]:
    secrets = [unseal(message.sealed_secrets[0])]
    with contextlib.suppress(Unreadable):  # the old one may be why there is a new one
        secrets += [unseal(sealed) for sealed in message.sealed_secrets[1:]]
    return secrets


async def _post(pool: httpcore2.AsyncConnectionPool, message: Message, secrets: Sequence[str]) -> Result:
    timestamp = int(time.time())
    signatures = [sign(secret, str(message.id), timestamp, message.body) for secret in secrets]
    headers: dict[bytes | str, bytes | str] = {
        "host": urlsplit(message.url).netloc,
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": str(message.id),
        "webhook-timestamp": str(timestamp),
        "connection": "close",
    }
    if signatures:
        headers["webhook-signature"] = " ".join(signatures)
    async with pool.stream("POST", message.url, headers=headers, content=message.body.encode()) as response:
        read = b""
        async for part in response.aiter_stream():
            read += part
            if len(read) >= _EXCERPT_BYTES:
                break
    status, answer = response.status, read[:_EXCERPT_BYTES].decode(errors="replace")
    error = "It answered with a redirect, which is not followed." if 300 <= status < 400 else ""
    return Result(status, answer, error, retry_after=0 if 200 <= status < 400 else retry_after(response.headers))


def retry_after(headers: Sequence[tuple[bytes, bytes]]) -> float:
    """Return how many seconds the receiver asks to be left alone; 0 when it does not say, or nothing that makes
    sense.
    """
    said = next((value for name, value in headers if name.lower() == b"retry-after"), b"").decode("latin-1").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0


async def _deliver_all() -> None:
    busy: Counter[UUID] = Counter()
    tasks: dict[asyncio.Task[None], UUID] = {}
    async with checked_pool() as pool:
        while True:
            for message in await sync_to_async(_claim)(busy, _AT_ONCE - len(tasks)):
                busy[message.webhook_id] += 1
                tasks[asyncio.create_task(_deliver(pool, message))] = message.webhook_id
            if not tasks:
                return
            ended, _ = await asyncio.wait(tasks, timeout=1, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                busy[tasks.pop(task)] -= 1
                if error := task.exception():
                    logger.warning("what came of a message was not kept: %s", error)


def _claim(busy: Mapping[UUID, int], limit: int) -> list[Message]:
    close_old_connections()
    return claim_messages(busy, limit) if limit > 0 else []


async def _deliver(pool: httpcore2.AsyncConnectionPool, message: Message) -> None:
    result = await send(pool, message)
    await sync_to_async(settle)(message, result)


def deliver() -> None:
    """Send until nothing is due, in an event loop of its own."""

    async def until_nothing_is_due() -> None:
        try:
            await _deliver_all()
        finally:
            await sync_to_async(connections.close_all)()

    asyncio.run(until_nothing_is_due())


def background_task() -> BackgroundTask:
    return BackgroundTask("webhook sender", has_messages, deliver, forget_old)
