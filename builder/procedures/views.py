"""What the editor asks for: agents to mention, and what is known of those that are mentioned."""

from uuid import UUID

from django.http import JsonResponse
from django.views.decorators.http import require_GET, require_POST

from builder.agents import access, agents
from data.errors import Refused
from teams.access.permissions import BUILDER, TeamRequest, team_page

from . import mention_search
from .people import find_people, search_people


@require_GET
@team_page
def mention_options(request: TeamRequest, id: UUID | None = None) -> JsonResponse:
    """Return who can be mentioned (q), or what is known of these (ids). `queues`: those that the form ticks."""
    agent = access.agent_or_404(request.team, id) if id else None
    of = mention_search.viewpoint(request.team, agent, request.GET.get("queues"))
    works = bool(of.queues)
    if "ids" in request.GET:
        ids = mention_search.ids(request.GET["ids"])
        found = mention_search.Found(mention_search.known(ids, of))
        people = [*find_people(request.team, ids, works_queue=works).values()]
    else:
        words = request.GET.get("q", "")
        found = mention_search.search(words, of)
        people = search_people(request.team, " ".join(words.split())[:80], works_queue=works)
    rows = [*map(mention_search.described, found.targets), *map(mention_search.described_people, people)]
    return JsonResponse({"agents": rows, "more": found.more, "similar": found.similar, "creatable": True})


@require_POST
@team_page(post=BUILDER)
def mention_create(request: TeamRequest) -> JsonResponse:
    """Create an agent that has only a name; its procedure is written later."""
    try:
        agent = agents.create_agent(request.team, request.POST.get("name", ""), author=request.user)
    except Refused as refusal:
        return JsonResponse({"error": refusal.message}, status=422)
    of = mention_search.viewpoint(request.team, queues=request.POST.get("queues", ""))
    return JsonResponse({"agent": mention_search.created(agent, of)}, status=201)
