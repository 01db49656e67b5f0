"""Emails as files, for those without a mailbox: `manage.py receive`, and a folder that the clock watches.

A file `mail/x.eml` below BATON_HOME goes to the queue of the oldest team that agents work, `mail/QUEUE/x.eml` to the
queue of that name. Files that were taken in are moved to `mail/taken/`; the same one is taken in once.
"""

import logging
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from django.conf import settings

from builder.models import QueueConnection
from cases.models import Queue
from channels.mime import reading
from channels.models import Arrival, Source
from channels.sources.sources import SourceFields, create_source
from data.errors import Refused
from data.threads import BackgroundTask
from teams.models import Team

from . import intake

logger = logging.getLogger(__name__)

NAME = "Email files"
_TAKEN, _WRONG = "taken", "not-taken"
# One that is still being written has changed within this time.
_SETTLED_SECONDS = 1.0
_AT_ONCE = 100


def source_of(queue: Queue) -> Source:
    """The source of the queue that emails come from as files. It is created when the first one comes."""
    found = Source.objects.present().filter(queue=queue, kind=Source.Kind.HOOK, name=NAME).first()
    return found or create_source(queue.team, SourceFields(NAME, queue, Source.Auth.BEARER))[0]


def folder() -> Path:
    return Path(settings.BATON_HOME) / "mail"


def has_files() -> bool:
    return next(_files(), None) is not None


def _files() -> Iterator[Path]:
    """Return the files to be taken in now."""
    settled = time.time() - _SETTLED_SECONDS
    for pattern in ("*.eml", "*/*.eml"):
        for path in folder().glob(pattern):
            if path.parent.name not in (_TAKEN, _WRONG) and path.is_file() and path.stat().st_mtime < settled:
                yield path


def take_files() -> None:
    for path in sorted(islice(_files(), _AT_ONCE)):
        try:
            arrival = _take(path)
        except (OSError, Refused) as problem:
            logger.warning("the email %s was not taken in: %s", path, problem)
            _move(path, _WRONG)
        else:
            logger.info("the email %s was taken in: %s", path.name, arrival.status)
            _move(path, _TAKEN)


def _take(path: Path) -> Arrival:
    if path.stat().st_size > reading.LIMIT:
        raise Refused("It is larger than 50 MB.", "too_large")
    return intake.take_in(source_of(_queue(path)), path.read_bytes())


def _queue(path: Path) -> Queue:
    if path.parent == folder():
        return default_queue()
    name = path.parent.name
    queues = Queue.objects.live().select_related("team").order_by("created_at")
    found = next((queue for queue in queues if queue.name.casefold() == name.casefold()), None)
    if found is None:
        raise Refused(f"There is no queue “{name}”. Name the folder as a queue.", "invalid")
    return found


def default_queue() -> Queue:
    team = Team.objects.order_by("created_at").first()
    if team is None:
        raise Refused("There is no team yet.", "invalid")
    worked = QueueConnection.objects.filter(role=QueueConnection.Role.CONSUMER, agent__deleted_at=None)
    queues = team.queues.live().select_related("team").order_by("created_at")
    found = queues.filter(pk__in=worked.values("queue")).first() or queues.first()
    if found is None:
        raise Refused("There is no queue yet.", "invalid")
    return found


def _move(path: Path, name: str) -> None:
    target = folder() / name
    target.mkdir(exist_ok=True)
    place = target / path.name
    number = 1
    while place.exists():
        number += 1
        place = target / f"{path.stem}-{number}{path.suffix}"
    path.rename(place)


def background_task() -> BackgroundTask:
    return BackgroundTask("mail folder", has_files, take_files, lambda: None)
