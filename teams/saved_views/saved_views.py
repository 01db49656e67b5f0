"""The verbs of saved views, and which of them a member has."""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlencode

from django.db import transaction
from django.db.models import Q, QuerySet

from data.errors import Refused
from data.texts.text import plain_name
from teams.models import Member, SavedView, Team
from web.forms.refusals import refusing_a_taken_name

# For each list: as many own ones, and as many of the team.
LIMIT = 20
_NAME_LIMIT = 60
_QUERY_LIMIT = 2000
# Where in a list someone is, and what they have chosen in it, is no part of a view.
_PASSING = {"cursor", "at"}


def views_of(member: Member) -> QuerySet[SavedView]:
    """A member's own views and those of the team."""
    return SavedView.objects.filter(Q(owner=member) | Q(owner=None), team=member.team_id)


def changeable(member: Member) -> QuerySet[SavedView]:
    """Those that a member may rename and delete: one's own, and as an operator those of the team."""
    return views_of(member) if member.operates else views_of(member).filter(owner=member)


def canonical(query: str) -> str:
    """The query of a list without what is empty or passing: the same for all addresses that show the same."""
    pairs = parse_qsl(query)
    return urlencode(sorted((name, value) for name, value in pairs if value.strip() and name not in _PASSING))


def save_view(member: Member, list: str, name: str, query: str, *, is_shared: bool = False) -> SavedView:
    """Keep a list as it is filtered now. `is_shared`: for the whole team, which operators may do."""
    if list not in SavedView.List.values:
        raise Refused("There is no such list.", "invalid", {"list": "There is no such list."})
    kept = canonical(query)
    if not kept or len(kept) > _QUERY_LIMIT:
        wrong = "Filter the list first." if not kept else "These filters are too long to be saved."
        raise Refused(wrong, "invalid", {"query": wrong})
    if is_shared and not member.operates:
        wrong = "Only operators can share a view with the team."
        raise Refused(wrong, "forbidden", {"is_shared": wrong})
    owner = None if is_shared else member
    with transaction.atomic():
        Team.objects.select_for_update(no_key=True).get(pk=member.team_id)
        if SavedView.objects.filter(team=member.team_id, owner=owner, list=list).count() >= LIMIT:
            raise Refused(f"A list can have at most {LIMIT} views. Delete one first.", "too_many")
        row = SavedView(team_id=member.team_id, owner=owner, list=list, query=kept)
        rename_view(row, name)
    return row


def rename_view(row: SavedView, name: str) -> None:
    row.name = plain_name(name, "name", _NAME_LIMIT)
    with refusing_a_taken_name("saved_view_names_are_unique", "A view", row.name):
        row.save()


def by_list(member: Member) -> Mapping[str, Sequence[SavedView]]:
    """The views that a member sees, by list."""
    found: dict[str, list[SavedView]] = {}
    for row in views_of(member):
        found.setdefault(row.list, []).append(row)
    return found
