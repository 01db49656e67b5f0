"""Tables that somebody uploaded or pasted, to make a case of each row: read, and looked at before anything is made."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from teams.errors import Refused
from teams.models import User

from .attachments import clean_name
from .columns import SINGLE, Columns, Role, guess_roles, has_names, names_of
from .creation import Judged, NewCase, judge
from .csv_tables import read_csv, read_lines, read_paragraphs
from .models import Case, CaseUpload, Queue, UploadRow
from .table_files import read_file
from .tables import Table

Form, State, Status = CaseUpload.Form, UploadRow.State, CaseUpload.Status


# --- Reading ---------------------------------------------------------------------------------


def keep(queue: Queue, user: User, name: str, content: bytes, form: str = Form.FILE) -> CaseUpload:
    """Refused, with the reason, when no table can be read from it."""
    upload = CaseUpload(
        team_id=queue.team_id,
        queue=queue,
        user=user,
        actor=str(user)[:100],
        name=clean_name(name),
        form=form,
        digest=hashlib.sha256(content).hexdigest(),
        content=content,
    )
    table = _read(upload)
    upload.has_names = form in (Form.LINES, Form.PARAGRAPHS) or has_names([row.cells for row in table.rows])
    _write(upload, table)
    return upload


def read_again(upload: CaseUpload, *, encoding: str, separator: str, sheet: str, names: bool) -> None:
    """In another way than was guessed. The columns are guessed anew, and of another sheet whether they have names."""
    is_other = sheet != upload.sheet
    upload.encoding, upload.separator, upload.sheet, upload.has_names = encoding, separator, sheet, names
    table = _read(upload)
    if is_other:
        upload.has_names = has_names([row.cells for row in table.rows])
    _write(upload, table)


def _read(upload: CaseUpload) -> Table:
    content = bytes(upload.content or b"")
    if upload.form == Form.LINES:
        return read_lines(content.decode())
    if upload.form == Form.PARAGRAPHS:
        return read_paragraphs(content.decode())
    if upload.form == Form.TABLE:
        return read_csv(content, "utf-8", upload.separator)
    return read_file(content, upload.encoding, upload.separator, upload.sheet)


@transaction.atomic
def _write(upload: CaseUpload, table: Table) -> None:
    upload.encoding, upload.separator, upload.sheet, upload.sheets = (
        table.encoding,
        table.separator,
        table.sheet[:100],
        table.sheets,
    )
    if len(table.rows) <= upload.has_names:
        raise Refused("There are only names of columns in it, and no rows.", "unreadable", {"file": "No rows in it."})
    width = max(len(row.cells) for row in table.rows)
    upload.roles = guess_roles(names_of(table.rows[0].cells if upload.has_names else [], width))
    is_new = upload._state.adding
    upload.save()
    if not is_new:
        upload.rows.all().delete()
    rows = [UploadRow(upload=upload, number=row.number, cells=row.cells, flaws=row.flaws) for row in table.rows]
    if upload.has_names:
        rows[0].state = State.NAMES
    UploadRow.objects.bulk_create(rows, batch_size=2000)


def choose_roles(upload: CaseUpload, roles: Sequence[str]) -> None:
    """Refused when they make no cases."""
    counts = Counter(roles)
    if not counts[Role.TITLE]:
        raise Refused("Please say which column is the title.", "invalid")
    if twice := next((role for role in SINGLE if counts[role] > 1), None):
        raise Refused(f"Only one column can be this: {twice.label.lower()}.", "invalid")
    upload.roles = list(roles)
    CaseUpload.objects.filter(pk=upload.pk, status=Status.READY).update(roles=upload.roles)


# --- Looking ahead ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Flaw:
    """What is wrong with a cell. `row` counts as spreadsheet programs do."""

    row: int
    column: str
    words: str


@dataclass
class Preview:
    """What an import would do with the rows. `samples`: the first of them as the cases they would be."""

    total: int = 0
    new: int = 0
    existing: int = 0
    samples: list[Case] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    flawed: dict[int, str] = field(default_factory=dict)


def columns_of(upload: CaseUpload) -> Columns:
    first = upload.rows.filter(state=State.NAMES).first()
    names = names_of(first.cells if first else [], len(upload.roles))
    return Columns(names, upload.roles, upload.queue.data_schema)


def preview(upload: CaseUpload, samples: int = 5) -> Preview:
    columns = columns_of(upload)
    found = Preview()
    for row, judged in _judge(upload.queue, columns, list(upload.rows.filter(state=State.WAITING))):
        found.total += 1
        if judged.refusal:
            flaws = _flaws(row, judged.refusal, columns)
            found.flaws += flaws
            found.flawed[row.pk] = said_of(row, judged.refusal, columns)
        elif judged.is_new and judged.case:
            found.new += 1
            if len(found.samples) < samples:
                found.samples.append(judged.case)
        else:
            found.existing += 1
    return found


def _judge(queue: Queue, columns: Columns, rows: Sequence[UploadRow]) -> list[tuple[UploadRow, Judged]]:
    items: list[tuple[UploadRow, NewCase]] = []
    found: dict[int, Judged] = {}
    for row in rows:
        try:
            items.append((row, columns.new_case(row.cells, row.flaws)))
        except Refused as refusal:
            found[row.pk] = Judged(refusal=refusal)
    judged = judge(queue, [item for _, item in items])
    found |= {row.pk: result for (row, _), result in zip(items, judged, strict=True)}
    return [(row, found[row.pk]) for row in rows]


def _flaws(row: UploadRow, refusal: Refused, columns: Columns) -> list[Flaw]:
    said = refusal.fields or {"": refusal.message}
    return [Flaw(row.number, columns.column_of(name), words) for name, words in said.items()]


def said_of(row: UploadRow, refusal: Refused, columns: Columns) -> str:
    """In one line, what is wrong with a row."""
    flaws = _flaws(row, refusal, columns)
    return " ".join(f"{flaw.column}: {flaw.words}" if flaw.column else flaw.words for flaw in flaws)


def imported_before(upload: CaseUpload) -> CaseUpload | None:
    """The last import of the same file into the same queue, as far as it is remembered."""
    same = CaseUpload.objects.filter(team=upload.team_id, queue=upload.queue_id, digest=upload.digest)
    return same.exclude(started_at=None).exclude(pk=upload.pk).defer("content").order_by("-started_at").first()
