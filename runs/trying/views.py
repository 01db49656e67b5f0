"""Try it: the panel beside an agent's editor, and the run that it shows there."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from builder.agents.access import agent_or_404
from builder.agents.forms import fallback_of, model_of
from builder.models import Agent
from cases.models import Case
from data.errors import Refused
from runs.models import Run
from runs.results.access import run_or_404
from runs.results.forms import TryForm
from runs.results.run_views import about
from teams.access.permissions import OPERATOR, TeamRequest, team_page
from web.http.partials import render_page

from . import trying

TYPED = "typed"


@require_http_methods(["GET", "POST"])
@team_page(post=OPERATOR, get=OPERATOR)
def agent_try(request: TeamRequest, id: UUID) -> HttpResponseBase:
    """Show the panel (GET) or start a try (POST). The agent's form sends its text along; without scripts the live one
    is tried.
    """
    agent = agent_or_404(request.team, id)
    form = TryForm(request.POST if request.method == "POST" else None, samples=trying.sample_cases(agent))
    if request.method == "GET":
        return _panel(request, agent, form)
    try:
        run = _try(request, agent, form)
    except Refused as refusal:
        if "HX-Request" in request.headers:
            return render(request, "runs/try_refused.html", {"agent": agent, "refused": refusal.message}, status=422)
        return _panel(request, agent, form, refusal.message)
    if "HX-Request" in request.headers:
        return _run_part(request, run)
    return redirect("run", run.pk)


def _try(request: TeamRequest, agent: Agent, form: TryForm) -> Run:
    if not form.is_valid():
        raise Refused("This case is gone. Choose another one.", "invalid")
    data, sample = form.cleaned_data, form.cleaned_data["sample"]
    is_typed = data["what"] == TYPED and "aop" in request.POST
    if data["what"] == TYPED and not is_typed and "HX-Request" in request.headers:
        raise Refused("Your text did not arrive. Please load the page again.", "invalid")
    return trying.try_agent(
        agent,
        by=request.actor,
        text=data["input"] or (trying.sample_text(sample) if sample else ""),
        sample=sample,
        aop=request.POST["aop"] if is_typed else None,
        model=model_of(request.POST),
        fallback=fallback_of(request.POST),
    )


def _panel(request: HttpRequest, agent: Agent, form: TryForm, refused: str = "") -> HttpResponse:
    context = {"agent": agent, "form": form, "refused": refused}
    return render_page(request, "runs/try.html", context, parts=["try-body"], status=422 if refused else 200)


@require_GET
@team_page(get=OPERATOR)
def agent_try_sample(request: TeamRequest, id: UUID) -> HttpResponse:
    """Show the text of the chosen case, in the field that it fills."""
    agent = agent_or_404(request.team, id)
    form = TryForm(request.GET, samples=trying.sample_cases(agent))
    sample: Case | None = form.cleaned_data.get("sample") if form.is_valid() else None
    form.data = {"input": trying.sample_text(sample) if sample else ""}
    return render(request, "runs/try_input.html", {"form": form})


@require_GET
@team_page
def run_try(request: TeamRequest, id: UUID) -> HttpResponse:
    """Show a try in the panel, as it stands now."""
    return _run_part(request, run_or_404(request.team, id))


def _run_part(request: HttpRequest, run: Run) -> HttpResponse:
    return render(request, "runs/try_run.html", about(run_or_404(run.team, run.pk)))
