"""The page of the team's labels. What changes a label on its cases is in `runs.bulk.views`."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from cases.models import Label
from cases.search import filters, search
from cases.work import queries
from teams.access.permissions import BUILDER, TeamRequest, team_page
from web.http.partials import render_page

from . import labels


@dataclass(frozen=True)
class RefusedName:
    """A new name that a label cannot have, as it was typed, and why."""

    label: Label
    typed: str
    why: str


@require_GET
@team_page(get=BUILDER)
def label_list(request: TeamRequest) -> HttpResponse:
    return show_labels(request)


def show_labels(request: TeamRequest, refused: RefusedName | None = None) -> HttpResponse:
    words = request.GET.get("q", "")
    found = labels.find_labels(request.team, words)
    counts = search.counts_of_labels(request.team.pk, [label.name for label in found])
    context = {
        "rows": [(label, counts[label.name]) for label in found],
        "words": words,
        "colours": Label.Colour.choices,
        "counted": search.COUNTED,
        "label_colours": {label.name: label.colour for label in found},
        "refused": refused,
    }
    return render_page(request, "cases/labels.html", context, parts=["results"], status=422 if refused else 200)


@require_GET
@team_page
def case_count(request: TeamRequest) -> HttpResponse:
    """Return how many cases the filters of a list find, in words."""
    wanted = filters.read_filter(request.GET.dict(), request.member)
    return HttpResponse(queries.counted(filters.find_cases(request.team, wanted)), content_type="text/plain")
