"""The files of a case. Their bytes are in Django's storage and are sent only as downloads, so that an uploaded
file cannot run as a page of Baton. Deleting one deletes its bytes; the timeline keeps its name.
"""

import unicodedata
from collections.abc import Sequence

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Sum
from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header

from cases.models import Attachment, Case, Kind
from cases.timeline import timeline
from cases.work import lifecycle
from data.errors import Refused
from teams.audit import audit
from teams.audit.actors import Actor

FILE_LIMIT = 20 * 1024 * 1024
CASE_LIMIT = 200 * 1024 * 1024
FILES_AT_ONCE = 20
FILES_OF_CASE = 200
_NAME_LIMIT = 120
_ENDING_LIMIT = 12

type Upload = UploadedFile[bytes]


def attach(case: Case, files: Sequence[Upload], by: Actor) -> list[Attachment]:
    """Attach all files or none. The bytes are stored before the case is locked, because storage may be slow."""
    _check(files)
    rows = [_stored(case, file, by) for file in files]
    try:
        with transaction.atomic():
            row = lifecycle.lock(case.pk)
            _check_room(row, rows)
            Attachment.objects.bulk_create(rows)
            timeline.record(row, Kind.ATTACHED, by=by, data={"files": [attachment.name for attachment in rows]})
    # Whatever ends this, a killed request too, no stored file stays behind without a row.
    except BaseException:
        for attachment in rows:
            attachment.file.storage.delete(attachment.file.name or "")
        raise
    return rows


def add_stored(case: Case, rows: Sequence[Attachment], by: Actor) -> None:
    """Add files that are stored already to a locked case, as many as it has room for."""
    room, places = CASE_LIMIT - _used(case), FILES_OF_CASE - case.attachments.count()
    added: list[Attachment] = []
    for row in rows:
        if row.size <= room and len(added) < places:
            row.team_id, row.case_id, row.actor, room = case.team_id, case.pk, by.label[:100], room - row.size
            added.append(row)
    if added:
        Attachment.objects.bulk_create(added)
        timeline.record(case, Kind.ATTACHED, by=by, data={"files": [row.name for row in added]})


@transaction.atomic
def detach(attachment: Attachment, by: Actor) -> None:
    row = lifecycle.lock(attachment.case_id)
    gone, _ = Attachment.objects.filter(pk=attachment.pk).delete()
    # Someone else deleted it at the same moment, and has written the event.
    if not gone:
        return
    timeline.record(row, Kind.DETACHED, by=by, data={"files": [attachment.name]})
    audit.record(row.team_id, "file_deleted", row, attachment.name, by=by)
    storage, place = attachment.file.storage, attachment.file.name or ""
    # After the commit: a file cannot be brought back when the row is rolled back.
    transaction.on_commit(lambda: storage.delete(place), robust=True)


def download(attachment: Attachment) -> HttpResponse:
    """Return the file with a content type that no browser displays."""
    try:
        with attachment.file.open() as stored:
            response = HttpResponse(stored.read(), content_type="application/octet-stream")
    except FileNotFoundError as error:
        raise Http404 from error
    response["Content-Disposition"] = content_disposition_header(True, attachment.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def clean_name(name: str) -> str:
    """The last part of a path without control and direction characters, which could deceive a reader or a shell."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(char for char in last if unicodedata.category(char)[0] != "C" or char.isspace())
    words = " ".join(shown.split()).lstrip(".")
    stem, dot, ending = words.rpartition(".")
    # The ending stays whole, since programs open a file by it.
    if stem and len(ending) <= _ENDING_LIMIT:
        return f"{stem[: _NAME_LIMIT - len(ending)].rstrip()}{dot}{ending}"
    return words[:_NAME_LIMIT].rstrip() or "file"


def _check(files: Sequence[Upload]) -> None:
    if not files:
        raise Refused("Choose a file.", "invalid", {"files": "Choose a file."})
    if len(files) > FILES_AT_ONCE:
        raise _too_much(f"Attach at most {FILES_AT_ONCE} files at once.")
    for file in files:
        if (file.size or 0) > FILE_LIMIT:
            raise _too_much(f"{clean_name(file.name or '')} is too large: 20 MB at most.")


def _check_room(case: Case, rows: Sequence[Attachment]) -> None:
    if case.deleted_at:
        raise Refused("This case was deleted.", "not_found")
    if _used(case) + sum(row.size for row in rows) > CASE_LIMIT:
        raise _too_much("The files of a case may hold 200 MB together. Delete some first.")
    if case.attachments.count() + len(rows) > FILES_OF_CASE:
        raise _too_much(f"A case may have {FILES_OF_CASE} files. Delete some first.")


def _used(case: Case) -> int:
    """Return the bytes that the files of the case take."""
    return int(case.attachments.aggregate(size=Sum("size", default=0))["size"])


def _too_much(message: str) -> Refused:
    return Refused(message, "too_large", {"files": message})


def _stored(case: Case, file: Upload, by: Actor) -> Attachment:
    row = Attachment(
        team_id=case.team_id,
        case=case,
        name=clean_name(file.name or ""),
        size=file.size or 0,
        user=by.user,
        actor=by.label[:100],
    )
    row.file.save(row.name, file, save=False)
    return row
