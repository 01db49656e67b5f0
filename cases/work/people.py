"""Whom a case is with when it is with people: a member, a group, a member for a group, or nobody in particular."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from cases.models import Case
from teams.groups import hours
from teams.models import Group, User

# How long a case may wait that is with anyone of the team, before the administrators are reminded of it.
_TEAM_HAS = timedelta(days=1)


@dataclass(frozen=True)
class People:
    """A member or a group. Without both, anyone of the team may take the case."""

    owner: User | None = None
    group: Group | None = None

    @property
    def pk(self) -> UUID | None:
        """The id in a mention of them."""
        return self.owner.uuid if self.owner else self.group.pk if self.group else None

    @property
    def name(self) -> str:
        return str(self.owner or self.group or "the team’s people")


def fields_of(people: People) -> dict[str, Any]:
    """Return what a case with them says of it. A case that has an owner waits for nobody, so it has no time to be taken
    by.
    """
    return {
        "taken_by": str(people.owner)[:100] if people.owner else "",
        "owner_id": people.owner.pk if people.owner else None,
        "group_id": people.group.pk if people.group else None,
        "take_by": None if people.owner else _take_by(people.group),
    }


def _take_by(group: Group | None) -> datetime | None:
    if group is None:
        return timezone.now() + _TEAM_HAS
    if group.due_hours is None:
        return None
    openings = hours.OPENINGS.validate_python(group.hours)
    return hours.due_at(timezone.now(), group.due_hours, openings, group.zone)


def again_fields(case: Case) -> dict[str, Any]:
    """Return the fields of a case that comes back to people, as `kept_fields` kept them. Its group has the same time to
    take it again.
    """
    kept = kept_fields(case)
    return {**kept, "take_by": _take_by(case.group)} if kept and case.group and not case.taken_by else kept


def kept_fields(case: Case) -> dict[str, Any]:
    """Return whom the case stays with; nothing where it is not with people."""
    if not (case.taken_by or case.group_id):
        return {}
    return {"taken_by": case.taken_by, "owner_id": case.owner_id, "group_id": case.group_id}


def told(people: People) -> dict[str, str]:
    """The names that an event keeps of them."""
    return {"target_name": people.name, **({"group_name": people.group.name} if people.group else {})}


def as_data(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as an event keeps them, without those that say nothing."""
    written = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in fields.items()}
    if group_id := written.get("group_id"):
        written["group_id"] = str(group_id)
    return {name: value for name, value in written.items() if value is not None}
