"""The pages of sources, below the settings of the team."""

import json
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels.email import intake
from channels.models import Arrival, Source
from data.errors import Refused
from teams.access.permissions import ADMINISTRATOR, TeamRequest, team_page
from teams.webhooks import fresh_secrets
from web.forms.refusals import show_refusal, tell
from web.forms.stale import saved_in_turn
from web.http.paging import page
from web.http.partials import render_page

from . import sources as verbs
from .form_pages import form_page
from .forms import MappingForm, SourceForm
from .schemas import source_address, source_problems
from .sources import SourceFields, source_or_404

_SAMPLES = 5
_STATES = [(status.value, status.label) for status in Arrival.Status]


@require_GET
@team_page(get=ADMINISTRATOR)
def sources(request: TeamRequest) -> HttpResponse:
    rows = [(source, source_problems(source)) for source in request.team.sources.present().select_related("queue")]
    return render_page(request, "channels/sources.html", {"rows": rows}, parts=["results"])


@require_http_methods(["GET", "POST"])
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR, asks_again=True)
def source_new(request: TeamRequest) -> HttpResponseBase:
    form = SourceForm(request.team, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            source, secret = verbs.create_source(request.team, form.fields_of_source())
        except Refused as refusal:
            form.show(refusal)
        else:
            return _show_secret(request, source, secret)
    return render(request, "channels/source_form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@saved_in_turn
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR, asks_again=True)
def source_edit(request: TeamRequest, id: UUID) -> HttpResponseBase:
    source = _hook_or_404(request, id)
    form = SourceForm(request.team, request.POST if request.method == "POST" else None, source=source)

    def save() -> None:
        verbs.change_source(source, form.fields_of_source(source))

    return form_page(request, "channels/source_form.html", form, save, source)


@require_GET
@team_page(get=ADMINISTRATOR)
@never_cache
def source(request: TeamRequest, id: UUID) -> HttpResponse:
    found = source_or_404(request.team, id)
    state = request.GET.get("state", "")
    log = found.arrivals.select_related("case")
    log = log.filter(status=state) if state in Arrival.Status.values else log
    arrived = page(log, ("-at", "-id"), request.GET.get("cursor", ""))
    context = {
        "source": found,
        "address": source_address(found, request) or "",
        "auth": found.settings.get("auth"),
        "problems": source_problems(found),
        "looked_at": datetime.fromisoformat(looked) if (looked := found.state.get("looked_at")) else None,
        "page": arrived,
        "messages_shown": [(row, json.dumps(row.message, indent=2, ensure_ascii=False)) for row in arrived.rows],
        "states": _STATES,
        "state": state,
        "here": request.get_full_path(),
        "watched": f"source:{found.pk}",
    }
    context["snippet"] = f'<iframe src="{context["address"]}" width="100%" height="700" title="{found.name}"></iframe>'
    secret = fresh_secrets.take(request, found.pk, is_part="HX-Target" in request.headers)
    return render_page(request, "channels/source.html", context | {"secret": secret}, parts=["results"])


@require_http_methods(["GET", "POST"])
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR)
def source_mapping(request: TeamRequest, id: UUID) -> HttpResponseBase:
    """Say what the fields of the last messages become in a case."""
    found = _hook_or_404(request, id)
    arrivals = list(found.arrivals.filter(original="").order_by("-at", "-id")[:_SAMPLES])
    form = MappingForm(found, arrivals, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            verbs.change_source(found, SourceFields(found.name, found.queue, found.settings["auth"], form.chosen()))
        except Refused as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, "Saved. New messages use it; replay those that made no case.")
            return redirect("source", id)
    context = {"form": form, "source": found}
    return render(request, "channels/source_mapping.html", context, status=422 if form.errors else 200)


@require_POST
@team_page(post=ADMINISTRATOR)
def source_pause(request: TeamRequest, id: UUID) -> HttpResponseBase:
    found = source_or_404(request.team, id)
    tell(request, lambda: verbs.pause(found), "Paused. Senders are told to try again later.")
    return redirect("source", id)


@require_POST
@team_page(post=ADMINISTRATOR)
def source_resume(request: TeamRequest, id: UUID) -> HttpResponseBase:
    found = source_or_404(request.team, id)
    tell(request, lambda: verbs.resume(found), "Resumed.")
    return redirect("source", id)


@require_POST
@team_page(post=ADMINISTRATOR, asks_again=True)
def source_secret(request: TeamRequest, id: UUID) -> HttpResponseBase:
    found = _hook_or_404(request, id)
    return _show_secret(request, found, verbs.renew_secret(found))


@require_POST
@team_page(post=ADMINISTRATOR)
def source_delete(request: TeamRequest, id: UUID) -> HttpResponseBase:
    found = source_or_404(request.team, id)
    verbs.delete_source(found)
    messages.success(request, f"{found.name} has been deleted.")
    return redirect("sources")


@require_POST
@team_page(post=ADMINISTRATOR)
def message_replay(request: TeamRequest, id: UUID) -> HttpResponseBase:
    rows = Arrival.objects.filter(team=request.team, source__deleted_at=None)
    arrival = get_object_or_404(rows, pk=id)
    try:
        arrival = intake.replay(arrival) if arrival.is_email else verbs.replay(arrival)
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        if arrival.case:
            messages.success(request, f"Created {arrival.case}.")
        else:
            messages.error(request, f"Still no case: {arrival.error}")
    return redirect("source", arrival.source_id)


def _hook_or_404(request: TeamRequest, id: UUID) -> Source:
    found = source_or_404(request.team, id)
    if found.kind != Source.Kind.HOOK:
        raise Http404
    return found


def _show_secret(request: TeamRequest, source: Source, secret: str) -> HttpResponseBase:
    fresh_secrets.keep(request, source.pk, secret)
    return redirect("source", source.pk)
