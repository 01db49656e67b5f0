"""What all pages of one agent share: the head with what one may do, and the tabs."""

from typing import Any

from django.urls import reverse

from builder.models import Agent
from builder.procedures import targets
from data.errors import Refused
from teams.access.permissions import TeamRequest
from teams.models import Member

from . import agent_actions, queries
from .queries import AgentDetails

# The tabs that show the form.
PROCEDURE, SETUP = "Procedure", "Setup"


def head_of(request: TeamRequest, agent: Agent, saved: AgentDetails | None = None, tab: str = "") -> dict[str, Any]:
    """Return the context of templates/builder/agent_page.html. `tab`: the address of the current one, by default the
    page's own.
    """
    saved = saved or queries.detailed(agent)
    refusal = _refusal(saved.agent)
    number, seen = saved.revision.number, request.GET.get("seen", "")
    return {
        "agent": saved.agent,
        "saved": saved,
        "state": "deleted" if saved.agent.is_deleted else "paused" if saved.agent.is_paused else "",
        "subject": f"agent:{saved.agent.pk}",
        "refusal": refusal,
        "actions": agent_actions.of_agent(saved.agent, refusal, request.member),
        "newer": seen.isdecimal() and int(seen) < number,
        "here": f"{reverse('agent', args=[saved.agent.pk])}?seen={seen if seen.isdecimal() else number}",
        "tabs": _tabs(saved.agent, request.member, tab or request.path),
    }


def _refusal(agent: Agent) -> Refused | None:
    try:
        targets.check_may_start(agent)
    except Refused as refused:
        return refused
    return None


def _tabs(agent: Agent, member: Member, current: str) -> list[dict[str, Any]]:
    is_live = not agent.is_deleted
    offered = {
        PROCEDURE: ("agent", True),
        SETUP: ("agent_setup", is_live and member.builds),
        "Tests": ("agent_tests", is_live),
        "Runs": ("agent_runs", True),
        "History": ("revisions", True),
    }
    of_form = {PROCEDURE, SETUP} if is_live and member.builds else set()
    tabs = []
    for label, (name, is_offered) in offered.items():
        url = reverse(name, args=[agent.pk])
        if is_offered:
            tabs.append({"label": label, "url": url, "current": url == current, "has_fields": label in of_form})
    return tabs
