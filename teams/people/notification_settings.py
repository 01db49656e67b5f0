"""The choices of a member: what they are told in Baton and by email, and until when they are away."""

from collections.abc import Collection
from datetime import UTC, datetime

from django import forms
from django.contrib import messages
from django.core.mail import mailers
from django.db import transaction
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from teams.access.permissions import VIEWER, TeamRequest, team_page
from teams.audit import audit
from teams.models import Member, NotificationKind
from web.forms.messages import PageForm

HINTS = {
    NotificationKind.ASSIGNED: "A question or a case for you, or a case for a group of yours",
    NotificationKind.UNASSIGNED: "Questions from agents and cases that anyone may take",
    NotificationKind.MENTIONED: "A colleague writes @ and your name",
    NotificationKind.FOLLOWED: "Comments, messages from customers, and how the case ended",
    NotificationKind.DUE: "A reminder before a question is due, and cases that missed a goal",
    NotificationKind.CHECKS: "Whether a change that you saved passed its tests",
}


class NotificationForm(PageForm):
    bell_kinds = forms.MultipleChoiceField(label="In Baton", choices=NotificationKind.choices, required=False)
    email_kinds = forms.MultipleChoiceField(label="By email", choices=NotificationKind.choices, required=False)
    away_until = forms.DateTimeField(
        label="Away until",
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Your open cases go back to their group, or to the team; so do those assigned to you until then.",
    )

    def rows(self) -> list[tuple[NotificationKind, str, bool, bool]]:
        """Return each kind with its hint, and whether it is chosen in Baton and by email."""
        bell, email = self["bell_kinds"].value() or [], self["email_kinds"].value() or []
        return [(kind, hint, kind in bell, kind in email) for kind, hint in HINTS.items()]


def _away(member: Member) -> datetime | None:
    return member.away_until if member.away_until and member.away_until > timezone.now() else None


@transaction.atomic
def _save(member: Member, bell: Collection[str], email: Collection[str], away_until: datetime | None) -> None:
    kinds = {"bell_kinds": _in_order(bell), "email_kinds": _in_order(email)}
    Member.objects.filter(pk=member.pk).update(**kinds, away_until=away_until)
    if change := audit.changes([("Away until", _minute(_away(member)), _minute(away_until))]):
        audit.record(member.team_id, "member_away", member.user, change)


def _in_order(kinds: Collection[str]) -> list[str]:
    return [kind for kind in NotificationKind.values if kind in kinds]


def _minute(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else ""


@require_http_methods(["GET", "POST"])
@team_page(post=VIEWER)
def notification_settings(request: TeamRequest) -> HttpResponseBase:
    member = request.member
    chosen = {"bell_kinds": member.bell_kinds, "email_kinds": member.email_kinds, "away_until": _away(member)}
    form = NotificationForm(request.POST if request.method == "POST" else None, initial=chosen)
    if form.is_valid():
        said = form.cleaned_data
        _save(member, said["bell_kinds"], said["email_kinds"], said["away_until"])
        messages.success(request, "Saved.")
        return redirect("notification_settings")
    context = {"form": form, "email_is_set_up": "default" in mailers}
    return render(request, "teams/notification_settings.html", context, status=422 if form.errors else 200)
