"""The bell, and the page that it opens with the notifications of a member."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from cases.models import Notification
from data.ids import parse_uuid
from teams.access.permissions import VIEWER, TeamRequest, team_page
from teams.models import NotificationKind
from web.http.paging import page
from web.http.partials import render_page
from web.http.redirects import back
from web.http.toasts import say

from . import notifications as verbs

UNREAD, ALL = "unread", "all"
_SHOWN = 30


@require_GET
@team_page
def notifications(request: TeamRequest) -> HttpResponse:
    show = ALL if request.GET.get("show") == ALL else UNREAD
    kind = request.GET.get("kind", "")
    kind = kind if kind in NotificationKind.values else ""
    rows = verbs.of_member(request.member).select_related("case", "agent").defer("case__data", "case__detail")
    rows = rows.filter(read_at=None) if show == UNREAD else rows
    rows = rows.filter(kind=kind) if kind else rows
    context = {
        "page": page(rows, ("-at", "-id"), request.GET.get("cursor", ""), _SHOWN),
        "show": show,
        "kind": kind,
        "kinds": NotificationKind.choices,
        "kind_label": NotificationKind(kind).label if kind else "",
        "tabs": _tabs(show, kind),
        "here": request.get_full_path(),
        "watched": f"bell:{request.member.pk}",
    }
    return render_page(request, "cases/notifications.html", context, parts=["results"])


def _tabs(show: str, kind: str) -> list[dict[str, Any]]:
    return [
        {"label": label, "url": f"?{urlencode({'show': name, 'kind': kind})}", "current": name == show}
        for name, label in ((UNREAD, "Unread"), (ALL, "All"))
    ]


@require_GET
@team_page
def bell(request: TeamRequest) -> HttpResponse:
    """Answer with the bell of the menu, or of the top of a page on phones."""
    place = "top" if request.GET.get("place") == "top" else "menu"
    return render(request, "cases/bell.html", {"place": place})


@require_GET
@team_page
def notification_open(request: TeamRequest, id: UUID) -> HttpResponseBase:
    """Redirect to what the notification is about, and mark it as read, as the page of a case does."""
    row = get_object_or_404(verbs.of_member(request.member), pk=id)
    verbs.mark_read(request.member, [row.pk])
    return redirect(address_of(row))


def address_of(row: Notification) -> str:
    if row.kind == NotificationKind.CHECKS:
        return reverse("check", args=[row.subject_id])
    if row.run_id:
        return reverse("run", args=[row.run_id])
    return reverse("case", args=[row.case_id])


@require_POST
@team_page(post=VIEWER)
def notifications_read(request: TeamRequest) -> HttpResponseBase:
    """Mark the one that the form names as read, or all of a kind, or all."""
    wanted, kind = request.POST.get("id", ""), request.POST.get("kind", "")
    ids = [get_object_or_404(verbs.of_member(request.member), pk=parse_uuid(wanted)).pk] if wanted else None
    count, moment = verbs.mark_read(request.member, ids, kind)
    undo = f"{reverse('notifications_unread')}?{urlencode({'at': moment.isoformat()})}"
    if count:
        say(request, f"{count} notification{'' if count == 1 else 's'} marked as read.", undo)
    else:
        messages.info(request, "Nothing was unread.")
    return back(request, "notifications")


@require_POST
@team_page(post=VIEWER)
def notifications_unread(request: TeamRequest) -> HttpResponseBase:
    """Undo what `notifications_read` did at that moment."""
    count = verbs.unread(request.member, moment) if (moment := moment_of(request.GET.get("at", ""))) else 0
    if count:
        messages.success(request, f"{count} notification{'' if count == 1 else 's'} marked as unread.")
    else:
        messages.error(request, "They have changed since, so this cannot be undone.")
    return back(request, "notifications")


def moment_of(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
