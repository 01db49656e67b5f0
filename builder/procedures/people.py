"""People and groups that procedures mention: who they are now, and what a mention of one is worth."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from builder.models import PeopleMention
from teams.models import Group, Member, Team, User

from .mentions import GROUP, PERSON, people_ids, token
from .targets import DELETED, OK, UNAVAILABLE

_MOST = 8
_MEMBER = "A member of the team"


@dataclass(frozen=True)
class PeopleTarget:
    """A mentioned member or group as the mentioning agent sees it. `kind`: person or group. `id`: of the token."""

    kind: str
    id: UUID
    name: str
    status: str = OK
    explanation: str = ""
    description: str = ""

    @property
    def token(self) -> str:
        """The text that mentions it."""
        return token(self.id, self.name, self.kind)


def find_people(team: Team | UUID, wanted: Iterable[UUID], *, works_queue: bool = True) -> dict[UUID, PeopleTarget]:
    """The team's members and groups of these ids; those who are gone too, as far as their names are known."""
    ids = list(wanted)
    if not ids:
        return {}
    members = Member.objects.filter(team=team, user__uuid__in=ids).select_related("user")
    groups = Group.objects.filter(team=team, pk__in=ids)
    found = [*map(_of_member, members), *map(_of_group, groups)]
    if gone := set(ids) - {one.id for one in found}:
        mentioned = PeopleMention.objects.filter(team=team, user__uuid__in=gone).select_related("user")
        found += [_former(mention.user) for mention in mentioned if mention.user]
    return {one.id: one if works_queue else without_queue(one) for one in found}


def people_rows() -> QuerySet[PeopleMention]:
    """For `of_revision`."""
    works = Member.objects.filter(team=OuterRef("team"), user=OuterRef("user"), user__is_active=True)
    is_member = Exists(works.exclude(role=Member.Role.VIEWER))
    return PeopleMention.objects.select_related("user", "group").annotate(is_member=is_member)


def of_revision(mentioned: Iterable[PeopleMention], *, works_queue: bool) -> list[PeopleTarget]:
    """Return whom a saved revision mentions, in its order; from `people_rows`."""
    found = [_of_mention(row) for row in mentioned]
    return found if works_queue else [without_queue(one) for one in found]


def _of_mention(row: PeopleMention) -> PeopleTarget:
    if row.group:
        return _of_group(row.group)
    assert row.user
    is_member: bool = row.is_member  # type: ignore[attr-defined]
    if is_member:
        return PeopleTarget(PERSON, row.user.uuid, str(row.user), description=_MEMBER)
    return PeopleTarget(PERSON, row.user.uuid, str(row.user), DELETED, f"{row.user} can no longer work cases here.")


def people_names(team_id: UUID, *texts: str) -> dict[UUID, str]:
    """The current names of the members and groups that the texts mention."""
    found = find_people(team_id, {id for text in texts for id in people_ids(text)})
    return {id: one.name for id, one in found.items()}


def search_people(team: Team, words: str, *, works_queue: bool = True) -> list[PeopleTarget]:
    """Those whose name holds the words, people before groups, by name."""
    found = [one for one in all_people(team) if words.casefold() in one.name.casefold()]
    shown = [one for kind in (PERSON, GROUP) for one in [row for row in found if row.kind == kind][:_MOST]]
    return shown if works_queue else [without_queue(one) for one in shown]


def all_people(team: Team) -> list[PeopleTarget]:
    """The members who may work cases, and the groups, each by name."""
    members = Member.objects.filter(team=team, user__is_active=True).exclude(role=Member.Role.VIEWER)
    people = [_of_member(member) for member in members.select_related("user")]
    groups = [_of_group(group) for group in team.groups.live()]
    return [one for some in (people, groups) for one in sorted(some, key=lambda one: one.name.casefold())]


def _of_member(member: Member) -> PeopleTarget:
    is_here = member.user.is_active and member.role != Member.Role.VIEWER
    why = "" if is_here else f"{member.user} cannot work cases: the account is deactivated, or the role is Viewer."
    return PeopleTarget(PERSON, member.user.uuid, str(member.user), OK if is_here else DELETED, why, _MEMBER)


def _former(user: User) -> PeopleTarget:
    return PeopleTarget(PERSON, user.uuid, str(user), DELETED, f"{user} is no longer a member of the team.")


def _of_group(group: Group) -> PeopleTarget:
    why = "This group was deleted." if group.is_deleted else ""
    return PeopleTarget(GROUP, group.pk, group.name, DELETED if group.is_deleted else OK, why, "A group of people")


def without_queue(target: PeopleTarget) -> PeopleTarget:
    """The target as an agent that works no queue sees it: amber."""
    if target.status != OK:
        return target
    why = f"Only cases can go to people, and this agent works no queue, so {target.name} cannot take over."
    return PeopleTarget(target.kind, target.id, target.name, UNAVAILABLE, why, target.description)
