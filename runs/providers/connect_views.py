"""A model of one's own, from Home: its key is tried in place, then agents use it."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods, require_POST

from builder.agents.saving import AgentChange, save_agents
from builder.gate.gate import RoutesHeld
from builder.models import Agent, AgentQuerySet, Revision
from data.errors import Refused
from data.ids import parse_uuid
from runs.wire.problems import ModelProblem
from teams.access.permissions import ADMINISTRATOR, TeamRequest, team_page
from teams.models import Team
from web.forms.refusals import show_refusal
from web.http.partials import render_page
from web.http.toasts import say

from . import connecting, providers
from .forms import ConnectForm
from .model_requests import Trial

# More are changed all at once, or each on its page.
_LISTED = 100
_PART = "model-connect"


@require_http_methods(["GET", "POST"])
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR, asks_again=True)
def model_connect(request: TeamRequest) -> HttpResponseBase:
    said = request.POST if request.method == "POST" else request.GET
    kind = said.get("provider", "")
    if kind not in providers.PROVIDERS:
        kind = "openai"
    form = ConnectForm(
        kind, request.POST if request.method == "POST" else None, is_usable=connecting.is_usable(request.team, kind)
    )
    trial = _tried(request.team, form) if form.is_bound and form.is_valid() else None
    works = trial is not None and trial.tone != "error"
    context = {"form": form, "kind": kind, "provider": providers.PROVIDERS[kind].title, "trial": trial}
    if works:
        context |= _offered(request.team, form.model_name)
    status = 422 if form.is_bound and not works else 200
    return render_page(request, "runs/model_connect.html", context, parts=[_PART], status=status)


def _tried(team: Team, form: ConnectForm) -> Trial | None:
    said = form.cleaned_data
    try:
        return connecting.connect(team, form.model_name, said.get("key", ""), said.get("base_url", ""))
    except ModelProblem as problem:
        return Trial("error", problem.message)
    except Refused as refusal:
        show_refusal(form, refusal)
        return None


def _offered(team: Team, name: str) -> dict[str, Any]:
    """The agents that could use the model, and how many there are."""
    others = _agents(team).exclude(pk__in=_live(team).filter(model=name).values("agent"))
    return {"name": name, "agents": others.order_by("name")[:_LISTED], "count": others.count()}


def _agents(team: Team) -> AgentQuerySet:
    return Agent.objects.live().filter(team=team)


def _live(team: Team) -> Any:
    return Revision.objects.filter(team=team, status=Revision.Status.LIVE)


@require_POST
@team_page(post=ADMINISTRATOR)
def model_use(request: TeamRequest) -> HttpResponseBase:
    """All agents, or those that were chosen, use a model from their next run on."""
    name = request.POST.get("model", "").strip()
    try:
        providers.access_of(request.team.pk, name)
    except ModelProblem as problem:
        messages.error(request, problem.message)
        return redirect("home")
    agents = _agents(request.team)
    if "all" not in request.POST:
        agents = agents.filter(pk__in=[id for chosen in request.POST.getlist("agents") if (id := parse_uuid(chosen))])
    agents = agents.exclude(pk__in=_live(request.team).filter(model=name).values("agent"))
    return _saved(request, connecting.uses(agents, name), name)


@require_POST
@team_page(post=ADMINISTRATOR)
def model_use_undo(request: TeamRequest) -> HttpResponseBase:
    """Undo what `model_use` did then."""
    try:
        since = parse_datetime(request.GET.get("since", ""))
    except ValueError:
        since = None
    if since is None or since.tzinfo is None:
        raise Http404
    return _saved(request, connecting.undoing(request.team, request.user, request.GET.get("model", ""), since))


def _saved(request: TeamRequest, changes: Sequence[AgentChange], name: str = "") -> HttpResponseBase:
    if not changes:
        messages.warning(request, "Nothing was changed: choose agents that do not use it yet." if name else _CHANGED)
        return redirect("home")
    try:
        saved = save_agents(changes, author=request.user)
    except RoutesHeld as held:
        return redirect("check", held.start(request.actor, changes))
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("home")
    agents = saved[0].name if len(saved) == 1 else f"{len(saved)} agents"
    verb = "uses" if len(saved) == 1 else "use"
    if name:
        since = urlencode({"model": name, "since": connecting.begun(saved).isoformat()})
        say(request, f"{agents} {verb} {name} from the next run on.", f"{reverse('model_use_undo')}?{since}")
    else:
        say(request, f"{agents} {verb} the model from before again.")
    return redirect("home")


_CHANGED = "They have changed since, so this cannot be undone."
