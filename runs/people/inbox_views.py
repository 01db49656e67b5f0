"""The inbox: what agents ask people, who has taken a request on, how it ended, and the cases that are with people."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Model, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Left
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases.models import Case, CaseQuerySet
from cases.models import Status as CaseStatus
from cases.properties.contents import message_of
from cases.search.filters import with_member
from data.errors import Refused
from runs.engine import human_requests
from runs.models import Handover, HumanRequest, HumanRequestQuerySet, RequestEmail
from runs.results.access import question_or_404
from runs.results.forms import AnswerTimeForm, DueForm
from teams.access.permissions import ADMINISTRATOR, OPERATOR, TeamRequest, team_page
from teams.audit import audit
from teams.models import Member, Team
from web.http.paging import Page, page
from web.http.partials import render_page
from web.http.redirects import back
from web.http.toasts import say

OPEN, MINE, ANSWERED, CASES = "open", "mine", "answered", "cases"

_UNDELIVERED = RequestEmail.objects.filter(status=RequestEmail.Status.FAILED).select_related("member__user")
# What handed the case over, by a sentence that is known.
_sent = Handover.objects.filter(
    source__case=OuterRef("pk"), status__in=[Handover.Status.APPLIED, Handover.Status.CANCELLED], passage_end__gt=0
).order_by("-created_at")
_SHOWN = 20
_BEGINNING = 120
# What waits longest comes first, and what was answered last.
_ORDER = {OPEN: ("created_at", "id"), MINE: ("created_at", "id"), ANSWERED: ("-answered_at", "id")}


@require_GET
@team_page
def inbox(request: TeamRequest) -> HttpResponse:
    show, q = request.GET.get("show", ""), request.GET.get("q", "")
    if show == CASES:
        return _cases(request, q)
    show = show if show in _ORDER else OPEN
    found = page(_for_list(find_requests(request.member, show, q)), _ORDER[show], request.GET.get("cursor", ""), _SHOWN)
    chosen = _chosen(request, found.rows)
    case = chosen.run.case if chosen else None
    context = {
        **_about(request, show, q, found),
        "chosen": chosen,
        "message": message_of(case.data) if case and not case.deleted_at else None,
        "members": human_requests.members_of(request.team) if chosen and show != ANSWERED else [],
        "due_presets": DueForm.PRESETS,
    }
    return render_page(request, "runs/inbox.html", context, parts=["results"])


def _cases(request: TeamRequest, q: str) -> HttpResponse:
    rows = find_cases(request.member, q).select_related("queue", "owner", "group").defer("data")
    rows = rows.annotate(sent_by=Subquery(_sent.values("source")[:1]))
    found = page(rows, ("moved_at", "id"), request.GET.get("cursor", ""), _SHOWN)
    chosen = _chosen(request, found.rows)
    message = message_of(chosen.data) if chosen else None
    context = {**_about(request, CASES, q, found), "chosen": chosen, "message": message}
    return render_page(request, "runs/inbox.html", context, parts=["results"])


def _about(request: TeamRequest, show: str, q: str, found: Page[Any]) -> dict[str, Any]:
    """Return what both kinds of lists say. `keep` is what the addresses of their lines keep of this one."""
    kept = {"show": show if show != OPEN else "", "q": q, "cursor": request.GET.get("cursor", "")}
    query = urlencode({name: value for name, value in kept.items() if value})
    return {
        "page": found,
        "show": show,
        "q": q,
        "tabs": _tabs(request, show),
        "now": timezone.now(),
        "keep": f"{query}&" if query else "",
        "is_chosen": any(str(row.pk) == request.GET.get("at") for row in found.rows),
    }


def _chosen[M: Model](request: TeamRequest, rows: Sequence[M]) -> M | None:
    """Return the row that the address names, or the first one: what was named may have been answered."""
    named = (row for row in rows if str(row.pk) == request.GET.get("at"))
    return next(named, rows[0] if rows else None)


@require_GET
@team_page
def inbox_count(request: TeamRequest) -> HttpResponse:
    """Answer with the number of open requests for the navigation: of the menu, or of the bar on phones."""
    place = "bar" if request.GET.get("place") == "bar" else "menu"
    return render(request, "runs/inbox_count.html", {"place": place})


@require_http_methods(["GET", "POST"])
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR)
def request_settings(request: TeamRequest) -> HttpResponseBase:
    """Show and save how long people have to answer requests from now on."""
    form = AnswerTimeForm(
        request.POST if request.method == "POST" else None, initial={"hours": request.team.answer_hours}
    )
    if form.is_valid():
        hours = form.cleaned_data["hours"]
        with transaction.atomic():
            Team.objects.filter(pk=request.team.pk).update(answer_hours=hours)
            if change := audit.changes([("Hours to answer", request.team.answer_hours, hours)]):
                audit.record(request.team.pk, "settings_changed", "Due times", change)
        messages.success(request, "Saved.")
        return redirect("request_settings")
    return render(request, "runs/request_settings.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@team_page(post=OPERATOR)
def assign(request: TeamRequest, id: UUID) -> HttpResponseBase:
    """Assign the request to the member that the form names, or to no one."""
    question = question_or_404(request.team, id)
    try:
        member = _member(request, request.POST.get("member", ""))
        human_requests.assign(question, member, request.actor)
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        say(request, f"Assigned to {member.user}." if member else "Unassigned.")
    return back(request, "inbox")


@require_POST
@team_page(post=OPERATOR)
def due(request: TeamRequest, id: UUID) -> HttpResponseBase:
    """Save until when this one request is to be answered."""
    question, form = question_or_404(request.team, id), DueForm(request.POST)
    try:
        if form.is_valid():
            human_requests.set_due(question, form.cleaned_data["until"])
            say(request, "Due time saved.")
        else:
            messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    except Refused as refusal:
        messages.error(request, refusal.message)
    return back(request, "inbox")


def _member(request: TeamRequest, wanted: str) -> Member | None:
    if not wanted:
        return None
    found = next((member for member in human_requests.members_of(request.team) if str(member.pk) == wanted), None)
    if found is None:
        raise Refused("This person is not a member of the team who can answer.", "invalid")
    return found


def find_requests(member: Member, show: str, q: str = "") -> HumanRequestQuerySet:
    requests = HumanRequest.objects.of_work().filter(team=member.team)
    requests = requests.exclude(status=HumanRequest.Status.OPEN) if show == ANSWERED else requests.open()
    if show == MINE:
        requests = requests.filter(assignee=member)
    for word in q.split():
        requests = requests.filter(_says(word))
    return requests


def find_cases(member: Member, q: str = "") -> CaseQuerySet:
    """Return the cases that the member has, or could take."""
    cases = Case.objects.present().filter(with_member(member), team=member.team, status=CaseStatus.NEEDS_INPUT)
    for word in q.split():
        number = word.removeprefix("#")
        is_number = number.isascii() and number.isdigit() and len(number) < 10
        said = Q(title__icontains=word) | Q(detail__icontains=word)
        cases = cases.filter(said | Q(number=int(number)) if is_number else said)
    return cases


def _says(word: str) -> Q:
    said = Q(question__icontains=word) | Q(details__icontains=word) | Q(answer__icontains=word)
    said |= Q(run__agent__name__icontains=word) | Q(run__case__title__icontains=word)
    number = word.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 10:
        said |= Q(run__case__number=int(number))
    return said


def _for_list(requests: HumanRequestQuerySet) -> HumanRequestQuerySet:
    """Return the rows as the list shows them. `beginning` is how the input of a run without a case begins."""
    return (
        requests.select_related("run__agent", "run__case", "assignee__user", "answered_by")
        .prefetch_related(Prefetch("emails", _UNDELIVERED, to_attr="undelivered"))
        .annotate(beginning=Left("run__input", _BEGINNING))
        .defer("run__input", "run__result", "run__targets", "run__case__data", "run__case__detail")
    )


def _tabs(request: TeamRequest, show: str) -> Sequence[dict[str, Any]]:
    address = reverse("inbox")
    counts = {
        OPEN: find_requests(request.member, OPEN).count(),
        MINE: find_requests(request.member, MINE).count(),
        CASES: find_cases(request.member).count(),
        ANSWERED: None,
    }
    labels = {OPEN: "Questions", MINE: "My questions", CASES: "Cases", ANSWERED: "Answered and closed"}
    return [
        {
            "label": label,
            "url": address if name == OPEN else f"{address}?show={name}",
            "current": name == show,
            "count": counts[name],
        }
        for name, label in labels.items()
    ]
