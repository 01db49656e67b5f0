"""The pages on which administrators create and change forms."""

from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from channels.models import Source
from channels.sources.sources import source_or_404
from data.errors import Refused
from teams.access.permissions import ADMINISTRATOR, TeamRequest, team_page
from web.forms.stale import saved_in_turn

from . import form_sources
from .settings_forms import FormForm


@require_http_methods(["GET", "POST"])
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR, asks_again=True)
def form_new(request: TeamRequest) -> HttpResponseBase:
    form = FormForm(request.team, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            source = form_sources.create_form(request.team, form.said_form())
        except Refused as refusal:
            form.show(refusal)
        else:
            return redirect("source", source.pk)
    return render(request, "channels/form_form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@saved_in_turn
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR, asks_again=True)
def form_edit(request: TeamRequest, id: UUID) -> HttpResponseBase:
    source = source_or_404(request.team, id)
    if source.kind != Source.Kind.FORM:
        raise Http404
    form = FormForm(request.team, request.POST if request.method == "POST" else None, source=source)
    if form.is_bound and form.is_valid():
        try:
            form_sources.change_form(source, form.said_form())
        except Refused as refusal:
            form.show(refusal)
        else:
            return redirect("source", id)
    context = {"form": form, "source": source}
    return render(request, "channels/form_form.html", context, status=422 if form.errors else 200)
