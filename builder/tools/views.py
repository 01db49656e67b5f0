"""The pages of MCP servers, in the settings of the team."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from builder.agents.access import tool_or_404, tool_server_or_404
from builder.models import Agent, ToolServer
from data.errors import Refused
from teams.access.permissions import ADMINISTRATOR, TeamRequest, team_page
from web.forms.refusals import tell
from web.http.partials import render_page

from . import server_tools
from . import servers as verbs
from .forms import ToolServerForm, changed_tools, choices_of, offered_rows, saved_rows
from .listings import Listing
from .server_tools import Choice
from .servers import Credential


@require_GET
@team_page(get=ADMINISTRATOR)
def tool_servers(request: TeamRequest) -> HttpResponse:
    here = Q(tools__gone_at=None)
    rows = request.team.tool_servers.present().annotate(
        number=Count("tools", filter=here),
        on=Count("tools", filter=here & Q(tools__is_on=True)),
        changed=Count("tools", filter=Q(tools__is_on=True) & (Q(tools__found__isnull=False) | ~here)),
    )
    return render_page(request, "builder/tool_servers.html", {"servers": rows}, parts=["results"])


@require_http_methods(["GET", "POST"])
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR, asks_again=True)
def tool_server_new(request: TeamRequest) -> HttpResponse:
    """First the address, then the tools that are found there; nothing is saved before that."""
    form = ToolServerForm(request.POST if request.method == "POST" else None)
    if not form.is_bound or "back" in request.POST or not form.is_valid():
        status = 422 if form.is_bound and "back" not in request.POST else 200
        return render(request, "builder/tool_server_form.html", {"form": form}, status=status)
    try:
        credential = form.credential() or Credential()
        listing = verbs.ask(form.cleaned_data["url"], credential)
    except Refused as refusal:
        form.show(refusal)
        return render(request, "builder/tool_server_form.html", {"form": form}, status=422)
    if "tool" not in request.POST and "choose" not in request.POST:
        return _choosing(request, form, credential, listing)
    chosen: dict[str, Choice] = {}
    try:
        chosen = choices_of(request.POST)
        name, url = form.cleaned_data["name"], form.cleaned_data["url"]
        server = verbs.add_server(request.team, name, url, credential=credential, listing=listing, choices=chosen)
    except Refused as refusal:
        form.show(refusal)
        return _choosing(request, form, credential, listing, chosen)
    messages.success(request, f"{server.name} was added. Choose on an agent’s page which of its tools the agent gets.")
    return redirect("tool_server", server.pk)


def _choosing(
    request: TeamRequest,
    form: ToolServerForm,
    credential: Credential,
    listing: Listing,
    chosen: dict[str, Choice] | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "sealed": form.seal(credential),
        "rows": offered_rows(listing, chosen),
        "left_out": listing.left_out,
        "unusable": listing.unusable,
    }
    return render(request, "builder/tool_server_choose.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR)
def tool_server(request: TeamRequest, id: UUID) -> HttpResponse:
    server, refused = tool_server_or_404(request.team, id), ""
    if request.method == "POST":
        try:
            server_tools.choose(server, choices_of(request.POST))
        except Refused as refusal:
            refused = refusal.message
        else:
            messages.success(request, "Saved.")
            return redirect("tool_server", id)
    context = _about(server) | {"refused": refused, "here": request.get_full_path()}
    status = 422 if refused else 200
    return render_page(request, "builder/tool_server.html", context, parts=["changed"], status=status)


def _about(server: ToolServer) -> dict[str, Any]:
    tools = list(server.tools.all())
    agents = Agent.objects.live().filter(tool_connections__tool__server=server).distinct()
    return {
        "server": server,
        "rows": saved_rows(tool for tool in tools if tool.gone_at is None),
        "changed": changed_tools(tools),
        "gone": [tool for tool in tools if tool.gone_at and tool.is_on],
        "pinned": [tool for tool in tools if tool.schema_only and tool.gone_at is None],
        "agents": agents.order_by("name"),
        "watched": f"tool_server:{server.pk}",
    }


@require_http_methods(["GET", "POST"])
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR, asks_again=True)
def tool_server_edit(request: TeamRequest, id: UUID) -> HttpResponse:
    server = tool_server_or_404(request.team, id)
    form = ToolServerForm(request.POST if request.method == "POST" else None, server=server)
    if form.is_bound and form.is_valid():
        try:
            verbs.change_server(server, form.cleaned_data["name"], form.cleaned_data["url"], form.credential())
        except Refused as refusal:
            form.show(refusal)
        else:
            return redirect("tool_server", id)
    context = {"form": form, "server": server}
    return render(request, "builder/tool_server_form.html", context, status=422 if form.errors else 200)


@require_POST
@team_page(post=ADMINISTRATOR)
def tool_server_look(request: TeamRequest, id: UUID) -> HttpResponse:
    try:
        messages.success(request, verbs.look_again(tool_server_or_404(request.team, id)))
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("tool_server", id)


@require_POST
@team_page(post=ADMINISTRATOR, asks_again=True)
def tool_server_delete(request: TeamRequest, id: UUID) -> HttpResponse:
    server = tool_server_or_404(request.team, id)
    verbs.delete_server(server)
    messages.success(request, f"{server.name} was deleted. No agent can use its tools any more.")
    return redirect("tool_servers")


@require_POST
@team_page(post=ADMINISTRATOR)
def tool_accept(request: TeamRequest, id: UUID) -> HttpResponse:
    tool = tool_or_404(request.team, id)
    seen = request.POST.get("seen", "")
    tell(request, lambda: server_tools.accept(tool, seen), f"{tool.name} can be used again.")
    return redirect("tool_server", tool.server_id)


@require_POST
@team_page(post=ADMINISTRATOR)
def tool_pin(request: TeamRequest, id: UUID) -> HttpResponse:
    """Compare only the arguments of a tool from now on, or its description again."""
    tool = tool_or_404(request.team, id)
    schema_only = request.POST.get("schema_only") == "1"
    server_tools.pin_schema(tool, schema_only)
    now = "only its arguments are compared" if schema_only else "its description is compared again"
    messages.success(request, f"{tool.name}: {now}.")
    return redirect("tool_server", tool.server_id)
