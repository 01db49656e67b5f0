"""The pages on which administrators create and change forms."""

from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.views.decorators.http import require_http_methods

from channels.models import Source
from channels.sources.form_pages import form_page
from channels.sources.sources import source_or_404
from teams.access.permissions import ADMINISTRATOR, TeamRequest, team_page
from web.forms.stale import saved_in_turn

from . import form_sources
from .settings_forms import FormForm

_PAGE = "channels/form_form.html"


@require_http_methods(["GET", "POST"])
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR, asks_again=True)
def form_new(request: TeamRequest) -> HttpResponseBase:
    form = FormForm(request.team, request.POST if request.method == "POST" else None)
    return form_page(request, _PAGE, form, lambda: form_sources.create_form(request.team, form.said_form()))


@require_http_methods(["GET", "POST"])
@saved_in_turn
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR, asks_again=True)
def form_edit(request: TeamRequest, id: UUID) -> HttpResponseBase:
    source = source_or_404(request.team, id)
    if source.kind != Source.Kind.FORM:
        raise Http404
    form = FormForm(request.team, request.POST if request.method == "POST" else None, source=source)
    return form_page(request, _PAGE, form, lambda: form_sources.change_form(source, form.said_form()), source)
