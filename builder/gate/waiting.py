"""What can wait for a check beside saved agents: acts on several agents, kept as what was asked for, and done again by
the verb that was held when the check passes.
"""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID


@dataclass(frozen=True)
class Deletion:
    """Someone is mentioned instead of an agent that is deleted by it, or `was_deleted` before."""

    agent_id: UUID
    replacement_id: UUID
    was_deleted: bool = False
    kind: Literal["deletion"] = "deletion"


@dataclass(frozen=True)
class Restoration:
    """A deleted agent comes back under this name, else its own."""

    agent_id: UUID
    name: str | None = None
    kind: Literal["restoration"] = "restoration"


@dataclass(frozen=True)
class Import:
    """Agents from an upload, as the plan with the fingerprint `seen` said. The rest is a `Choices`."""

    upload_id: UUID
    seen: str
    agents: dict[UUID, str] = field(default_factory=dict)
    queues: dict[str, str] = field(default_factory=dict)
    ids: dict[str, UUID] = field(default_factory=dict)
    kind: Literal["import"] = "import"
