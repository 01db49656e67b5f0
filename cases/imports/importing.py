"""Creates the cases of an upload, one slice of its rows after another.

A slice is one transaction that creates its cases and records them on their rows: the process may be killed at any
moment, and no row creates two cases or is skipped. The request that starts the import works on the first slices, and a
background task of the clock on the others.
"""

import logging
import time
from datetime import timedelta
from uuid import UUID

from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import Count
from django.db.models.functions import Now

from cases.models import CaseUpload, Queue, UploadRow
from cases.work.creation import NewCase, SomeRefused, add_cases
from data.errors import Refused
from data.threads import BackgroundTask
from data.tidying import delete_old
from teams.access import live
from teams.audit import audit
from teams.audit.actors import Actor

from .columns import Columns
from .uploads import columns_of, imported_before, preview, said_of

logger = logging.getLogger(__name__)

_SLICE = 200
# How long a request works before it leaves the rest to the background task.
AT_ONCE_SECONDS = 1.0
_KEEP = timedelta(days=7)

State, Status = UploadRow.State, CaseUpload.Status


@transaction.atomic
def start(upload: CaseUpload, *, skip_flawed: bool = False, again: bool = False) -> None:
    """Start an import; starting it twice changes nothing. `again` allows a file that was imported before."""
    queue = Queue.objects.live().select_for_update(no_key=True).filter(pk=upload.queue_id).first()
    if queue is None:
        raise Refused("The queue was deleted.", "not_found")
    if not CaseUpload.objects.select_for_update(no_key=True).filter(pk=upload.pk, status=Status.READY).exists():
        return
    if not again and imported_before(upload):
        raise Refused(
            "This file was imported before. Choose “Import it again” if you want its cases twice.", "imported_before"
        )
    ahead = preview(upload)
    if ahead.flawed and not skip_flawed:
        them = "it" if len(ahead.flawed) == 1 else "them"
        raise Refused(f"{_rows(len(ahead.flawed))} cannot be imported. Skip {them}, or fix the file.", "flawed")
    flawed = [UploadRow(pk=pk, state=State.FAILED, text=words) for pk, words in ahead.flawed.items()]
    UploadRow.objects.bulk_update(flawed, ["state", "text"], batch_size=1000)
    # The rows are read, so the file itself is dropped: it may be large, and holds what people did not import.
    changes = {"status": Status.IMPORTING, "started_at": Now(), "content": None}
    CaseUpload.objects.filter(pk=upload.pk).update(**changes)
    audit.record(upload.team_id, "cases_imported", upload.name, f"{_rows(ahead.total)} into {queue}", of=upload)
    _announce(upload)


def _rows(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"


@transaction.atomic
def stop(upload: CaseUpload, problem: str = "") -> None:
    """Stop an import. Created cases stay and the other rows are skipped. An import that has not started is deleted."""
    CaseUpload.objects.filter(pk=upload.pk, status=Status.READY).delete()
    stopped = {"status": Status.STOPPED, "ended_at": Now(), "problem": problem[:200]}
    if CaseUpload.objects.importing().filter(pk=upload.pk).update(**stopped):
        audit.record(upload.team_id, "import_stopped", upload.name, problem, of=upload)
    _announce(upload)


def process(upload_id: UUID, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and work_slice(upload_id):
        pass


def work_slice(upload_id: UUID) -> bool:
    """Work on one slice. Return False if nothing is left to do, or if another process does it."""
    try:
        return _work_slice(upload_id)
    # The import goes on when the database is back.
    except (DatabaseError, InterfaceError):
        raise
    except Exception:
        logger.exception("import %s", upload_id)
        for upload in CaseUpload.objects.filter(pk=upload_id).defer("content"):
            stop(upload, "Something went wrong. The server’s log has details.")
        return False


@transaction.atomic
def _work_slice(upload_id: UUID) -> bool:
    # The request and the background task may both work on an import: who comes second leaves it to the first.
    mine = CaseUpload.objects.importing().select_for_update(no_key=True, skip_locked=True, of=("self",))
    upload = mine.filter(pk=upload_id).select_related("queue", "user").first()
    if upload is None:
        return False
    if upload.queue.deleted_at:
        stop(upload, "The queue was deleted.")
        return False
    # One transaction for each slice: what is done stays done when the process dies.
    rows = list(upload.rows.filter(state=State.WAITING)[:_SLICE])
    if not rows:
        CaseUpload.objects.filter(pk=upload.pk).update(status=Status.DONE, ended_at=Now())
    else:
        _add(upload, rows)
        UploadRow.objects.bulk_update(rows, ["state", "case", "text"])
    _announce(upload)
    return bool(rows)


def _add(upload: CaseUpload, rows: list[UploadRow]) -> None:
    """Create the cases and record the result on each row. A row that was valid in the preview may be invalid by now."""
    columns = columns_of(upload)
    wanted: list[tuple[UploadRow, NewCase]] = []
    for row in rows:
        try:
            wanted.append((row, columns.new_case(row.cells, row.flaws)))
        except Refused as refusal:
            _fail(row, refusal, columns)
    by = Actor(upload.actor, upload.user)
    # All of a batch is added or nothing, so it is tried again without the rows that were refused.
    while wanted:
        try:
            made = add_cases(upload.queue, [new for _, new in wanted], by=by)
        except SomeRefused as refused:
            for place, why in refused.items.items():
                _fail(wanted[place][0], why, columns)
            wanted = [item for place, item in enumerate(wanted) if place not in refused.items]
            continue
        for (row, _), (case, is_new) in zip(wanted, made, strict=True):
            row.state, row.case = State.ADDED if is_new else State.EXISTING, case
        return


def _fail(row: UploadRow, refusal: Refused, columns: Columns) -> None:
    row.state, row.text = State.FAILED, said_of(row, refusal, columns)


def _announce(upload: CaseUpload) -> None:
    live.announce(upload.team_id, "upload", upload.pk)


def background_task() -> BackgroundTask:
    return BackgroundTask("imports", has_work, process_all, forget_old)


def has_work() -> bool:
    return CaseUpload.objects.importing().exists()


def process_all() -> None:
    """Work on all imports in turns, so that a long one does not delay short ones."""
    while found := list(CaseUpload.objects.importing().order_by("created_at").values_list("pk", flat=True)):
        worked = [work_slice(upload_id) for upload_id in found]
        if not any(worked):
            return  # all are done, or other processes work on them


def forget_old() -> bool:
    return delete_old(CaseUpload.objects.exclude(status=Status.IMPORTING).filter(created_at__lt=Now() - _KEEP))


# --- What became of it -----------------------------------------------------------------------


def outcome(upload: CaseUpload) -> dict[str, int]:
    """Return how many rows are in each state."""
    counts = dict.fromkeys(State.values, 0)
    rows = (
        upload.rows.exclude(state__in=[State.NAMES, State.ABOVE]).order_by().values_list("state").annotate(Count("pk"))
    )
    return counts | {str(state): number for state, number in rows}
