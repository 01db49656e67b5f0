"""The buttons of the wiring doctor: what each changes, in the form as it is typed or among the other agents."""

from collections.abc import Callable
from uuid import UUID

from django.http import Http404, QueryDict

from builder.agents import access, agents, connections
from builder.procedures import mentions, plain_names
from builder.procedures.people import find_people
from builder.procedures.plain_names import PlainName
from data.errors import Refused
from data.ids import parse_uuid
from teams.models import Team, User

from .findings import CHOOSE, CHOOSE_NAMED, CONNECT, CREATE, MENTION, REMOVE, REPLACE, RESUME, TICK, UNMENTION


def apply_fix(team: Team, data: QueryDict, by: User) -> QueryDict:
    """Presses the button that `data["fix"]` names: `what:id` or `what:id:id`. The form as it is afterwards."""
    what, _, rest = data.get("fix", "").partition(":")
    changed = data.copy()
    changed.pop("fix", None)
    if what in (MENTION, CHOOSE_NAMED):
        changed["aop"] = _mentioned(team, data, rest)
    elif what == CREATE:
        changed["aop"] = _created(team, data, rest, by)
    elif what in _IN_TEXT:
        changed["aop"] = _in_text(team, data, what, _id_or_404(rest))
    elif what == TICK:
        changed[f"consumes-{_id_or_404(rest)}"] = "on"
    elif what in (CONNECT, CHOOSE):
        agent, _, queue = rest.rpartition(":")
        _connect(team, _id_or_404(agent or data.get(f"consumer-{queue}", "")), _id_or_404(queue))
    elif what == RESUME:
        agents.resume_agent(access.agent_or_404(team, _id_or_404(rest)))
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
        id = _id_or_404(data.get(f"replacement-{agent_id}", ""))
        if person := find_people(team, [id]).get(id):
            return mentions.redirect(text, agent_id, id, person.name, person.kind)
        return mentions.redirect(text, agent_id, id, access.agent_or_404(team, id).name)
    return _IN_TEXT[what](text, agent_id)


def _mentioned(team: Team, data: QueryDict, rest: str) -> str:
    """`rest`: the agent, if it is known, and where the plain name stands. One that has moved since stays as it is."""
    text = mentions.normalise(data.get("aop", ""))
    agent_id, _, place = rest.partition(":")
    plain = _plain_at(text, place)
    if plain is None:
        return text
    id = _id_or_404(agent_id or data.get(f"named-{plain.start}", ""))
    if person := find_people(team, [id]).get(id):
        return plain_names.mention(text, plain, id, person.name, person.kind)
    return plain_names.mention(text, plain, id, access.agent_or_404(team, id).name)


def _created(team: Team, data: QueryDict, rest: str, by: User) -> str:
    """With a mention of a new agent, of which there is only the name."""
    text = mentions.normalise(data.get("aop", ""))
    plain = _plain_at(text, rest.removeprefix(":"))
    if plain is None:
        return text
    try:
        agent = agents.create_agent(team, plain.name, author=by)
    except Refused:  # the name is taken, or is none that an agent may have: the finding stays and says what else to do
        return text
    return plain_names.mention(text, plain, agent.pk, agent.name)


def _plain_at(text: str, place: str) -> PlainName | None:
    try:
        start, end = map(int, place.split(":"))
    except ValueError:
        raise Http404 from None
    return PlainName(text[start:end], start, end) if 0 <= start < end and text[start] in "@＠" else None


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


def _id_or_404(text: str) -> UUID:
    id = parse_uuid(text)
    if id is None:
        raise Http404
    return id
