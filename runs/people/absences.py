"""Cases that people leave lying: nobody of a group takes one in time, or who has it is away, or no longer there."""

from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from cases.models import Case, Reason, Status
from cases.work import lifecycle as case_lifecycle
from cases.work.people import People
from runs.notifications import case_email
from teams.audit.actors import BATON
from teams.models import Group, Member
from web.format.times import exact

_AT_ONCE = 200


def tell_what_nobody_took() -> None:
    """Part of every sweep."""
    late = Case.objects.present().filter(take_by__lte=Now(), overdue_at=None).order_by("take_by")
    for case_id in list(late.values_list("pk", flat=True)[:_AT_ONCE]):
        _tell(case_id)


@transaction.atomic
def _tell(case_id: UUID) -> None:
    case = case_lifecycle.lock(case_id)
    if case.deleted_at or case.overdue_at or not case.take_by or case.take_by > timezone.now():
        return  # someone took it in the meantime
    case_lifecycle.overdue(case, f"It should have been taken by {exact(case.take_by)}.")
    case_email.overdue(case)


def pass_on_what_is_left() -> None:
    """Part of every sweep."""
    open_ones = Case.objects.present().filter(status=Status.NEEDS_INPUT)
    owned = open_ones.filter(~Exists(_present(user=OuterRef("owner"), team=OuterRef("team"))), owner__isnull=False)
    for case_id in list(owned.values_list("pk", flat=True)[:_AT_ONCE]):
        _pass_on(case_id)
    left = open_ones.filter(
        ~Exists(_with_members().filter(pk=OuterRef("group"))), group__isnull=False, reason=Reason.WITH_PEOPLE
    )
    for case_id in list(left.filter(taken_by="").values_list("pk", flat=True)[:_AT_ONCE]):
        _pass_on(case_id)


def _present(**of: object) -> QuerySet[Member]:
    at_work = Q(away_until=None) | Q(away_until__lte=Now())
    return Member.objects.filter(at_work, user__is_active=True, **of).exclude(role=Member.Role.VIEWER)


def _with_members() -> QuerySet[Group]:
    """The groups that are there, with members who may work cases; who is away comes back."""
    able = Member.objects.filter(user__is_active=True).exclude(role=Member.Role.VIEWER)
    return Group.objects.live().filter(Exists(able.filter(groups=OuterRef("pk"))))


@transaction.atomic
def _pass_on(case_id: UUID) -> None:
    """Pass what is left to the group that it came from, else to anyone of the team."""
    case = case_lifecycle.lock(case_id)
    if case.deleted_at or case.status != Status.NEEDS_INPUT:
        return
    group = _with_members().filter(pk=case.group_id).first() if case.group_id else None
    if case.owner_id is not None:
        if _present(user=case.owner_id, team=case.team_id).exists():
            return
        why = _why_not(case)
    elif case.group_id is None or group is not None:
        return
    else:
        why = (
            f"{case.group} was deleted."
            if case.group and case.group.is_deleted
            else f"{case.group} has no members who may work cases."
        )
    case_lifecycle.assign_to_people(case, People(group=group), why)
    case_email.assigned(case, BATON)


def _why_not(case: Case) -> str:
    member = Member.objects.filter(user=case.owner_id, team=case.team_id, user__is_active=True).first()
    if member is None:
        return f"{case.owner} is no longer a member of the team."
    if member.role == Member.Role.VIEWER:
        return f"{case.owner} may no longer work cases."
    return f"{case.owner} is away until {exact(member.away_until)}." if member.away_until else ""
