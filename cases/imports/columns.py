"""The roles that the columns of a table have in cases, and new cases made from its rows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices

from cases.tables.headings import is_value, usual_meaning
from cases.tables.number_formats import in_digits
from cases.tables.tables import Cell
from cases.work.creation import NewCase
from cases.work.details import read_details
from data.errors import Refused

from .priorities import read_priority


class Role(TextChoices):
    TITLE = "title", "Title"
    DETAILS = "details", "Details"
    PRIORITY = "priority", "Priority"
    LABELS = "labels", "Labels"
    EXTERNAL_ID = "external_id", "External id"
    FIELD = "field", "Keep as field"
    IGNORE = "ignore", "Skip"


# Only one column each.
SINGLE = (Role.TITLE, Role.DETAILS, Role.PRIORITY, Role.LABELS, Role.EXTERNAL_ID)

_NAME_LENGTH = 80


def names_of(first: Sequence[Cell], width: int) -> list[str]:
    """Return a unique name for each column; "Column C" for one without a name."""
    names: list[str] = []
    for place in range(width):
        cell = first[place] if place < len(first) else None
        wanted = " ".join(text_of(cell).split())[:_NAME_LENGTH] or unnamed(place)
        name, count = wanted, 1
        while name in names:
            count += 1
            name = f"{wanted} {count}"
        names.append(name)
    return names


def unnamed(place: int) -> str:
    return f"Column {letters(place)}"


def letters(place: int) -> str:
    """Return a spreadsheet's name of a column: "A" for 0, "AB" for 27."""
    return (letters(place // 26 - 1) if place >= 26 else "") + chr(65 + place % 26)


def guess_roles(names: Sequence[str], rows: Sequence[Sequence[Cell]] = ()) -> list[Role]:
    """Guess the roles by name. The title is the first text column without another role. Empty columns are skipped."""
    columns = [[row[at] for row in rows if at < len(row) and row[at] is not None] for at in range(len(names))]
    roles = [Role.IGNORE if rows and not cells else Role.FIELD for cells in columns]
    for at, name in enumerate(names):
        usual = usual_meaning(name)
        if usual and usual.value not in roles:
            roles[at] = Role(usual.value)
    if Role.TITLE not in roles:
        free = [at for at, role in enumerate(roles) if role == Role.FIELD] or [0]
        texts = [at for at in free if not all(map(is_value, columns[at]))]
        roles[(texts or free)[0]] = Role.TITLE
    return roles


def text_of(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return in_digits(cell)
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


@dataclass(frozen=True)
class Columns:
    """The columns of a table, and what they become. `schema`: what the queue asks of the details, which says whether
    the text of a CSV file is a number.
    """

    names: Sequence[str]
    roles: Sequence[str]
    schema: Mapping[str, Any] | None = None

    def new_case(self, cells: Sequence[Cell], flaws: Mapping[str, str]) -> NewCase:
        """Return the case of a row. Refused, at the fields of a case, if the cells make no valid case."""
        wrong = {self._field(int(place)): words for place, words in flaws.items() if self._is_used(int(place))}
        said = {role: text_of(self._cell(cells, role)).strip() for role in SINGLE}
        priority = read_priority(said[Role.PRIORITY]) if said[Role.PRIORITY] else None
        if said[Role.PRIORITY] and priority is None and "priority" not in wrong:
            wrong["priority"] = f"“{said[Role.PRIORITY][:40]}” is not a priority. Use high, medium or none."
        if wrong:
            raise Refused("This row has errors.", "invalid", wrong)
        return NewCase(
            title=said[Role.TITLE],
            data=self._data(cells),
            priority=priority,
            labels=[label for part in re.split(r"[,;\n]", said[Role.LABELS]) if (label := part.strip())],
            external_id=" ".join(said[Role.EXTERNAL_ID].split()) or None,
        )

    def _cell(self, cells: Sequence[Cell], role: Role) -> Cell:
        return next((cell for cell, its in zip(cells, self.roles, strict=False) if its == role), None)

    def _is_used(self, place: int) -> bool:
        return place >= len(self.roles) or self.roles[place] != Role.IGNORE

    def _field(self, place: int) -> str:
        """Return the field of an error; an error beyond the last column concerns the whole row."""
        if place >= len(self.roles):
            return ""
        role = self.roles[place]
        return f"data.{self.names[place]}" if role in (Role.FIELD, Role.DETAILS) else role

    def _data(self, cells: Sequence[Cell]) -> Any:
        fields = {
            name: self._fitting(name, cell)
            for name, role, cell in zip(self.names, self.roles, cells, strict=False)
            if role == Role.FIELD and cell is not None
        }
        details = read_details(text_of(self._cell(cells, Role.DETAILS)))
        if Role.FIELD not in self.roles or not details:
            return fields or details
        if isinstance(details, dict):
            return details | fields
        return {self.names[list(self.roles).index(Role.DETAILS)]: details} | fields

    def _fitting(self, name: str, cell: Cell) -> Cell:
        """Convert a value as the schema requires if that loses nothing: "12" to a number, 12 to text."""
        properties = (self.schema or {}).get("properties")
        wanted = properties.get(name) if isinstance(properties, dict) else None
        kind = wanted.get("type") if isinstance(wanted, dict) else None
        if kind == "string":
            return text_of(cell)
        if not isinstance(cell, str):
            return cell
        text = cell.strip()
        if kind == "boolean" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        if kind in ("integer", "number") and re.fullmatch(r"-?\d{1,15}", text):
            return int(text)
        if kind == "number" and re.fullmatch(r"-?\d{1,15}\.\d{1,15}", text):
            return float(text)
        return cell

    def column_of(self, field: str) -> str:
        """Return the column that an error at a field of a case concerns."""
        whole, _, part = field.partition(".")
        if whole == "data":
            fields = [name for name, role in zip(self.names, self.roles, strict=False) if role == Role.FIELD]
            inside = next((name for name in fields if part == name or part.startswith(f"{name}.")), "")
            return inside or part or next(iter(self._called(Role.DETAILS)), "Details")
        return next(iter(self._called(whole)), Role(whole).label if whole in Role.values else "")

    def _called(self, role: str) -> list[str]:
        return [name for name, its in zip(self.names, self.roles, strict=False) if its == role]
