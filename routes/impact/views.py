"""“What would this change have done?”: the panel beside an agent's editor, and the page of one impact."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from builder.agents import access
from builder.agents.forms import fallback_of, model_of
from builder.models import Agent
from data.errors import Refused
from data.ids import parse_uuid
from data.texts.text import REQUIRED, storable
from routes.models import Impact, RoutingTest
from routes.routing_tests import decisions, routing_tests
from runs.models import Run
from runs.providers.providers import OFFLINE
from teams.access.permissions import BUILDER, TeamRequest, team_page
from web.http.partials import render_page

from . import impacts, told
from .impacts import Replay
from .recorded import Chosen

# Of the runs that would be decided differently, the panel and the page name so many.
_SHOWN = 50
# Characters of a reason.
_REASON = 300
# Of CPU, while someone types: what the stand-in may take to read the runs, beside half a second for all else.
_AUTO_SECONDS = 2.5
# What runs cost differs a little from time to time.
_ROOM = Decimal("1.25")


@require_POST
@team_page(post=BUILDER)
def agent_impact(request: TeamRequest, id: UUID) -> HttpResponse:
    """Replay the last runs with what the agent's form says."""
    agent = access.agent_or_404(request.team, id)
    changes = _changes(request, agent)
    if "auto" in request.GET and not changes:
        return render(request, "routes/impact_panel.html#idle", {"agent": agent})
    if "auto" in request.GET and model_of(request.POST) != OFFLINE:
        return HttpResponse(status=204)  # by itself only where it costs nothing
    return _replay(request, agent, changes, _AUTO_SECONDS if "auto" in request.GET else None)


def _replay(request: TeamRequest, agent: Agent, changes: dict[str, Any], seconds: float | None = None) -> HttpResponse:
    is_part = "HX-Request" in request.headers
    try:
        made = impacts.start(agent, changes, replace(_chosen(request), seconds=seconds), request.actor)
    except Refused as refusal:
        # The one field that may not be empty; the panel stands apart from it.
        why = "Give the agent a name first." if refusal.message == REQUIRED else refusal.message
        if is_part:
            return render(request, "routes/impact_panel.html#refused", {"refused": why}, status=422)
        messages.error(request, why)
        return redirect("agent", agent.pk)
    return _shown(request, made)


def _changes(request: TeamRequest, agent: Agent) -> dict[str, Any]:
    """What differs from what is live: of an old revision, or of what is typed."""
    current = agent.live_revision
    number = request.POST.get("of_revision", "")
    if number.isdecimal() and len(number) < 10:
        old = access.published_revision_or_404(agent, int(number))
        wanted = {"aop": old.aop, "model": old.model, "fallback": old.fallback}
    else:
        wanted = {name: request.POST[name] for name in ("name", "description") if name in request.POST}
        if "aop" in request.POST:
            wanted |= {"aop": request.POST["aop"].replace("\r\n", "\n")}
            wanted |= {"model": model_of(request.POST), "fallback": fallback_of(request.POST)}
    live = {
        "name": agent.name,
        "description": agent.description,
        "aop": current.aop,
        "model": current.model,
        "fallback": current.fallback,
    }
    return {name: value for name, value in wanted.items() if value != live[name]}


def _chosen(request: TeamRequest) -> Chosen:
    days = request.POST.get("impact_days", "")
    return Chosen(
        days=int(days) if days in ("7", "30", "90") else None,
        label=storable(request.POST.get("impact_label", "")[:50]).strip(),
        only_corrected=request.POST.get("impact_corrected") == "1",
    )


@require_GET
@team_page
def impact(request: TeamRequest, id: UUID) -> HttpResponse:
    """The page tells of each case; the panel, which asks for the part alone, leads there."""
    is_part = request.headers.get("HX-Target", "").endswith("#impact-live")
    context = _context(request, _impact_or_404(request, id))
    context["query"] = "" if is_part and "whole" not in request.GET else "?whole=1"
    return render_page(request, "routes/impact.html", context, parts=["impact-live"])


@require_POST
@team_page(post=BUILDER)
def impact_confirm(request: TeamRequest, id: UUID) -> HttpResponse:
    found = _impact_or_404(request, id)
    try:
        impacts.confirm(found, (found.estimate_usd or Decimal(0)) * _ROOM, request.actor)
    except Refused as refusal:
        messages.error(request, refusal.message)
    return _shown(request, found)


@require_POST
@team_page(post=BUILDER)
def impact_stop(request: TeamRequest, id: UUID) -> HttpResponse:
    found = _impact_or_404(request, id)
    try:
        impacts.stop(found)
    except Refused as refusal:
        messages.error(request, refusal.message)
    return _shown(request, found)


@require_POST
@team_page(post=BUILDER)
def impact_test(request: TeamRequest, id: UUID) -> HttpResponse:
    """Make a routing test of a run: it is to decide as it did (`expect=before`) or as it would have (`after`)."""
    found = _impact_or_404(request, id)
    wanted = parse_uuid(request.POST.get("run", ""))
    one = next((replay for replay in impacts.replays(found) if replay.run.pk == wanted), None)
    is_new = request.POST.get("expect") == "after"
    expected = None if one is None else one.after if is_new else one.before
    if one is None or expected is None:
        messages.error(request, "This run is gone.")
        return redirect("impact", found.pk)
    run = Run.objects.select_related("agent__team", "case__queue", "queue").get(pk=one.run.pk)
    about: dict[str, Any] = {"name": "", "source": RoutingTest.Source.CASE, "by": request.actor}
    try:
        made = routing_tests.add_test_of_run(run, expected=[expected], **about)
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"The test “{made.name}” was created.")
    return redirect("impact", found.pk)


def _shown(request: TeamRequest, impact: Impact) -> HttpResponse:
    if "HX-Request" in request.headers:
        return render(request, "routes/impact.html#impact-live", _context(request, impact))
    return redirect("impact", impact.pk)


def _impact_or_404(request: TeamRequest, id: UUID) -> Impact:
    return get_object_or_404(Impact.objects.select_related("agent"), team=request.team, pk=id)


# --- In words --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A run whose decision would be another, in words, with the reasons that the agent gave."""

    replay: Replay
    before: str
    after: str
    why_before: str
    why_after: str


def _context(request: TeamRequest, impact: Impact) -> dict[str, Any]:
    found = told.told(impact)
    names = _names(found)
    return {
        "impact": impact,
        "query": "?whole=1" if "whole" in request.GET else "",
        "agent": impact.agent,
        "told": found,
        "known": len(found.replayed) + len(found.failed),
        "rows": _rows(found.changed[:_SHOWN], names),
        "more": max(0, len(found.changed) - _SHOWN),
        "matrix": [
            (decisions.in_words(cell.before, names), decisions.in_words(cell.after, names), cell)
            for cell in found.matrix
        ],
        "at_most": None if impact.estimate_usd is None else impact.estimate_usd * _ROOM,
    }


def _names(found: told.Told) -> dict[UUID, str]:
    return decisions.names(decision for cell in found.matrix for decision in (cell.before, cell.after))


def _rows(replays: list[Replay], names: dict[UUID, str]) -> list[Row]:
    ids = [one.run.pk for one in replays]
    runs = Run.objects.select_related("handover").prefetch_related("human_requests").in_bulk(ids)
    return [
        Row(
            one,
            decisions.in_words(one.before, names),
            decisions.in_words(one.after, names),
            _reason(runs.get(one.run.pk)),
            one.why[:_REASON],
        )
        for one in replays
    ]


def _reason(run: Run | None) -> str:
    if run is None:
        return ""
    asked = [one.question for one in run.human_requests.all()]
    handover = getattr(run, "handover", None)
    return (handover.reason if handover else asked[0] if asked else run.result)[:_REASON]
