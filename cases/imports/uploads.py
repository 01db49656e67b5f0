"""Uploaded and pasted tables: how they are read, and the preview of the cases their rows would become."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from cases.collaboration.attachments import clean_name
from cases.models import Case, CaseUpload, Queue, UploadRow
from cases.tables.csv_tables import read_csv, read_lines, read_paragraphs
from cases.tables.headings import find_names
from cases.tables.table_files import read_file
from cases.tables.tables import Row, Table
from cases.work.creation import Judged, NewCase, judge
from data.errors import Refused
from teams.models import User

from .columns import SINGLE, Columns, Role, guess_roles, names_of

Form, State, Status = CaseUpload.Form, UploadRow.State, CaseUpload.Status


# --- Reading ---------------------------------------------------------------------------------


def store_upload(queue: Queue, user: User, name: str, content: bytes, form: str = Form.FILE) -> CaseUpload:
    """Store an upload. Refused, with the reason, if no table can be read from it."""
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
    upload.names_row = _guess_names(table)
    _write(upload, table)
    return upload


def read_again(upload: CaseUpload, *, encoding: str, separator: str, sheet: str, names_row: int | None) -> None:
    """Read the file in another way than was guessed. The columns are guessed again, and with another sheet or separator
    also which row has their names.
    """
    is_other = (sheet, separator) != (upload.sheet, upload.separator) and names_row == upload.names_row
    upload.encoding, upload.separator, upload.sheet, upload.names_row = encoding, separator, sheet, names_row
    table = _read(upload)
    if is_other:
        upload.names_row = _guess_names(table)
    _write(upload, table)


def _guess_names(table: Table) -> int | None:
    place = find_names([row.cells for row in table.rows])
    return None if place is None else table.rows[place].number


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
    names = next((row for row in table.rows if row.number == upload.names_row), None)
    above = [row for row in table.rows if names and row.number < names.number]
    below = table.rows[len(above) + (names is not None) :]
    if not below:
        raise Refused("There are only names of columns in it, and no rows.", "unreadable", {"file": "No rows in it."})
    width = _even_out(names, below)
    upload.names_row = names.number if names else None
    # What could not be read is something all the same.
    seen = [[row.flaws.get(at) if cell is None else cell for at, cell in enumerate(row.cells)] for row in below]
    upload.roles = guess_roles(names_of(names.cells if names else [], width), seen)
    is_new = upload._state.adding
    upload.save()
    if not is_new:
        upload.rows.all().delete()
    states = [*[State.ABOVE] * len(above), *[State.NAMES] * (names is not None), *[State.WAITING] * len(below)]
    rows = [
        UploadRow(upload=upload, number=row.number, cells=row.cells, flaws=row.flaws, state=state)
        for row, state in zip(table.rows, states, strict=True)
    ]
    UploadRow.objects.bulk_create(rows, batch_size=2000)


def _even_out(names: Row | None, rows: Sequence[Row]) -> int:
    """Return how many columns there are. Of a CSV file it is the length of most rows that counts: a longer one has a
    flaw, a shorter one keeps its length.
    """
    width = max(len(row.cells) for row in [*rows, names or rows[0]])
    if not rows[0].length:
        return width
    lengths = Counter(row.length for row in rows)
    usual = max(lengths, key=lambda length: (lengths[length], length))
    if names and len(lengths) == 1 and usual == names.length + 1 == width:
        names.cells.insert(0, None)  # programs for statistics leave out the name of their index
    usual = max(usual, len(names.cells) if names else 0)
    for row in rows:
        if len(row.cells) > usual:
            row.flaws[usual] = (
                f"This row has {row.length} cells, and the table {usual} columns. "
                "Put quotation marks around a text that holds the separator."
            )
        else:
            row.cells += [None] * (min(row.length, usual) - len(row.cells))
    return min(width, usual)


def choose_roles(upload: CaseUpload, roles: Sequence[str]) -> None:
    """Set the roles of the columns. Refused if no cases can be made with them."""
    counts = Counter(roles)
    if not counts[Role.TITLE]:
        raise Refused("Choose the column that is the title.", "invalid")
    if twice := next((role for role in SINGLE if counts[role] > 1), None):
        raise Refused(f"Only one column can be this: {twice.label.lower()}.", "invalid")
    upload.roles = list(roles)
    CaseUpload.objects.filter(pk=upload.pk, status=Status.READY).update(roles=upload.roles)


# --- Looking ahead ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Flaw:
    """What is wrong with a cell. `row` is the number in a spreadsheet program."""

    row: int
    column: str
    words: str


@dataclass
class Preview:
    """What an import would do with the rows. `samples`: the first of them as the cases they would be. `short`: the
    numbers of those that have fewer cells than most others, in a file that separates cells by a sign. `filled`: the
    columns, from 0, in which anything stands.
    """

    total: int = 0
    new: int = 0
    existing: int = 0
    samples: list[Case] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    flawed: dict[int, str] = field(default_factory=dict)
    short: list[int] = field(default_factory=list)
    filled: set[int] = field(default_factory=set)


def columns_of(upload: CaseUpload) -> Columns:
    first = upload.rows.filter(state=State.NAMES).first()
    names = names_of(first.cells if first else [], len(upload.roles))
    return Columns(names, upload.roles, upload.queue.data_schema)


def preview(upload: CaseUpload, samples: int = 5) -> Preview:
    columns = columns_of(upload)
    found = Preview()
    rows = list(upload.rows.filter(state=State.WAITING))
    short = [row.number for row in rows if upload.separator and len(row.cells) < len(upload.roles)]
    found.filled = {at for row in rows for at, cell in enumerate(row.cells) if cell is not None or str(at) in row.flaws}
    found.short = short if len(short) * 2 < len(rows) else []
    for row, judged in _judge(upload.queue, columns, rows):
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
    """Return what is wrong with a row, in one line."""
    flaws = _flaws(row, refusal, columns)
    return " ".join(f"{flaw.column}: {flaw.words}" if flaw.column else flaw.words for flaw in flaws)


def imported_before(upload: CaseUpload) -> CaseUpload | None:
    """Return the last known import of the same file into the same queue."""
    same = CaseUpload.objects.filter(team=upload.team_id, queue=upload.queue_id, digest=upload.digest)
    others = same.exclude(started_at=None).exclude(pk=upload.pk).select_related("user")
    return others.defer("content").order_by("-started_at").first()
