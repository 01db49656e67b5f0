"""Requests to people that are not answered: a reminder when their time is nearly up, and then another member, once."""

from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q
from django.db.models.functions import Now

from runs.models import HumanRequest
from runs.notifications import request_email
from teams.access import live
from teams.models import Member

_AT_ONCE = 200


def remind_of_what_is_due_soon() -> None:
    """Do this chore of the clock; see `runs.workers.clock.sweep`."""
    soon = HumanRequest.objects.of_work().open().filter(remind_at__lte=Now()).order_by("remind_at")
    for request_id in list(soon.values_list("pk", flat=True)[:_AT_ONCE]):
        _remind(request_id)


@transaction.atomic
def _remind(request_id: UUID) -> None:
    row = HumanRequest.objects.open().filter(pk=request_id, remind_at__lte=Now())
    if row.update(remind_at=None):
        request_email.due_soon(HumanRequest.objects.select_related("assignee").get(pk=request_id))


def pass_on_what_is_due() -> None:
    """Do this chore of the clock; see `runs.workers.clock.sweep`."""
    due = HumanRequest.objects.of_work().open().filter(due_at__lte=Now(), passed_on_at=None)
    for request_id in list(due.order_by("due_at").values_list("pk", flat=True)[:_AT_ONCE]):
        _pass_on(request_id)


@transaction.atomic
def _pass_on(request_id: UUID) -> None:
    requests = HumanRequest.objects.open().select_for_update(no_key=True)
    request = requests.filter(pk=request_id, passed_on_at=None).first()
    if request is None:
        return  # answered in the meantime
    other = _another_member(request)
    request.assignee = other or request.assignee
    request.passed_on_at = Now()
    request.save(update_fields=["assignee", "passed_on_at"])
    if other:
        request_email.passed_on(request, other)
    live.announce(request.team_id, "request", request.pk)


def _another_member(request: HumanRequest) -> Member | None:
    """Return the member with the fewest open requests, of those who are not viewers."""
    others = Member.objects.filter(team=request.team_id, user__is_active=True).exclude(role=Member.Role.VIEWER)
    if request.assignee_id:
        others = others.exclude(pk=request.assignee_id)
    is_waiting = Q(human_requests__in=HumanRequest.objects.of_work().open().filter(team=request.team_id))
    waiting = Count("human_requests", filter=is_waiting)
    return others.annotate(waiting=waiting).order_by("waiting", "pk").first()
