"""The buttons of the wiring doctor: what each changes, in the form as it is typed or among the other agents."""

from collections.abc import Callable
from uuid import UUID

from django.http import Http404, QueryDict

from teams.models import Team

from . import access, agents, connections, mentions
from .doctor import CHOOSE, CONNECT, REMOVE, REPLACE, RESUME, TICK, UNMENTION


def mend(team: Team, data: QueryDict) -> QueryDict:
    """Presses the button that `data["mend"]` names: `what:id` or `what:id:id`. The form as it is afterwards."""
    what, _, rest = data.get("mend", "").partition(":")
    changed = data.copy()
    changed.pop("mend", None)
    if what in _IN_TEXT:
        changed["aop"] = _in_text(team, data, what, _id(rest))
    elif what == TICK:
        changed[f"consumes-{_id(rest)}"] = "on"
    elif what in (CONNECT, CHOOSE):
        agent, _, queue = rest.rpartition(":")
        _connect(team, _id(agent or data.get(f"consumer-{queue}", "")), _id(queue))
    elif what == RESUME:
        agents.resume_agent(access.agent_or_404(team, _id(rest)))
    return changed


def _connect(team: Team, agent_id: UUID, queue_id: UUID) -> None:
    agent = access.agent_or_404(team, agent_id)
    queue = team.queues.live().filter(pk=queue_id).first()
    if queue is None:
        raise Http404
    connections.add_consumer(agent, queue.pk)


# --- In the text -------------------------------------------------------------------------------


def _in_text(team: Team, data: QueryDict, what: str, agent_id: UUID) -> str:
    text = mentions.normalise(data.get("aop", ""))
    if what == REPLACE:
        other = access.agent_or_404(team, _id(data.get(f"replacement-{agent_id}", "")))
        return mentions.redirect(text, agent_id, other.pk, other.name)
    return _IN_TEXT[what](text, agent_id)


def without(text: str, agent_id: UUID) -> str:
    """The text without the mentions of the agent, nor the space before each."""
    return _rewritten(text, agent_id, lambda before, name: (before.removesuffix(" "), ""))


def unmentioned(text: str, agent_id: UUID) -> str:
    """The text with plain names in the place of the agent's mentions."""
    return _rewritten(text, agent_id, lambda before, name: (before, name))


def _rewritten(text: str, agent_id: UUID, change: Callable[[str, str], tuple[str, str]]) -> str:
    written = ""
    for part in mentions.split(text):
        if isinstance(part, mentions.Mention) and part.agent_id == agent_id:
            written = "".join(change(written, part.name))
        else:
            written += part if isinstance(part, str) else part.source
    return written


_IN_TEXT: dict[str, Callable[[str, UUID], str]] = {REMOVE: without, UNMENTION: unmentioned, REPLACE: without}


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
