"""What an import of agents would do: what people look at before it is done."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings

from builder.agents.queries import AgentDetails
from builder.procedures import mentions

from .front_matter import ToolName
from .markdown import AgentFile

CREATE = "+"
DROP = "-"


@dataclass(frozen=True)
class Choices:
    """What shall become of what is not here. What it does not name stays text, or becomes a new queue.

    `agents`: the name of an agent, member or group by the id in the mention, or nothing to keep the mention as text.
    `queues`: by the name in the file, in lower case: a queue's id, CREATE or DROP.
    `ids`: those of new agents, by the file. A plan notes them, so that what is checked and imported later is the same.
    """

    agents: Mapping[UUID, str] = field(default_factory=dict)
    queues: Mapping[str, str] = field(default_factory=dict)
    ids: dict[str, UUID] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    source: str
    line: int

    def __str__(self) -> str:
        return f"{self.source}, line {self.line}"


@dataclass
class MissingAgent:
    """A mention that means no agent here and none in the files, or, by its `kind`, no member or group of the team."""

    id: UUID
    name: str
    kind: str = mentions.AGENT
    places: list[Place] = field(default_factory=list)

    @property
    def what(self) -> str:
        """Return what there would have to be: “No … is called so”."""
        return _WHAT[self.kind]


_WHAT = {
    mentions.AGENT: "agent here and none in the files",
    mentions.PERSON: "member of this team who may work cases",
    mentions.GROUP: "group of this team",
}


@dataclass
class MissingQueue:
    name: str
    places: list[Place] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Change:
    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Item:
    """One file and its agent: `saved` as it is, `wanted` as it is to be, with queues by their names."""

    file: AgentFile
    id: UUID
    saved: AgentDetails | None
    wanted: AgentFile
    changes: list[Change]
    aop_before: str = ""
    pauses: bool = False

    @property
    def state(self) -> str:
        """new, changed or same"""
        return "new" if self.saved is None else "changed" if self.changes or self.aop_changes else "same"

    @property
    def aop_changes(self) -> bool:
        return self.wanted.aop != self.aop_before

    @property
    def model(self) -> str:
        return self.wanted.model or settings.BATON_DEFAULT_MODEL


@dataclass(frozen=True)
class Plan:
    items: list[Item]
    missing_agents: list[MissingAgent]
    missing_queues: list[MissingQueue]
    # Tools of MCP servers that are not here, which no file can add.
    missing_tools: list[ToolName]
    # Names of queues, in lower case: where they are, or None for those to be made, with the name as written.
    queue_ids: dict[str, UUID | None]
    queue_names: dict[str, str]

    def items_that_are(self, state: str) -> list[Item]:
        return [item for item in self.items if item.state == state]

    @property
    def new(self) -> list[Item]:
        return self.items_that_are("new")

    @property
    def changed(self) -> list[Item]:
        return self.items_that_are("changed")

    @property
    def same(self) -> list[Item]:
        return self.items_that_are("same")

    @property
    def paused(self) -> list[Item]:
        return [item for item in self.items if item.pauses]

    @property
    def new_queues(self) -> list[str]:
        return [self.queue_names[key] for key, id in self.queue_ids.items() if id is None]

    @property
    def fingerprint(self) -> str:
        """The same as long as it would do the same."""
        told = [
            (
                item.file.source,
                str(item.saved.agent.pk) if item.saved else "",
                [(change.label, change.old, change.new) for change in item.changes],
                item.aop_before,
                mentions.plain(item.wanted.aop),
                item.pauses,
            )
            for item in self.items
        ]
        missing = [row.name for row in self.missing_agents] + [row.name for row in self.missing_queues]
        missing += [" ".join(name) for name in self.missing_tools]
        return hashlib.sha256(json.dumps([told, missing, self.new_queues]).encode()).hexdigest()
