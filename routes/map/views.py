"""The map of handovers, and the list of the handovers behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Left
from django.http import HttpResponse, QueryDict
from django.views.decorators.http import require_GET

from builder.models import Agent
from data.ids import parse_uuid
from routes import periods
from routes.passages import coverage
from routes.passages.coverage import Covered, Place
from runs.models import Handover
from teams.access.permissions import TeamRequest, team_page
from teams.models import Team
from web.http.paging import page
from web.http.partials import render_page

from . import map, traffic
from .receivers import People
from .traffic import Route

_USUAL = "7"
KINDS = [
    ("used", "In use"),
    ("unused", "Not used"),
    ("unavailable", "Unavailable"),
    ("deleted", "Deleted target"),
    ("former", "No longer mentioned"),
    ("fallback", "Fallback"),
    ("people", "To people"),
    ("circle", "In a circle"),
    ("returned", "Returned at once"),
    ("declined", "Declined"),
]
SORTS = [("busy", "Most handovers first"), ("returned", "Most returned first"), ("to", "By who takes over")]
_ROWS = 200
_BEGINNING = 120


@require_GET
@team_page
def handover_map_page(request: TeamRequest) -> HttpResponse:
    days, since = periods.chosen(request.GET, _USUAL)
    found = traffic.traffic(request.team, since)
    around = parse_uuid(request.GET.get("agent", ""))
    around = around if any(agent.pk == around for agent in found.agents) else None
    rows = _table(found.routes, request.GET, around)
    context = {
        "picture": map.draw(found, around) if found.agents else None,
        "figures": traffic.figures(request.team, since, found.routes),
        "rows": rows[:_ROWS],
        "rows_left_out": max(0, len(rows) - _ROWS),
        "has_routes": bool(found.routes),
        "around": next((agent for agent in found.agents if agent.pk == around), None),
        "agents": [(agent.pk, _called(agent)) for agent in found.agents],
        "kinds": KINDS,
        "sorts": SORTS,
        **periods.context(request.GET, days),
    }
    return render_page(request, "routes/map.html", context, parts=["results"])


def _table(routes: list[Route], asked: QueryDict, around: UUID | None) -> list[Route]:
    words, kind, sort = asked.get("q", "").casefold().split(), asked.get("kind", ""), asked.get("sort", "")
    rows = [
        route
        for route in routes
        if all(word in f"{route.source.name} {route.target.name}".casefold() for word in words)
        and (not around or around in route.key)
        and (
            not kind
            or kind == route.kind
            or (kind == "circle" and route.in_circle)
            or (kind == "returned" and route.returned)
            or (kind == "fallback" and route.is_fallback)
            or (kind == "people" and isinstance(route.target, People))
            or (kind == "declined" and route.declined)
        )
    ]
    match sort:
        case "busy":
            rows.sort(key=lambda route: -route.handovers)
        case "returned":
            rows.sort(key=lambda route: -route.returned)
        case "to":
            rows.sort(key=lambda route: route.target.name.casefold())
    return rows


# --- The handovers of a route ----------------------------------------------------------------


@dataclass(frozen=True)
class HandoverFilter:
    source: UUID | None
    target: UUID | None
    since: datetime
    words: str = ""
    only_returned: bool = False
    places: Sequence[Place] | None = None  # those of passages


@require_GET
@team_page
def handovers(request: TeamRequest) -> HttpResponse:
    asked = request.GET
    days, since = periods.chosen(asked, _USUAL)
    agents = list(Agent.objects.filter(team=request.team).order_by("name"))
    from_id, to_id = (parse_uuid(asked.get(name, "")) for name in ("from", "to"))
    source = next((agent for agent in agents if agent.pk == from_id), None)
    covered = _covered(source, asked.getlist("passage"), since)
    wanted = HandoverFilter(
        from_id,
        to_id,
        since,
        asked.get("q", ""),
        asked.get("returned", "") == "1",
        [place for one in covered for place in one.places] if covered else None,
    )
    context = {
        "page": page(find_handovers(request.team, wanted), ["-applied_at", "-id"], asked.get("cursor", "")),
        "source": source,
        "target": next((agent for agent in agents if agent.pk == to_id), None),
        "passages": [one.passage for one in covered],
        "agents": [(agent.pk, _called(agent)) for agent in agents],
        "is_filtered": bool(from_id or to_id or wanted.words or wanted.only_returned),
        **periods.context(asked, days),
    }
    return render_page(request, "routes/handovers.html", context, parts=["results"])


def find_handovers(team: Team, wanted: HandoverFilter) -> QuerySet[Handover]:
    found = traffic.applied(team, wanted.since)
    if wanted.source:
        found = found.filter(source_agent=wanted.source)
    if wanted.target:
        found = found.filter(target=wanted.target)
    if wanted.only_returned:
        found = found.filter(is_return=True)
    if wanted.places is not None:
        found = coverage.handovers_at(found, wanted.places)
    for word in wanted.words.split():
        found = found.filter(Q(reason__icontains=word) | Q(note__icontains=word))
    return (
        found.select_related("source_agent", "target", "source__case")
        .annotate(beginning=Left("source__input", _BEGINNING))
        .defer("source__case__data", "source__case__detail", "source__input", "source__result", "source__targets")
    )


def _covered(source: Agent | None, starts: list[str], since: datetime) -> list[Covered]:
    """The passages that begin at `starts` in what the source says now."""
    wanted = {int(start) for start in starts if start.isdecimal() and len(start) < 10}
    if source is None or not wanted:
        return []
    return [one for one in coverage.coverage(source, since).covered if one.passage.start in wanted]


def _called(agent: Agent) -> str:
    return f"{agent.name} (deleted)" if agent.is_deleted else agent.name
