"""What the page of an agent offers to do: in its head, in its menu, and where it says why it may not start."""

from dataclasses import dataclass, replace

from django.urls import reverse

from builder.models import Agent
from data.errors import Refused
from teams.models import Member
from web.http.actions import Action, dialogs, offered


@dataclass(frozen=True)
class AgentActions:
    """`delete` stands last in the menu, below what copies the address. `unblock` lets the agent start again."""

    head: list[Action]
    menu: list[Action]
    delete: list[Action]
    unblock: list[Action]
    may_try: bool

    @property
    def dialogs(self) -> set[str]:
        return dialogs(self.head, self.menu, self.delete)


def of_agent(agent: Agent, refusal: Refused | None, member: Member) -> AgentActions:
    if agent.is_deleted:
        return AgentActions(_of_deleted(agent, member), [], [], [], may_try=False)
    delete = Action("Delete", "trash-2", dialog="delete", look="danger")
    return AgentActions(
        head=_head(agent, member),
        menu=_menu(agent, member),
        delete=offered([(member.builds, delete)]),
        unblock=_unblock(agent, refusal, member),
        may_try=member.operates,
    )


def _of_deleted(agent: Agent, member: Member) -> list[Action]:
    restore = Action("Restore", "archive-restore", post=reverse("agent_restore", args=[agent.pk]), look="primary")
    return offered([(member.builds, restore)])


def _head(agent: Agent, member: Member) -> list[Action]:
    pause = Action("Pause", "circle-pause", post=reverse("agent_pause", args=[agent.pk]))
    return offered(
        [
            (member.builds, _resume(agent) if agent.is_paused else pause),
            (member.operates, Action("Try it", "flask-conical", link=f"{_page(agent)}#try")),
            (member.operates, Action("Run now", "play", dialog="run", look="primary")),
        ]
    )


def _resume(agent: Agent) -> Action:
    return Action("Resume", "circle-play", post=reverse("agent_resume", args=[agent.pk]))


def _menu(agent: Agent, member: Member) -> list[Action]:
    copy = "Makes a paused copy with the same procedure and connections"
    duplicate = Action("Duplicate", "copy-plus", post=reverse("agent_duplicate", args=[agent.pk]), title=copy)
    export = Action("Export", "download", link=reverse("agent_export", args=[agent.pk]), download=True)
    return offered([(member.builds, duplicate), (True, export)])


def _unblock(agent: Agent, refusal: Refused | None, member: Member) -> list[Action]:
    """Return what to do about the reason why the agent may not start."""
    if refusal is None:
        return []
    if refusal.code == "agent_paused":
        return offered([(member.builds, replace(_resume(agent), look="primary"))])
    if refusal.code == "spending_limit":
        return [Action("See what was spent", link=reverse("usage"), look="primary")]
    return [Action("Go to the procedure", link=f"{_page(agent)}#procedure", look="primary")]


def _page(agent: Agent) -> str:
    return reverse("agent", args=[agent.pk])
