"""The pages of one's own account: allauth's views at our addresses, in the frame of one's team."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views as account
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBadRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from data.errors import Refused
from teams.access.permissions import enter, memberships, sign_in_first
from teams.people import accounts
from web.format.times import zone_of
from web.forms.refusals import show_refusal

from .account_forms import NameForm

type View = Callable[..., HttpResponseBase]


def own_page(view: View) -> View:
    """A page for anyone who is signed in, in a team or not; the menu is that of their team."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return sign_in_first(request)
        if members := memberships(request):
            enter(request, members)
        with timezone.override(zone_of(request)):
            response = view(request, *args, **kwargs)
            return response.render() if isinstance(response, TemplateResponse) else response

    return page


@require_http_methods(["GET", "POST"])
@own_page
def own_account(request: HttpRequest) -> HttpResponseBase:
    user = request.user
    assert user.is_authenticated
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": user.get_full_name()})
    if form.is_bound and form.is_valid():
        try:
            accounts.rename(user, form.cleaned_data["name"])
        except Refused as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, "Your name was changed.")
            return redirect("account")
    context = {
        "form": form,
        "address": EmailAddress.objects.filter(user=user, email=user.email).first(),
        "two_step": Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first(),
        "sessions": len(UserSession.objects.purge_and_list(user)),
    }
    return render(request, "account/account.html", context, status=422 if form.errors else 200)


@own_page
def own_email(request: HttpRequest) -> HttpResponseBase:
    """Only changed: allauth's view could also make an unconfirmed address the one to sign in with."""
    if "action_primary" in request.POST:
        return HttpResponseBadRequest()
    return account.email(request)  # type: ignore[no-any-return]
