"""Which agents work a queue, chosen on its page, from a case or in the list of queues."""

from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from builder.agents import connections
from builder.agents.access import agent_or_404
from builder.models import Agent, QueueConnection
from cases.work.access import queue_or_404
from data.ids import parse_uuid
from teams.access.permissions import BUILDER, TeamRequest, team_page
from web.http.picking import Option, Picker, Section, show_picker
from web.http.redirects import back
from web.http.toasts import say

_MOST = 300


@require_http_methods(["GET", "POST"])
@team_page(post=BUILDER, get=BUILDER)
def queue_agents(request: TeamRequest, id: UUID) -> HttpResponseBase:
    """Connect an agent, or disconnect it: `add` or `remove`. Undoing says in the address how many cases it worked at
    once.
    """
    queue = queue_or_404(request.team, id)
    address = reverse("queue_agents", args=[queue.pk])
    if request.method == "GET":
        working = set(queue.connections.filter(role=QueueConnection.Role.CONSUMER).values_list("agent_id", flat=True))
        agents = sorted(Agent.objects.live().filter(team=request.team)[:_MOST], key=lambda one: one.name.lower())
        options = [
            Option(agent.name, str(agent.pk), "bot", current=agent.pk in working, name=_act(agent.pk in working))
            for agent in sorted(agents, key=lambda one: one.pk not in working)
        ]
        picker = Picker(
            "Connect agents", [Section(address, "add", options)], many=True, empty="There are no agents yet."
        )
        return show_picker(request, picker, reverse("queue", args=[queue.pk]), queue.name)
    said = {**request.GET.dict(), **request.POST.dict()}
    act = "remove" if said.get("remove") else "add"
    agent_id = parse_uuid(str(said.get(act, "")))
    if agent_id is None:
        raise Http404
    agent = agent_or_404(request.team, agent_id)
    if act == "add":
        connections.add_consumer(agent, queue.pk, _places(str(said.get("places", ""))))
        say(
            request,
            f"{agent.name} takes cases from {queue.name} now.",
            f"{address}?{urlencode({'remove': str(agent.pk)})}",
        )
    elif places := connections.remove_consumer(agent, queue.pk):
        undo = urlencode({"add": str(agent.pk), "places": str(places)})
        say(request, f"{agent.name} takes no more cases from {queue.name}.", f"{address}?{undo}")
    return back(request, "queue", queue.pk)


def _act(is_connected: bool) -> str:
    return "remove" if is_connected else "add"


def _places(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:5]) <= 1000 else connections.PLACES
