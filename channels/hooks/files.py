"""Files that a hook's messages name by their URLs: they are fetched in the background and attached to the case.

Only checked addresses are reached, also where a redirect leads. A file that cannot be fetched is tried again for about
an hour; then the log of the hook says why, and the URL stays in the details of the case.
"""

import asyncio
import logging
from datetime import timedelta
from email.message import Message
from urllib.parse import unquote, urlsplit
from uuid import UUID

import httpcore2
import httpx2
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from cases.collaboration.attachments import FILE_LIMIT, add_stored, clean_name
from cases.models import Attachment
from cases.work import lifecycle
from channels.models import Arrival
from data.errors import Refused
from data.network.addresses import check_url, checked_client
from data.threads import BackgroundTask
from teams.access import live
from teams.audit.actors import Actor

logger = logging.getLogger(__name__)

PAUSES = (60, 300, 900, 2400)
# The files of a message take less time than this; if the process ends, another one fetches them then.
_TAKEN = timedelta(minutes=15)
_AT_ONCE, _SECONDS, _CONNECT_SECONDS = 10, 60.0, 10.0
_REDIRECTS = 5


class _Wrong(Exception):
    """Why a file was not fetched. `is_final`: trying again is of no use."""

    def __init__(self, words: str, *, is_final: bool = False) -> None:
        super().__init__(words)
        self.is_final = is_final


def has_files() -> bool:
    return _due().exists()


def _due() -> QuerySet[Arrival]:
    return Arrival.objects.filter(files_at__lte=Now())


def fetch_files() -> None:
    for id in claim():
        _fetch_all(id)


def claim() -> list[UUID]:
    with transaction.atomic():
        due = _due().select_for_update(no_key=True, skip_locked=True).order_by("files_at")
        ids = list(due.values_list("pk", flat=True)[:_AT_ONCE])
        Arrival.objects.filter(pk__in=ids).update(files_at=Now() + _TAKEN)
    return ids


def _fetch_all(id: UUID) -> None:
    arrival = Arrival.objects.get(pk=id)
    for place, file in enumerate(arrival.files):
        if file["state"] != "waiting":
            continue
        try:
            name, content = asyncio.run(_fetch(file["url"]))
        except _Wrong as wrong:
            is_last = wrong.is_final or file.get("tries", 0) >= len(PAUSES)
            _note(id, place, "failed" if is_last else "waiting", str(wrong))
        else:
            stored = _stored(arrival, place, content)
            row = Attachment(name=name, size=len(content), file=stored)
            if not _note(id, place, "attached", row=row):
                default_storage.delete(stored)
    _plan(id)


def _stored(arrival: Arrival, place: int, content: bytes) -> str:
    """Store the file where it is stored again after a crash, so that no file is left that no row names."""
    where = f"fetched/{arrival.team_id}/{arrival.pk}/{place}"
    default_storage.delete(where)
    return default_storage.save(where, ContentFile(content))


@transaction.atomic
def _note(id: UUID, place: int, state: str, error: str = "", row: Attachment | None = None) -> bool:
    """Record the result for a file. Return whether it is attached."""
    arrival = Arrival.objects.select_for_update(no_key=True).select_related("source").get(pk=id)
    file = arrival.files[place]
    if file["state"] != "waiting" or arrival.case_id is None:
        return False
    if row:
        case = lifecycle.lock(arrival.case_id)
        before = case.attachments.count()
        if not case.deleted_at:
            add_stored(case, [row], Actor(f"Source {arrival.source.name}"))
        if case.attachments.count() == before:
            state, error = "failed", "The case has no room for it."
    file |= {"state": state, "error": error[:300], "tries": file.get("tries", 0) + 1}
    Arrival.objects.filter(pk=id).update(files=arrival.files)
    live.announce(arrival.team_id, "source", arrival.source_id)
    return state == "attached"


def _plan(id: UUID) -> None:
    with transaction.atomic():
        arrival = Arrival.objects.select_for_update(no_key=True).get(pk=id)
        tries = [file.get("tries", 0) for file in arrival.files if file["state"] == "waiting"]
        pause = timedelta(seconds=PAUSES[min(max(tries), len(PAUSES)) - 1]) if tries else None
        Arrival.objects.filter(pk=id).update(files_at=Now() + pause if pause else None)


async def _fetch(url: str) -> tuple[str, bytes]:
    """Return the name and content of the file. Raises _Wrong."""
    try:
        check_url(url)
        client = checked_client({}, connect_seconds=_CONNECT_SECONDS, silence_seconds=_SECONDS, most_bytes=FILE_LIMIT)
        client.max_redirects = _REDIRECTS
        async with asyncio.timeout(_SECONDS), client, client.stream("GET", url, follow_redirects=True) as response:
            if response.status_code != 200:
                is_final = 400 <= response.status_code < 500 and response.status_code not in (408, 425, 429)
                raise _Wrong(f"The server answered {response.status_code}.", is_final=is_final)
            return _name(response), await response.aread()
    except Refused as refusal:
        raise _Wrong(refusal.message, is_final=True) from refusal
    except TimeoutError as error:
        raise _Wrong("It did not come in time.") from error
    except httpx2.ReadError as error:
        is_too_long = "too long" in str(error)
        words = "It is larger than 20 MB." if is_too_long else "The connection broke."
        raise _Wrong(words, is_final=is_too_long) from error
    except (httpx2.HTTPError, httpx2.InvalidURL, httpcore2.ConnectError, OSError) as error:
        raise _Wrong(f"{str(error).rstrip('.') or type(error).__name__}.") from error


def _name(response: httpx2.Response) -> str:
    said = Message()
    said["content-disposition"] = response.headers.get("content-disposition", "")
    try:
        named = said.get_filename() or ""
    except Exception:  # such as an unknown charset
        named = ""
    return clean_name(named or unquote(urlsplit(str(response.url)).path))


def background_task() -> BackgroundTask:
    return BackgroundTask("files of hooks", has_files, fetch_files, lambda: None)
