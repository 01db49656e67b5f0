"""Agents come and go: copies, the dialog that deletes one, the list of deleted ones, and back again."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from builder.gate import gate
from builder.gate.gate import RoutesHeld
from builder.gate.waiting import Deletion, Restoration
from builder.models import Agent
from builder.procedures import people
from builder.procedures.mentions import GROUP, PERSON
from builder.procedures.people import all_people
from data.errors import Refused
from data.ids import parse_uuid
from teams.access.permissions import BUILDER, TeamRequest, team_page
from web.http.paging import page
from web.http.partials import render_page
from web.http.picking import Option, Picker, Section, show_picker
from web.http.toasts import say

from . import access, queries
from . import agents as verbs
from .agents import Replacement


@require_POST
@team_page(post=BUILDER)
def agent_duplicate(request: TeamRequest, id: UUID) -> HttpResponse:
    copy = verbs.duplicate_agent(access.agent_or_404(request.team, id), request.user)
    messages.success(request, f"This is {copy.name}. It is paused: it takes no cases until you resume it.")
    return redirect("agent", copy.pk)


@require_http_methods(["GET", "POST"])
@team_page(post=BUILDER, get=BUILDER)
def agent_delete(request: TeamRequest, id: UUID) -> HttpResponse:
    """GET asks: as a page, or as the part that the agent's page shows in its dialog."""
    agent = access.agent_or_404(request.team, id)
    name, refused = request.POST.get("replacement", "").strip(), ""
    if request.method == "POST":
        try:
            replacement = _replacement(agent, name)
            mentioning = verbs.delete_agent(agent, replacement, request.user)
        except RoutesHeld as held:
            assert replacement  # without one no route changes
            return redirect("check", held.start(request.actor, Deletion(agent.pk, replacement.id)))
        except Refused as refusal:
            refused = refusal.message
        else:
            _tell_deleted(request, agent, replacement, mentioning)
            return redirect("agents")
    context = {
        "agent": agent,
        "mentioned_by": verbs.mentioned_by(agent),
        "void_tests": gate.voided_tests(agent),
        "replacements": queries.replacements(agent),
        "typed": name,
        "refused": refused,
    }
    return render_page(request, "builder/delete.html", context, parts=["delete-form"], status=422 if refused else 200)


def _replacement(agent: Agent, chosen: str) -> Replacement | None:
    """Return the replacement by its id, or by the name that was typed: an agent's, else that of people."""
    if not chosen:
        return None
    id = parse_uuid(chosen)
    named = Q(pk=id) if id else Q(name__iexact=chosen.replace("\x00", ""))
    found: Sequence[Replacement] = list(Agent.objects.live().filter(named, team=agent.team_id))
    found = found or [one for one in all_people(agent.team) if id == one.id or chosen.casefold() == one.name.casefold()]
    if len(found) != 1:
        message = f"There is no agent, person or group called “{chosen}”. Please choose one from the list."
        raise Refused(message, "invalid_replacement")
    return found[0]


def _tell_deleted(
    request: TeamRequest, agent: Agent, replacement: Replacement | None, mentioning: Sequence[Agent]
) -> None:
    messages.success(request, f"{agent.name} was deleted. It can be restored from the list of deleted agents.")
    names = ", ".join(other.name for other in mentioning)
    if replacement is None and mentioning:
        starts = "starts" if len(mentioning) == 1 else "start"
        messages.warning(request, f"{names} {starts} no runs until the mention of it is removed.")
    elif replacement is not None and mentioning:
        mentions = "mentions" if len(mentioning) == 1 else "mention"
        messages.success(request, f"{names} {mentions} {replacement.name} now.")
    if replacement is not None and replacement in mentioning:
        messages.warning(
            request, f"{replacement.name} mentioned {agent.name}, and now mentions itself. Check its procedure."
        )


@require_GET
@team_page
def agents_deleted(request: TeamRequest) -> HttpResponse:
    found = page(queries.deleted(request.team), queries.DELETED_ORDER, request.GET.get("cursor", ""))
    context = {"agents": queries.with_mentioning(found.rows), "page": found}
    return render_page(request, "builder/deleted.html", context, parts=["results"])


@require_http_methods(["GET", "POST"])
@team_page(post=BUILDER, get=BUILDER)
def agent_replace(request: TeamRequest, id: UUID) -> HttpResponseBase:
    """Choose who is mentioned instead of a deleted agent, in all procedures at once."""
    agent = get_object_or_404(Agent, team=request.team, pk=id)
    if request.method == "GET":
        found = queries.replacements(agent)
        action = reverse("agent_replace", args=[agent.pk])
        sections = [
            Section(action, "replacement", [Option(other.name, str(other.id), icon) for other in others], title)
            for others, title, icon in (
                (found.close, "Work the same queues", "bot"),
                (found.others, "Agents", "bot"),
                ([one for one in found.people if one.kind == PERSON], "People", "user"),
                ([one for one in found.people if one.kind == GROUP], "Groups", "users"),
            )
        ]
        picker = Picker(f"Mention instead of {agent.name}", sections, empty="There is no other agent.")
        return show_picker(request, picker, reverse("agents_deleted"), "Deleted agents")
    wanted = parse_uuid(request.POST.get("replacement", ""))
    if wanted is None:
        raise Http404
    replacement = people.find_people(request.team, [wanted]).get(wanted) or access.agent_or_404(request.team, wanted)
    try:
        mentioning = verbs.replace_deleted(agent, replacement, request.user)
    except RoutesHeld as held:
        waiting = Deletion(agent.pk, replacement.id, was_deleted=True)
        return redirect("check", held.start(request.actor, waiting))
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        names = ", ".join(other.name for other in mentioning) or "No agent"
        say(request, f"{names} now mention{'s' if len(mentioning) < 2 else ''} {replacement.name}.")
    return redirect("agents_deleted")


@require_POST
@team_page(post=BUILDER)
def agent_restore(request: TeamRequest, id: UUID) -> HttpResponse:
    """Restore an agent under the given name or its own. If that is in use, a page asks for another name."""
    agent = get_object_or_404(Agent, team=request.team, pk=id)
    name = request.POST.get("name")
    try:
        restored = verbs.restore_agent(agent, name)
    except RoutesHeld as held:
        return redirect("check", held.start(request.actor, Restoration(agent.pk, name)))
    except Refused as refusal:
        typed = name if name is not None else f"{agent.name[:69]} (restored)"
        context = {"agent": agent, "typed": typed, "refused": refusal.fields.get("name", refusal.message)}
        return render(request, "builder/restore.html", context, status=422)
    messages.success(request, f"{restored.name} is back, as it was.")
    return redirect("agent", restored.pk)
