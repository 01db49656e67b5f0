"""The budgets of the team, below its settings."""

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from teams.access.permissions import ADMINISTRATOR, TeamRequest, team_page
from web.forms.stale import saved_in_turn

from .budgets import change_budget, defaults
from .forms import TeamBudgetForm


@require_http_methods(["GET", "POST"])
@saved_in_turn
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR)
def budgets(request: TeamRequest) -> HttpResponseBase:
    data = request.POST if request.method == "POST" else None
    form = TeamBudgetForm(data, budget=request.team.budget, inherited=defaults())
    if form.is_bound and form.is_valid():
        change_budget(request.team, form.wanted())
        messages.success(request, "Saved.")
        return redirect("budgets")
    return render(request, "teams/budgets.html", {"form": form}, status=422 if form.errors else 200)
