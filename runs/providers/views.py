"""Pages and parts about models: the keys of the team, which models can be chosen, and a test of one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from builder.agents.queries import agents_of_provider, models_in_use
from builder.models import Agent
from data.errors import Refused
from runs.wire.problems import ModelProblem
from teams.access.permissions import ADMINISTRATOR, BUILDER, TeamRequest, team_page
from teams.keys import credentials
from teams.keys.credentials import credential_or_404
from teams.models import Credential, Team
from web.forms.refusals import show_refusal

from . import connecting, model_requests, providers, tool_calling
from .forms import CredentialForm

_NAMED = 8


@require_GET
@team_page
def models(request: TeamRequest) -> HttpResponse:
    names = list(dict.fromkeys([*_used(request.team), *providers.known_names(request.team.pk)]))
    return render(request, "runs/models.html", {"offers": providers.offers(request.team.pk), "names": names})


@require_POST
@team_page(post=BUILDER)
def model_test(request: TeamRequest) -> HttpResponse:
    """Asks the model that stands in the form, saved or not."""
    is_offline = request.POST.get("model_kind") == providers.OFFLINE
    name = providers.OFFLINE if is_offline else request.POST.get("model", "").strip()[:100]
    trial = _trial(request.team.pk, name)
    if trial.found:
        tool_calling.record_tool_calling(request.team, name, trial.found)
    return render(request, "runs/model_trial.html", {"trial": trial, **_tool_calls(request.team, name)})


@require_POST
@team_page(post=BUILDER)
def tool_calls(request: TeamRequest) -> HttpResponse:
    """How a model calls its tools, chosen beside its test."""
    name = request.POST.get("model", "").strip()[:100]
    try:
        tool_calling.choose(request.team, name, request.POST.get("tool_calls", ""))
    except Refused as refusal:
        trial = model_requests.Trial("error", refusal.message)
        return render(request, "runs/model_trial.html", {"trial": trial}, status=422)
    trial = model_requests.Trial("success", "Saved. Agents use it from their next run.")
    return render(request, "runs/model_trial.html", {"trial": trial, **_tool_calls(request.team, name)})


def _tool_calls(team: Team, name: str) -> dict[str, Any]:
    """The choice of how a model calls tools, where there is one."""
    if not tool_calling.may_use_schema(name):
        return {}
    return {"model": name, "calling": tool_calling.tool_calling_of(team, name), "styles": tool_calling.Style.choices}


def _trial(team_id: UUID, name: str) -> model_requests.Trial:
    if name == providers.OFFLINE:
        return model_requests.try_offline()
    if not name:
        return model_requests.Trial("warning", "Enter the name of a model first.")
    try:
        access = providers.access_of(team_id, name)
    except ModelProblem as problem:
        return model_requests.Trial("error", problem.message)
    return connecting.tried(name, access)


@require_GET
@team_page(get=ADMINISTRATOR)
def model_settings(request: TeamRequest) -> HttpResponse:
    offers = providers.offers(request.team.pk)
    return render(request, "runs/model_settings.html", {"offers": offers})


@require_http_methods(["GET", "POST"])
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR, asks_again=True)
def credential_new(request: TeamRequest) -> HttpResponseBase:
    form = CredentialForm(request.POST if request.method == "POST" else None, provider=request.GET.get("provider", ""))
    if form.is_bound and form.is_valid():
        try:
            made = credentials.add(request.team, **form.cleaned_data)
        except Refused as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, "The key is saved. Test it with a model.")
            return redirect("credential", made.pk)
    return render(request, "runs/credential.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR, asks_again=True)
def credential(request: TeamRequest, id: UUID) -> HttpResponseBase:
    found = credential_or_404(request.team, id)
    form = CredentialForm(request.POST if request.method == "POST" else None, credential=found)
    if form.is_bound and form.is_valid():
        try:
            credentials.change(found, **form.cleaned_data)
        except Refused as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, "Saved. Agents use it from their next request.")
            return redirect("credential", id)
    return render(
        request,
        "runs/credential.html",
        _about(request.team, found) | {"form": form},
        status=422 if form.errors else 200,
    )


def _about(team: Team, found: Credential) -> dict[str, Any]:
    kind, provider = found.provider, providers.PROVIDERS[found.provider]
    names = [name for name in [*_used(team), *providers.known_names(team.pk)] if name.startswith(f"{kind}:")]
    agents = list(agents_of_provider(team, kind))
    return {
        "credential": found,
        "provider": provider,
        "kind": kind,
        "names": list(dict.fromkeys(names)),
        "agents": agents,
        "consequences": _consequences(found, agents),
    }


def _consequences(found: Credential, agents: Sequence[Agent]) -> str:
    """Return what would come of deleting the key."""
    names = ", ".join(agent.name for agent in agents[:_NAMED]) + (" and others" if len(agents) > _NAMED else "")
    if not agents:
        return "No agent uses it."
    if providers.is_in_environment(found.provider):
        return f"{names} will go on with the key of the server."
    return f"The runs of {names} will fail until there is another key, or they have another model."


def _used(team: Team) -> list[str]:
    return [name for name in models_in_use(team) if name != providers.OFFLINE]


@require_POST
@team_page(post=ADMINISTRATOR, asks_again=True)
def credential_delete(request: TeamRequest, id: UUID) -> HttpResponseBase:
    credentials.delete(credential_or_404(request.team, id))
    messages.success(request, "The key was deleted.")
    return redirect("model_settings")
