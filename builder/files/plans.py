"""Finds out what an import of agents would do: which agents the files are, and whom and what they mean."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.conf import settings

from builder.agents.queries import AgentDetails
from builder.models import Agent, ServerTool
from builder.procedures import mentions
from builder.procedures.mentions import Mention
from builder.procedures.people import PeopleTarget, all_people
from data.errors import Refused
from teams.models import Team, new_id

from .exporting import as_file, with_queues
from .flaws import Flaw, Flawed
from .front_matter import ToolName
from .markdown import AgentFile
from .planned import CREATE, DROP, Change, Choices, Item, MissingAgent, MissingQueue, Place, Plan


def plan(team: Team, files: Sequence[AgentFile], choices: Choices | None = None) -> Plan:
    """Flawed when two files are the same agent or a name is taken; Refused when a choice cannot be."""
    return _Planner(team, files, choices or Choices()).plan()


class _Planner:
    def __init__(self, team: Team, files: Sequence[AgentFile], choices: Choices) -> None:
        self.files = files
        self.choices = choices
        self.names = dict(team.agents.live().values_list("pk", "name"))
        self.by_name = {name.lower(): id for id, name in self.names.items()}
        self.queues = {queue.name.lower(): queue for queue in team.queues.live()}
        self.matches = self._match()
        self.ids = {
            file.source: self.matches[file.source] or choices.ids.setdefault(file.source, new_id()) for file in files
        }
        known = [id for id in self.matches.values() if id]
        self.saved = {row.agent.pk: row for row in with_queues(Agent.objects.filter(pk__in=known))}
        self.by_file_id = {file.id: self.ids[file.source] for file in files if file.id}
        self.by_file_name = {file.name.lower(): self.ids[file.source] for file in files}
        self.final_names = self.names | {self.ids[file.source]: file.name for file in files}
        has_people = any(mentions.people_ids(file.aop) for file in files)
        self.people = all_people(team) if has_people or any(choices.agents.values()) else []
        self.missing_agents: dict[UUID, MissingAgent] = {}
        self.missing_queues: dict[str, MissingQueue] = {}
        self.tools = tools_here(team)
        self.missing_tools: dict[ToolName, None] = {}
        self.queue_ids: dict[str, UUID | None] = {}
        self.queue_names: dict[str, str] = {}

    def _match(self) -> dict[str, UUID | None]:
        """The live agent that each file is, by the file's source."""
        found: dict[str, UUID | None] = {}
        taken: dict[UUID, AgentFile] = {}
        flaws: list[Flaw] = []
        for file in self.files:
            named = self.by_name.get(file.name.lower())
            id = file.id if file.id in self.names else named
            if id and named and id != named:
                message = f"“{file.name}” is the name of another agent here, which must be renamed first."
                flaws.append(Flaw(file.source, file.lines.get("name", 0), message))
            elif id and (other := taken.setdefault(id, file)) is not file:
                message = f"This is the agent “{self.names[id]}”, and so is {other.source}."
                flaws.append(Flaw(file.source, file.lines.get("name", 0), message))
            found[file.source] = id
        if flaws:
            raise Flawed(flaws)
        return found

    def plan(self) -> Plan:
        items = [self._item(file) for file in self.files]
        return Plan(
            items,
            list(self.missing_agents.values()),
            list(self.missing_queues.values()),
            list(self.missing_tools),
            self.queue_ids,
            self.queue_names,
        )

    def _item(self, file: AgentFile) -> Item:
        id = self.ids[file.source]
        saved = self.saved.get(id)
        now = as_file(saved) if saved else None
        before = AgentFile(
            name="", description="", model="", fallback="", may_ask=True, consumes={}, produces=[], tools=[]
        )
        before = now or before
        wanted = AgentFile(
            name=file.name,
            id=id,
            description=before.description if file.description is None else file.description,
            model=before.model if file.model is None else file.model or settings.BATON_DEFAULT_MODEL,
            fallback=before.fallback if file.fallback is None else file.fallback,
            may_ask=before.may_ask if file.may_ask is None else file.may_ask,
            consumes=before.consumes if file.consumes is None else self._consumes(file, file.consumes),
            produces=before.produces if file.produces is None else self._produces(file, file.produces),
            tools=before.tools if file.tools is None else self._tools_of(file.tools),
            aop=self._aop(file, saved),
        )
        aop_before = mentions.relabel(before.aop, self.final_names)
        changes = _changes(before, wanted) if saved else []
        return Item(file, id, saved, wanted, changes, aop_before, _pauses(saved, before, wanted))

    def _aop(self, file: AgentFile, saved: AgentDetails | None) -> str:
        known = self._known(saved) if saved else {}
        parts: list[str | Mention] = []
        for part in mentions.split(file.aop):
            if not isinstance(part, Mention):
                parts.append(part)
            elif token := self._target(part, known) or self._missing(part, file):
                parts.append(token)
            else:
                # A label that looks like a mention must not become one.
                parts.append(f"@{part.name}".replace("@[", "@ ["))
        return mentions.join(parts)

    def _known(self, saved: AgentDetails) -> dict[UUID, str]:
        """The mentions of the saved procedure, also of those who are gone."""
        people = {one.id: one.token for one in saved.people}
        names = {target.agent.pk: target.agent.name for target in saved.targets} | self.final_names
        return people | {row.agent.pk: mentions.token(row.agent.pk, names[row.agent.pk]) for row in saved.targets}

    def _target(self, mention: Mention, known: Mapping[UUID, str]) -> str:
        """Who is meant, as a mention: by id, else by name; empty if there is nobody."""
        id = mention.agent_id
        if mention.kind != mentions.AGENT:
            same = [one for one in self.people if one.kind == mention.kind]
            found = _token([one for one in same if one.id == id]) or known.get(id)
            return found or self._person(mention.name, same)
        here = self._agent(self.by_file_id.get(id) or (id if id in self.names else None))
        return here or known.get(id) or self._agent_called(mention.name)

    def _agent(self, id: UUID | None) -> str:
        return mentions.token(id, self.final_names[id]) if id else ""

    def _agent_called(self, name: str) -> str:
        return self._agent(self.by_file_name.get(name.lower()) or self.by_name.get(name.lower()))

    def _person(self, name: str, people: Iterable[PeopleTarget]) -> str:
        return _token([one for one in people if one.name.casefold() == name.casefold()])

    def _missing(self, mention: Mention, file: AgentFile) -> str:
        """Who was chosen instead; empty to keep it as text."""
        id = mention.agent_id
        row = self.missing_agents.setdefault(id, MissingAgent(id, mention.name, mention.kind))
        line = file.lines.get("aop", 1) + file.aop.count("\n", 0, mention.start)
        row.places.append(Place(file.source, line))
        wanted = " ".join(self.choices.agents.get(id, "").split())
        if not wanted:
            return ""
        if token := self._agent_called(wanted) or self._person(wanted, self.people):
            return token
        message = f"There is no agent called “{wanted}”, here or in the files, and no one person or group."
        raise Refused(message, "not_found", {f"agent-{id}": message})

    def _consumes(self, file: AgentFile, wanted: Mapping[str, int]) -> dict[str, int]:
        found: dict[str, int] = {}
        for name, concurrency in wanted.items():
            if here := self._queue(file, "consumes", name):
                found.setdefault(here, concurrency)
        return found

    def _produces(self, file: AgentFile, wanted: Iterable[str]) -> list[str]:
        found = (self._queue(file, "produces", name) for name in wanted)
        return list(dict.fromkeys(name for name in found if name))

    def _tools_of(self, wanted: Iterable[ToolName]) -> list[ToolName]:
        """Those that are here, as they are called here; the others are left out."""
        found: dict[ToolName, None] = {}
        for server, tool in wanted:
            if (key := (server.lower(), tool)) in self.tools:
                found[self.tools[key][0]] = None
            else:
                self.missing_tools[server, tool] = None
        return sorted(found)

    def _queue(self, file: AgentFile, field: str, name: str) -> str:
        """The name of the queue that is meant, here or to be made; empty to drop the connection."""
        key = name.lower()
        queue = self.queues.get(key)
        if queue is None:
            row = self.missing_queues.setdefault(key, MissingQueue(name))
            place = Place(file.source, file.lines.get(field, 1))
            row.places += [] if place in row.places else [place]
            choice = self.choices.queues.get(key, CREATE)
            if choice == DROP:
                return ""
            if choice == CREATE:
                self.queue_ids[key] = None
                return self.queue_names.setdefault(key, row.name)
            queue = next((queue for queue in self.queues.values() if str(queue.pk) == choice), None)
            if queue is None:
                message = "This queue has been deleted. Choose another one."
                raise Refused(message, "not_found", {f"queue-{key}": message})
        self.queue_ids[queue.name.lower()] = queue.pk
        return str(queue.name)


def _token(found: Sequence[PeopleTarget]) -> str:
    return found[0].token if len(found) == 1 else ""


def tools_here(team: Team) -> dict[ToolName, tuple[ToolName, UUID]]:
    """By the server's name in lower case and the tool's: both as they are called, and the tool's id."""
    tools = ServerTool.objects.filter(team=team, server__deleted_at=None).select_related("server")
    return {(tool.server.name.lower(), tool.name): ((tool.server.name, tool.name), tool.pk) for tool in tools}


def _pauses(saved: AgentDetails | None, before: AgentFile, wanted: AgentFile) -> bool:
    """Whether the agent would take up cases by being imported."""
    if not wanted.consumes or (saved and saved.agent.is_paused):
        return False
    gains = set(wanted.consumes) - set(before.consumes or {})
    blocked = saved is not None and any(problem.blocking for problem in saved.problems)
    heals = blocked and before.aop != wanted.aop
    return bool(gains) or heals


def _changes(before: AgentFile, after: AgentFile) -> list[Change]:
    pairs = zip(facts(before), facts(after), strict=True)
    return [Change(label, old, new) for (label, old), (_, new) in pairs if old != new]


def facts(agent: AgentFile) -> list[tuple[str, str]]:
    """All but the procedure, in words."""
    consumes = sorted((agent.consumes or {}).items(), key=lambda row: row[0].lower())
    return [
        ("Name", agent.name),
        ("Short description", agent.description or ""),
        ("Model", agent.model or settings.BATON_DEFAULT_MODEL),
        ("Model if that fails", agent.fallback or ""),
        ("May ask a person", "Yes" if agent.may_ask else "No"),
        ("Works the cases of", ", ".join(f"{name} ({places} at once)" for name, places in consumes)),
        ("May add cases to", ", ".join(sorted(agent.produces or [], key=str.lower))),
        ("May use", ", ".join(f"{tool} of {server}" for server, tool in sorted(agent.tools or []))),
    ]
