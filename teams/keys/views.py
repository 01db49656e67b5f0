"""The page of API keys, in the settings of the team."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from data.errors import Refused
from data.secrets import seal
from teams.access.permissions import ADMINISTRATOR, TeamRequest, team_page
from teams.models import ApiKey
from teams.people.forms import KeyForm
from web.forms.refusals import show_refusal
from web.http.session_secrets import pop_secret

from .api_keys import make_key, revoke

_FRESH_KEY = "fresh_api_key"


@require_http_methods(["GET", "POST"])
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR, asks_again=True)
@never_cache
def keys(request: TeamRequest) -> HttpResponseBase:
    form = KeyForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and (secret := _made(request, form)):
        request.session[_FRESH_KEY] = seal(secret)
        return redirect("keys")
    return _page(request, form)


def _made(request: TeamRequest, form: KeyForm) -> str:
    days = form.cleaned_data["expires"]
    ends = timezone.now() + timedelta(days=int(days)) if days != "never" else None
    try:
        name, scopes, per_minute = (form.cleaned_data[field] for field in ("name", "scopes", "per_minute"))
        return make_key(request.team, name, scopes, ends, request.actor, per_minute=per_minute)[1]
    except Refused as refusal:
        show_refusal(form, refusal)
        return ""


def _page(request: TeamRequest, form: KeyForm) -> HttpResponse:
    rows = request.team.api_keys.filter(revoked_at=None).select_related("created_by").order_by("-created_at")
    secret = pop_secret(request, _FRESH_KEY)
    address = request.build_absolute_uri(reverse("api-1:get_team"))
    curl = f'curl -H "Authorization: Bearer {secret}" {address}'
    context = {"form": form, "keys": rows, "secret": secret, "curl": curl, "now": timezone.now()}
    return render(request, "teams/keys.html", context, status=422 if form.errors else 200)


@require_POST
@team_page(post=ADMINISTRATOR)
def key_revoke(request: TeamRequest, id: int) -> HttpResponseBase:
    key = get_object_or_404(ApiKey, team=request.team, pk=id)
    revoke(key, request.actor)
    messages.success(request, f"{key.name} revoked.")
    return redirect("keys")
