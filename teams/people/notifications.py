"""What a member is told by email, and until when they are away: their own choice."""

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
from teams.models import Member
from web.forms.messages import PageForm

_MAIL = {
    Member.Mail.OFF: "No email",
    Member.Mail.MINE: "What is assigned to me",
    Member.Mail.ALL: "What is assigned to me, and what is unassigned",
}


class NotificationForm(PageForm):
    mail = forms.ChoiceField(label="Email me about", choices=list(_MAIL.items()), widget=forms.RadioSelect)
    away_until = forms.DateTimeField(
        label="Away until",
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Your open cases go back to their group, or to the team; so do those assigned to you until then.",
    )


def _away(member: Member) -> datetime | None:
    return member.away_until if member.away_until and member.away_until > timezone.now() else None


@transaction.atomic
def _save(member: Member, mail: str, away_until: datetime | None) -> None:
    Member.objects.filter(pk=member.pk).update(mail=mail, away_until=away_until)
    if change := audit.changes([("Away until", _minute(_away(member)), _minute(away_until))]):
        audit.record(member.team_id, "member_away", member.user, change)


def _minute(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else ""


@require_http_methods(["GET", "POST"])
@team_page(post=VIEWER)
def notifications(request: TeamRequest) -> HttpResponseBase:
    sent = request.POST if request.method == "POST" else None
    form = NotificationForm(sent, initial={"mail": request.member.mail, "away_until": _away(request.member)})
    if form.is_valid():
        _save(request.member, form.cleaned_data["mail"], form.cleaned_data["away_until"])
        messages.success(request, "Saved.")
        return redirect("notifications")
    context = {"form": form, "email_is_set_up": "default" in mailers}
    return render(request, "teams/notifications.html", context, status=422 if form.errors else 200)
