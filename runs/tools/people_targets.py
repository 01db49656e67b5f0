"""The people that a run may hand its case over to."""

from typing import Any
from uuid import UUID

from cases.work.people import People
from teams.models import Group, Member

PERSON, GROUP = "person", "group"

# The members and groups that a revision mentions and that are there, as JSON; of a run's agent the live one.
MENTIONED = """(
    select coalesce(json_agg(json_build_object('kind', kind, 'id', id, 'name', name) order by position), '[]')::text
    from (
        select 'person' as kind, person.uuid as id, mention.position,
            coalesce(nullif(trim(person.first_name || ' ' || person.last_name), ''), person.email) as name
        from builder_peoplemention mention
        join teams_user person on person.id = mention.user_id and person.is_active
        join teams_member member on member.user_id = person.id and member.team_id = mention.team_id
            and member.role <> 'viewer'
        where mention.revision_id = wanted.id
        union all
        select 'group', people.id, mention.position, people.name
        from builder_peoplemention mention
        join teams_group people on people.id = mention.group_id and people.deleted_at is null
        where mention.revision_id = wanted.id
    ) found
)"""


def people_of(row: dict[str, Any], team_id: UUID) -> People | None:
    """Return whom a row of the targets means; None when they are gone since."""
    if row["kind"] == GROUP:
        group = Group.objects.live().filter(team=team_id, pk=row["agent_id"]).first()
        return People(group=group) if group else None
    members = Member.objects.filter(team=team_id, user__uuid=row["agent_id"], user__is_active=True)
    member = members.exclude(role=Member.Role.VIEWER).select_related("user").first()
    return People(owner=member.user) if member else None


def receiver(people: People) -> dict[str, Any]:
    """The people as a handover has them."""
    return {"person": people.owner, "group": people.group}
