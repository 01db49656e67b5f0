"""What a member is told by email: their own choice."""

from django import forms
from django.contrib import messages
from django.core.mail import mailers
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from teams.access.permissions import VIEWER, TeamRequest, team_page
from teams.models import Member
from web.forms.messages import PageForm


class NotificationForm(PageForm):
    mail = forms.ChoiceField(label="What agents ask", choices=Member.Mail.choices, widget=forms.RadioSelect)


@require_http_methods(["GET", "POST"])
@team_page(post=VIEWER)
def notifications(request: TeamRequest) -> HttpResponseBase:
    sent = request.POST if request.method == "POST" else None
    form = NotificationForm(sent, initial={"mail": request.member.mail})
    if form.is_valid():
        Member.objects.filter(pk=request.member.pk).update(mail=form.cleaned_data["mail"])
        messages.success(request, "Saved.")
        return redirect("notifications")
    context = {"form": form, "email_is_set_up": "default" in mailers}
    return render(request, "teams/notifications.html", context, status=422 if form.errors else 200)
