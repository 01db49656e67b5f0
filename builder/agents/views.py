"""The pages of agents."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from builder.gate.gate import RoutesHeld
from builder.history import drafts
from builder.models import Agent
from builder.procedures import lines, mention_search, targets
from builder.usage import usage
from builder.wiring.quick_fixes import apply_fix
from builder.wiring.views import wiring_context
from data.errors import Refused
from teams.access.permissions import BUILDER, TeamRequest, team_page
from teams.audit.actors import person
from teams.models import Team, User
from teams.people import tour_progress
from web.forms.stale import saved_in_turn
from web.http.paging import page
from web.http.partials import render_page
from web.http.toasts import say

from . import access, queries
from . import agents as verbs
from .forms import AgentForm, known_to
from .page_head import PROCEDURE, SETUP, head_of
from .queries import AgentDetails
from .saving import AgentChange

_PARTS = ("head", "around")
_ADDRESSES = {PROCEDURE: "agent", SETUP: "agent_setup"}
_STATES = {"blocked": "Blocked", "paused": "Paused", "unused": "Unused for 30 days"}


@require_GET
@team_page
def agents(request: TeamRequest) -> HttpResponse:
    words, state = request.GET.get("q", ""), request.GET.get("state", "")
    order = queries.ORDERS.get(request.GET.get("sort", ""), queries.ORDERS[""])
    found = page(queries.find_agents(request.team, words, state), order, request.GET.get("cursor", ""))
    counts = queries.counts(request.team)
    context = {
        "agents": queries.listed(request.team, found.rows),
        "page": found,
        "narrowed": bool(words or state),
        "all_label": f"All agents ({counts['']})",
        "states": [(state, f"{words} ({counts[state]})") for state, words in _STATES.items()],
        "orders": [("run", "By last run"), ("newest", "Newest first")],
    }
    return render_page(request, "builder/agents.html", context, parts=["results"])


@require_http_methods(["GET", "POST"])
@team_page(post=BUILDER, get=BUILDER)
def agent_new(request: TeamRequest) -> HttpResponse:
    form = AgentForm(_posted(request), team=request.team)
    if form.is_bound and "fix" not in request.POST and (made := _save(form, request.user)):
        return _after_save(request, made)
    return render(request, "builder/agent_new.html", _form_context(request, form), status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@saved_in_turn
@team_page(post=BUILDER)
def agent(request: TeamRequest, id: UUID) -> HttpResponse:
    """Show the procedure, or save the form of which the setup is the other half."""
    saved = queries.detailed(access.past_or_present_agent_or_404(request.team, id))
    if saved.agent.is_deleted:
        return _deleted_agent(request, saved)
    tour_progress.saw(request.member, tour_progress.AGENT)
    if not request.member.builds:
        return render_page(request, "builder/agent.html", _agent_context(request, saved), parts=_PARTS)
    form = AgentForm(_posted(request), team=request.team, saved=saved)
    if form.is_bound and "fix" not in request.POST and (made := _save(form, request.user)):
        return _after_save(request, made, _posted_tab(request))
    return _form_page(request, saved, form)


@require_GET
@team_page(get=BUILDER)
def agent_setup(request: TeamRequest, id: UUID) -> HttpResponse:
    """Show the other half of the form of `agent`, which is sent there."""
    saved = queries.detailed(access.agent_or_404(request.team, id))
    return _form_page(request, saved, AgentForm(team=request.team, saved=saved))


def _form_page(request: TeamRequest, saved: AgentDetails, form: AgentForm) -> HttpResponse:
    tab = reverse(_ADDRESSES[_tab_to_show(request, form)], args=[saved.agent.pk])
    context = _agent_context(request, saved, tab) | _form_context(request, form, saved.agent) | {"tab": tab}
    return render_page(request, "builder/agent.html", context, parts=_PARTS, status=422 if form.errors else 200)


def _tab_to_show(request: TeamRequest, form: AgentForm) -> str:
    """Return the page's own tab, or the one it was sent from; but what was refused is never on a tab that is hidden."""
    if not form.is_bound:
        return SETUP if request.path.endswith("/setup/") else PROCEDURE
    wrong, sent_from = form.wrong_tabs, _posted_tab(request)
    return sent_from if sent_from in wrong or not wrong else wrong[0]


def _posted_tab(request: TeamRequest) -> str:
    return SETUP if request.POST.get("tab", "").endswith("/setup/") else PROCEDURE


def _save(form: AgentForm, author: User) -> Agent | HttpResponseRedirect | None:
    """The agent as saved; the way to the check of what was held; or None, with the reasons among the form's errors."""
    if not form.is_ready():
        return None
    wanted = form.wanted()
    try:
        if form.saved is None:
            return _create(form.team, wanted, author)
        if form.tells_the_same:
            return verbs.save_agent(form.saved.agent, **wanted, author=author)
        return drafts.publish(form.saved.agent, **wanted, known=known_to(form.data), author=author)
    except RoutesHeld as held:
        assert form.saved
        waiting = [AgentChange(form.saved.agent.pk, **wanted)]
        # Keep what the gate holds back as the draft too, so that one can go on from there.
        assert form.saved
        said = form.cleaned_data
        drafts.save_draft(
            form.saved.agent, said["aop"], said["model"], said["fallback"], known=known_to(form.data), author=author
        )
        return redirect("check", held.start(person(author), waiting))
    except Refused as refusal:
        form.refuse(refusal)
    return None


@transaction.atomic
def _create(team: Team, wanted: dict[str, Any], author: User) -> Agent:
    new = {name: wanted.pop(name) for name in ("name", "description", "aop", "model", "fallback", "may_ask")}
    agent = verbs.create_agent(team, **new, author=author)
    return verbs.save_agent(agent, **wanted, author=author)


def _posted(request: TeamRequest) -> QueryDict | None:
    """The form, fixed if one of the wiring doctor's buttons sent it."""
    return apply_fix(request.team, request.POST, request.user) if request.method == "POST" else None


def _deleted_agent(request: TeamRequest, saved: AgentDetails) -> HttpResponse:
    context = _agent_context(request, saved)
    if request.method == "POST":
        messages.error(request, f"{saved.agent.name} has been deleted, so nothing was saved.")
        context["typed"] = request.POST.get("aop", "")
    return render_page(request, "builder/agent.html", context, parts=_PARTS)


def _agent_context(request: TeamRequest, saved: AgentDetails, tab: str = "") -> dict[str, object]:
    return {
        **head_of(request, saved.agent, saved, tab),
        "lines": lines.read(saved.revision.aop, [*saved.targets, *saved.people]),
        "used": usage.of_agent(saved.agent, usage.last_days(saved.agent.team, 30)),
        "mentioned_by": verbs.mentioned_by(saved.agent),
    }


def _form_context(request: TeamRequest, form: AgentForm, agent: Agent | None = None) -> dict[str, object]:
    return {
        "form": form,
        "models": queries.models_in_use(request.team),
        "candidates": queries.candidates(request.team, agent),
        "mentioned": json.dumps([*map(mention_search.described, form.mentioned()), *form.mentioned_people()]),
        **wiring_context(request.team, form),
    }


def _after_save(request: HttpRequest, saved: Agent | HttpResponseRedirect, tab: str = PROCEDURE) -> HttpResponse:
    if isinstance(saved, HttpResponseRedirect):
        return saved
    blocking = [problem.message for problem in targets.problems(saved) if problem.blocking]
    if blocking:
        messages.warning(request, f"Saved. {blocking[0]}")
    else:
        messages.success(request, "Saved. New runs use it.")
    return redirect(_ADDRESSES[tab], saved.pk)


@require_POST
@team_page(post=BUILDER)
def agent_pause(request: TeamRequest, id: UUID) -> HttpResponse:
    agent = access.agent_or_404(request.team, id)
    verbs.pause_agent(agent)
    say(request, f"{agent.name} is paused. It finishes its current work.", reverse("agent_resume", args=[agent.pk]))
    return redirect("agent", agent.pk)


@require_POST
@team_page(post=BUILDER)
def agent_resume(request: TeamRequest, id: UUID) -> HttpResponse:
    agent = access.agent_or_404(request.team, id)
    verbs.resume_agent(agent)
    say(request, f"{agent.name} has been resumed.", reverse("agent_pause", args=[agent.pk]))
    return redirect("agent", agent.pk)
