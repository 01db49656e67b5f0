"""Whom a file means that names agents, people and queues, here or among what is imported with it."""

from uuid import UUID

from builder.files.planned import Plan
from builder.procedures import mentions
from builder.procedures.people import PeopleTarget, all_people
from data.errors import Refused
from routes.models import RoutingTest
from routes.routing_tests import decisions, routing_tests
from routes.routing_tests.decisions import Decision
from teams.models import Team

_FIELDS = {mentions.AGENT: "agent_id", mentions.PERSON: "user_id", mentions.GROUP: "group_id"}


class Names:
    """As things will be once the plan is carried out."""

    def __init__(self, team: Team, plan: Plan | None = None) -> None:
        items = plan.items if plan else []
        self.team = team
        self.agents: dict[UUID, str] = dict(team.agents.live().values_list("pk", "name"))
        self.agents |= {item.id: item.wanted.name for item in items}
        self._ids_of_files = {item.file.id: item.id for item in items if item.file.id}
        self._by_name = {name.lower(): id for id, name in self.agents.items()}
        self._queues = {name.lower(): name for name in team.queues.live().values_list("name", flat=True)}
        self._queues |= plan.queue_names if plan else {}
        self._consumed = {item.id: list(item.wanted.consumes or {}) for item in items}
        self._people: list[PeopleTarget] | None = None

    def agent_of(self, name: str, id: UUID | None = None) -> UUID | None:
        """By id, in the files or here; else by name."""
        if id in self._ids_of_files:
            return self._ids_of_files[id]
        if id in self.agents:
            return id
        return self._by_name.get(" ".join(name.split()).lower())

    def queue_of(self, agent_id: UUID, name: str) -> str:
        """The name of the queue whose cases the agent takes; without a name the only one."""
        consumed = self._consumed.get(agent_id)
        if consumed is None:
            agent = self.team.agents.live().get(pk=agent_id)
            consumed = self._consumed[agent_id] = [queue.name for queue in routing_tests.queues_of(agent)]
        called = self.agents[agent_id]
        if not name:
            if len(consumed) == 1:
                return consumed[0]
            raise Refused(
                f"{called} takes cases from several queues. Say which."
                if consumed
                else f"{called} takes cases from no queue. Connect it to one, or test a standalone run."
            )
        found = next((one for one in consumed if one.lower() == name.strip().lower()), None)
        if found is None:
            known = name.strip().lower() in self._queues
            raise Refused(
                f"{called} does not take cases from {name}." if known else f"There is no queue called “{name}”."
            )
        return found

    def decision(self, words: str, agent_id: UUID, mode: str) -> Decision:
        """Return what is meant: a mention, “@Name”, a name alone, or another decision. Refused with a sentence."""
        words = words.strip()
        known = decisions.PLAIN[RoutingTest.Mode(mode)]
        if (plain := decisions.plain_of(words)) in known:
            return {"decision": plain}
        token = mentions.TOKEN.fullmatch(words)
        mention = mentions.find_mentions(words)[0] if token else None
        kind, id = self._target(mention) if mention else self._called(words.removeprefix("@").strip())
        name = mention.name if mention else words
        if id is None:
            raise Refused(f"“{name}” is neither an agent, a member nor a group here, nor one of {', '.join(known)}.")
        if id == agent_id:
            raise Refused(f"{name} cannot hand over to itself.")
        if kind != mentions.AGENT and mode != RoutingTest.Mode.CASE:
            raise Refused(f"Only cases can be handed over to people, such as {name}.")
        return {"decision": decisions.HAND_OVER, _FIELDS[kind]: str(id)}

    def _target(self, mention: mentions.Mention) -> tuple[str, UUID | None]:
        if mention.kind == mentions.AGENT:
            return mention.kind, self.agent_of(mention.name, mention.agent_id)
        same = [one for one in self._everyone() if one.kind == mention.kind]
        found = [one.id for one in same if one.id == mention.agent_id]
        found = found or [one.id for one in same if one.name.casefold() == mention.name.casefold()]
        return mention.kind, found[0] if len(found) == 1 else None

    def _called(self, name: str) -> tuple[str, UUID | None]:
        if id := self.agent_of(name):
            return mentions.AGENT, id
        found = [one for one in self._everyone() if one.name.casefold() == name.casefold()]
        return (found[0].kind, found[0].id) if len(found) == 1 else (mentions.AGENT, None)

    def _everyone(self) -> list[PeopleTarget]:
        if self._people is None:
            self._people = all_people(self.team)
        return self._people
