"""The verbs of groups: create, change, delete."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from data.errors import Refused
from data.texts.text import plain_name
from teams.access import live
from teams.audit import audit
from teams.models import Group, GroupMember, Member, Team
from teams.settings import zones
from web.forms.refusals import refusing_a_taken_name

from .hours import OPENINGS, Opening

LIMIT = 100
MOST_HOURS = 1000


@dataclass(frozen=True)
class GroupFields:
    """What is said of a group. `members` are ids of users, `due_hours` working hours or None for no limit."""

    name: str
    members: Collection[UUID] = ()
    time_zone: str = zones.DEFAULT
    hours: Sequence[Opening] = ()
    due_hours: int | None = None


@transaction.atomic
def create_group(team: Team, fields: GroupFields) -> Group:
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    if team.groups.live().count() >= LIMIT:
        raise Refused(f"A team can have at most {LIMIT} groups. Delete one first.", "too_many")
    group = Group(team=team)
    members = _write(group, fields)
    audit.record(team.pk, "group_created", group, audit.facts(Members=_names(members)))
    return group


@transaction.atomic
def change_group(group: Group, fields: GroupFields) -> None:
    """Cases that wait for the group already keep the due time that they have."""
    group = Group.objects.select_for_update(no_key=True).get(pk=group.pk)
    before = _told(group, list(group.members.select_related("user")))
    after = _told(group, _write(group, fields))
    changed = [(name, old, after[name]) for name, old in before.items()]
    if change := audit.changes(changed):
        audit.record(group.team_id, "group_changed", group, change)


@transaction.atomic
def delete_group(group: Group) -> None:
    """Soft: its mentions turn red."""
    if Group.objects.live().filter(pk=group.pk).update(deleted_at=Now()):
        audit.record(group.team_id, "group_deleted", group)
    live.announce(group.team_id, "group", group.pk)


def _write(group: Group, fields: GroupFields) -> list[Member]:
    group.name = plain_name(fields.name, "name", 80)
    group.time_zone = zones.check(fields.time_zone)
    group.hours = OPENINGS.dump_python(list(fields.hours), mode="json", by_alias=True)
    group.due_hours = fields.due_hours
    members = _members(group.team, fields.members)
    with refusing_a_taken_name("live_group_names_are_unique", "A group", group.name):
        group.save()
    kept = GroupMember.objects.filter(group=group)
    kept.exclude(member__in=members).delete()
    new = [GroupMember(team_id=group.team_id, group=group, member=member) for member in members]
    GroupMember.objects.bulk_create(new, ignore_conflicts=True)
    live.announce(group.team_id, "group", group.pk)
    return members


def _members(team: Team, wanted: Collection[UUID]) -> list[Member]:
    members = Member.objects.filter(team=team, user__uuid__in=wanted).select_related("user").order_by("pk")
    if len(found := list(members)) < len(set(wanted)):
        message = "Someone in this list is not a member of the team. Choose members of the team."
        raise Refused(message, "invalid", {"member_ids": message})
    return found


def _told(group: Group, members: Sequence[Member]) -> dict[str, Any]:
    """Return what the audit log compares."""
    return {
        "Name": group.name,
        "Members": _names(members),
        "Time zone": group.time_zone,
        "Hours": "; ".join(f"{', '.join(row['days'])} {row['from']}–{row['to']}" for row in group.hours),
        "Due hours": group.due_hours,
    }


def _names(members: Sequence[Member]) -> list[str]:
    return [f"{member.user} ({member.user.email})" for member in members]
