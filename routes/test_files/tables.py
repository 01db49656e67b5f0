"""Routing tests from the rows of a table: what its columns mean, and what each row would become."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import TextChoices

from builder.models import Agent
from cases.imports.columns import Columns, guess_roles, names_of, text_of
from cases.imports.columns import Role as CaseRole
from cases.models import Case, Queue
from cases.tables.csv_tables import read_csv
from cases.tables.headings import find_names
from cases.tables.table_files import read_file
from cases.tables.tables import Cell, Row, Table
from cases.work.creation import NewCase, judge
from data.errors import Refused
from data.texts.text import prose
from routes.routing_tests import decisions, routing_tests
from routes.routing_tests.batches import NewTest
from routes.routing_tests.decisions import Decision
from runs.opening import samples
from runs.people.starting import INPUT_LIMIT

from .names import Names


class Role(TextChoices):
    """What a column becomes: the same as in cases, and two more."""

    TITLE = CaseRole.TITLE
    DETAILS = "details", "Message"
    EXPECTED = "expected", "Expected decision"
    QUEUE = "queue", "Queue"
    PRIORITY = CaseRole.PRIORITY
    LABELS = CaseRole.LABELS
    FIELD = CaseRole.FIELD
    IGNORE = CaseRole.IGNORE


_NAMES = {
    Role.EXPECTED: {
        "expected",
        "expected decision",
        "expected agent",
        "decision",
        "should go to",
        "route",
        "target",
        "agent",
    },
    Role.DETAILS: {"message", "text", "input", "body"},
    Role.QUEUE: {"queue"},
}
_SINGLE = (Role.TITLE, Role.DETAILS, Role.EXPECTED, Role.QUEUE, Role.PRIORITY, Role.LABELS)


@dataclass(frozen=True)
class Flaw:
    """What is wrong with a cell. `row` is counted as in the text."""

    row: int
    column: str
    words: str


@dataclass(frozen=True)
class Wanted:
    """A row that can become a test. In case mode it has a case and a queue, else a text."""

    row: int
    expected: list[Decision]
    text: str = ""
    case: NewCase | None = None
    queue: Queue | None = None

    @property
    def name(self) -> str:
        return routing_tests.short_name(self.case.title if self.case else self.text)


@dataclass
class Preview:
    """What an import would do with the rows."""

    wanted: list[Wanted] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)

    @property
    def flawed(self) -> int:
        return len({flaw.row for flaw in self.flaws})


@dataclass(frozen=True)
class Sheet:
    """A table with the names of its columns."""

    names: list[str]
    rows: list[Row]

    def guess(self) -> list[str]:
        """The role of each column, by its name."""
        known = [str(role) for role in guess_roles(self.names, [row.cells for row in self.rows])]
        roles = [role if role in Role.values else str(Role.IGNORE) for role in known]
        for at, name in enumerate(self.names):
            called = " ".join(name.lower().replace("_", " ").split())
            role = next((role for role, known in _NAMES.items() if called in known), None)
            if role and role not in roles:
                roles[at] = role
        return roles


def read_upload(content: bytes) -> str:
    """The table of a file as CSV, to be looked at and changed. Refused if there is none."""
    out = io.StringIO()
    rows = read_file(content).rows
    csv.writer(out, lineterminator="\n").writerows([text_of(cell) for cell in row.cells] for row in rows)
    return out.getvalue()


def read_text(text: str) -> Sheet:
    """Refused if there are no rows."""
    table: Table = read_csv(text.encode("utf-8", "replace"), "utf-8")
    place = find_names([row.cells for row in table.rows])
    rows = table.rows if place is None else table.rows[place + 1 :]
    if not rows:
        words = "Enter at least one row below the names of the columns."
        raise Refused(words, "invalid", {"text": words})
    width = max(len(row.cells) for row in table.rows)
    return Sheet(names_of([] if place is None else table.rows[place].cells, width), rows)


def preview(agent: Agent, sheet: Sheet, roles: Sequence[str]) -> Preview:
    """Refused when the columns cannot make tests."""
    if Role.EXPECTED not in roles:
        raise Refused("Choose the column with the expected decision.")
    if Role.TITLE not in roles and Role.DETAILS not in roles:
        raise Refused("Choose the column with the title.")
    if twice := next((role for role in _SINGLE if list(roles).count(role) > 1), None):
        raise Refused(f"Only one column can be this: {Role(twice).label.lower()}.")
    found, reader = Preview(), _Reader(agent, sheet, roles)
    for row in sheet.rows:
        try:
            found.wanted.append(reader.wanted(row))
        except Refused as refusal:
            said = refusal.fields or {"": refusal.message}
            found.flaws += [Flaw(row.number, reader.column_of(name), words) for name, words in said.items()]
    return found


def tests_of(agent: Agent, wanted: Sequence[Wanted]) -> list[NewTest]:
    return [NewTest(one.name, _sample(agent, one), one.expected, one.queue) for one in wanted]


def _sample(agent: Agent, one: Wanted) -> samples.Sample:
    if one.case is None or one.queue is None:
        return samples.alone(agent, one.text)
    priority = Case.Priority.NONE if one.case.priority is None else Case.Priority(one.case.priority)
    told: dict[str, Any] = {"data": one.case.data, "labels": one.case.labels, "priority": priority}
    return samples.typed(agent, one.queue, title=one.case.title, **told)


class _Reader:
    def __init__(self, agent: Agent, sheet: Sheet, roles: Sequence[str]) -> None:
        self.agent, self.sheet, self.roles = agent, sheet, list(roles)
        self.names = Names(agent.team)
        self.queues = {queue.name: queue for queue in routing_tests.queues_of(agent)}
        self.columns = Columns(sheet.names, self.roles)

    def column_of(self, name: str) -> str:
        if name in self.roles and name != Role.FIELD:
            return self.sheet.names[self.roles.index(name)]
        return self.columns.column_of(name) or (Role(name).label if name in Role.values else "")

    def wanted(self, row: Row) -> Wanted:
        if not self.queues:
            return self._standalone(row)
        name = self._said(row, Role.QUEUE)
        queue = _at("queue", lambda: self.queues[self.names.queue_of(self.agent.pk, name)])
        case = self.columns.new_case(row.cells, {str(place): words for place, words in row.flaws.items()})
        if not case.title and (text := self._said(row, Role.DETAILS)):
            case = NewCase(routing_tests.short_name(text), case.data, case.priority, case.labels)
        [judged] = judge(queue, [case])
        if judged.refusal:
            raise judged.refusal
        return Wanted(row.number, self._expected(row, samples.CASE), case=case, queue=queue)

    def _standalone(self, row: Row) -> Wanted:
        text = self._said(row, Role.DETAILS) or self._said(row, Role.TITLE)
        if not text:
            raise Refused("Enter a text.", "invalid", {Role.DETAILS: "Enter a text."})
        return Wanted(row.number, self._expected(row, samples.STANDALONE), prose(text, Role.DETAILS, INPUT_LIMIT))

    def _expected(self, row: Row, mode: str) -> list[Decision]:
        said = self._said(row, Role.EXPECTED)
        if not said:
            raise Refused("Enter a decision.", "invalid", {Role.EXPECTED: "Enter the expected decision."})
        return _at(Role.EXPECTED, lambda: self._decisions(said, mode))

    def _decisions(self, said: str, mode: str) -> list[Decision]:
        """One, or several with a semicolon, a bar or “or” between. The name of an agent may hold any of these."""
        try:
            return [self.names.decision(said, self.agent.pk, mode)]
        except Refused:
            parts = [part for part in said.replace("|", ";").replace(" or ", ";").split(";") if part.strip()]
            if len(parts) < 2:
                raise
        found = [self.names.decision(part, self.agent.pk, mode) for part in parts]
        return decisions.checked(self.agent, mode, found)

    def _said(self, row: Row, role: str) -> str:
        cells: Mapping[str, Cell] = dict(zip(self.roles, row.cells, strict=False))
        return text_of(cells.get(role)).strip()


def _at[T](name: str, act: Callable[[], T]) -> T:
    """Return what `act` returns; what it refuses is about this column."""
    try:
        return act()
    except Refused as refusal:
        raise Refused(refusal.message, "invalid", {name: refusal.message}) from refusal
