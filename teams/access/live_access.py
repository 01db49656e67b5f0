"""Who holds an open stream, and whether they still may."""

from collections.abc import Iterable
from typing import NamedTuple, cast
from uuid import UUID

from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone

from teams.models import Member, User

from . import two_step


class Holder(NamedTuple):
    """A member in a session, as it was when the stream began. Streams of one session share it."""

    session_key: str
    user_id: int
    team_id: UUID
    role: str
    password: str
    """The hash: a new password ends the sessions of the old one."""


def holder_of(member: Member, request: HttpRequest) -> Holder:
    user = cast(User, request.user)
    return Holder(request.session.session_key or "", user.pk, member.team_id, member.role, user.password)


def still_allowed(holders: Iterable[Holder]) -> set[Holder]:
    """Those whose session, account and membership are as they were, in two queries.

    An administrator whose team requires a second step must have one.
    """
    held = set(holders)
    open_sessions = Session.objects.filter(
        pk__in={holder.session_key for holder in held}, expire_date__gt=timezone.now()
    )
    keys = set(open_sessions.values_list("pk", flat=True))
    members = Member.objects.filter(user__in={holder.user_id for holder in held}, user__is_active=True)
    members = members.exclude(two_step.IS_MISSING, team__require_two_step=True, role=Member.Role.ADMINISTRATOR)
    facts = set(members.values_list("user_id", "team_id", "role", "user__password"))
    return {holder for holder in held if holder.session_key in keys and tuple(holder[1:]) in facts}
