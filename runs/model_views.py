"""Parts of the agent page about models: which ones can be chosen, and a test of the chosen one."""

import asyncio

from django.db import connection
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from builder.queries import models_in_use
from teams.access import TeamRequest, team_page

from . import llm


@require_GET
@team_page
def models(request: TeamRequest) -> HttpResponse:
    used = [name for name in models_in_use(request.team) if name != llm.OFFLINE]
    names = list(dict.fromkeys([*used, *llm.known_names()]))
    return render(request, "runs/models.html", {"offers": llm.offers(), "names": names})


@require_POST
@team_page
def model_test(request: TeamRequest) -> HttpResponse:
    """Asks the model that stands in the form, saved or not."""
    is_offline = request.POST.get("model_kind") == llm.OFFLINE
    name = llm.OFFLINE if is_offline else request.POST.get("model", "").strip()[:100]
    if name:
        if not connection.in_atomic_block:
            connection.close()  # back to the pool: a model may take its time
        trial = asyncio.run(llm.try_model(name))
    else:
        trial = llm.Trial("warning", "Please type the name of a model first.")
    return render(request, "runs/model_trial.html", {"trial": trial})
