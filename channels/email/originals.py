"""Emails as they came, and their files, in Django's storage.

Each has a place that follows from its bytes. An email that is taken in twice, as after a crash, is kept once, and
nothing is left behind that no row knows of.
"""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import Http404, HttpResponse

from cases.models import Attachment, CaseMessage
from channels.mime.reading import EmailFile
from channels.models import Arrival, Source


def keep(source: Source, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    return _kept(f"emails/{source.team_id}/{source.pk}/{digest}.eml", content)


def keep_files(original: str, files: Sequence[EmailFile]) -> list[Attachment]:
    """Return rows for the files, to be added to a case."""
    folder = original.removesuffix(".eml")
    return [
        Attachment(name=file.name, size=len(file.data), file=_kept(f"{folder}/{place}", file.data))
        for place, file in enumerate(files)
    ]


def _kept(place: str, content: bytes) -> str:
    if default_storage.exists(place) and default_storage.size(place) == len(content):
        return place
    default_storage.delete(place)  # half of it, of a process that was killed
    return default_storage.save(place, ContentFile(content))


def read(original: str) -> bytes:
    with default_storage.open(original) as stored:
        return bytes(stored.read())


def download(original: str, name: str) -> HttpResponse:
    """Send the original with a content type that no browser displays."""
    try:
        content = read(original)
    except OSError as error:
        raise Http404 from error
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{name}.eml"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def forget(team_id: UUID, places: Sequence[str]) -> None:
    """Delete those that neither a message of a case nor an arrival names any more."""
    named = set(CaseMessage.objects.filter(team_id=team_id, original__in=places).values_list("original", flat=True))
    named |= set(Arrival.objects.filter(team_id=team_id, original__in=places).values_list("original", flat=True))
    for place in set(places) - named - {""}:
        default_storage.delete(place)
