"""The form that corrects a route, and the list of corrections."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from builder.models import Agent
from data.errors import Refused
from data.ids import parse_uuid
from routes.models import Correction
from runs.models import Handover, Run
from runs.results.access import run_or_404
from teams.access.permissions import OPERATOR, TeamRequest, team_page
from teams.models import Team
from web.forms.messages import PageForm
from web.forms.refusals import show_refusal
from web.http.paging import page
from web.http.partials import render_page
from web.http.redirects import back
from web.http.toasts import say

from . import corrections

_PERSON = "person"


class CorrectionForm(PageForm):
    """Chooses the right agent: any agent of the team except the wrong one, or a person."""

    agent_id = forms.ChoiceField(
        label="Right agent",
        widget=forms.Select({"class": "select"}),
        error_messages=dict.fromkeys(["required", "invalid_choice"], "Choose the right agent."),
    )
    note = forms.CharField(
        label="Why", required=False, max_length=2000, widget=forms.Textarea({"class": "textarea", "rows": 3})
    )
    send = forms.BooleanField(required=False)

    def __init__(self, data: Any = None, *, team: Team, misroute: corrections.Misroute, **about: Any) -> None:
        super().__init__(data, **about)
        agents = Agent.objects.live().filter(team=team).exclude(pk=misroute.wrong.pk).order_by("name")
        self.agents = {str(agent.pk): agent for agent in agents}
        field = self.fields["agent_id"]
        assert isinstance(field, forms.ChoiceField)
        named = [(id, agent.name) for id, agent in self.agents.items()]
        field.choices = [("", "Choose…"), (_PERSON, "A person"), *named]


@require_http_methods(["GET", "POST"])
@team_page(get=OPERATOR, post=OPERATOR)
def run_correct(request: TeamRequest, id: UUID) -> HttpResponseBase:
    """Correct the route to the run, or with `of=handover` the route of its handover."""
    run = run_or_404(request.team, id)
    of_handover = request.GET.get("of") == "handover"
    misroute = _misroute(run, of_handover)
    case = run.case if run.case and not run.case.deleted_at else None
    initial = {"send": bool(case and not case.is_closed)}
    form = CorrectionForm(request.POST or None, team=request.team, misroute=misroute, initial=initial)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            correction = corrections.correct(
                misroute, form.agents.get(said["agent_id"]), said["note"], request.actor, bool(case and said["send"])
            )
        except Refused as refusal:
            show_refusal(form, refusal, {"assignee_id": "agent_id"})
        else:
            say(request, "Correction saved.", undo=reverse("correction_undo", args=[correction.pk]))
            return redirect("case", case.pk) if case else redirect("run", run.pk)
    context = {"run": run, "case": case, "wrong": misroute.wrong, "source": misroute.source, "form": form}
    return render(request, "routes/correct.html", context, status=422 if form.errors else 200)


def _misroute(run: Run, of_handover: bool) -> corrections.Misroute:
    if run.has_no_effect:
        raise Http404
    if not of_handover:
        return corrections.of_run(run)
    applied = Handover.objects.filter(source=run, status=Handover.Status.APPLIED)
    return corrections.of_handover(get_object_or_404(applied.select_related("target", "source")))


@require_POST
@team_page(post=OPERATOR)
def correction_undo(request: TeamRequest, id: UUID) -> HttpResponseBase:
    correction = get_object_or_404(Correction, team=request.team, pk=id)
    try:
        corrections.undo(correction, request.actor)
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, "The correction is undone. The case stays where it is.")
    return back(request, "corrections")


@require_GET
@team_page
def correction_list(request: TeamRequest) -> HttpResponse:
    asked = request.GET
    right = asked.get("right", "")
    right = right if right == _PERSON or parse_uuid(right) else ""
    found = corrections.find_corrections(request.team, asked.get("q", ""), parse_uuid(asked.get("wrong", "")), right)
    agents = [(agent.pk, agent.name) for agent in Agent.objects.filter(team=request.team).order_by("name")]
    context = {
        "page": page(found, ["-created_at", "id"], asked.get("cursor", "")),
        "agents": agents,
        "rights": [(_PERSON, "A person"), *agents],
        "is_filtered": bool(asked.get("q") or asked.get("wrong") or asked.get("right")),
    }
    return render_page(request, "routes/corrections.html", context, parts=["results"])
