"""What the wiring doctor finds, what each finding weighs, and the buttons that put it right."""

from dataclasses import dataclass
from typing import Any

from builder.procedures import mentions
from builder.procedures.needs import BadNeed
from builder.procedures.people import PeopleTarget
from builder.procedures.plain_names import PlainName
from builder.procedures.replies import BadReply

# What a finding weighs: it would break runs; work would wait or go astray; worth a look.
RED, WARNING, HINT = "error", "warning", "info"

# What a button does.
REMOVE, UNMENTION, REPLACE = "remove", "unmention", "replace"
CONNECT, CHOOSE, TICK = "connect", "choose", "tick"
RESUME, RESUME_QUEUE, OPEN = "resume", "resume_queue", "open"
MENTION, CREATE, CHOOSE_NAMED = "mention", "create", "choose_named"
TEST = "test"


@dataclass(frozen=True)
class QuickFix:
    """A button. `kind`: one of those above; `agent` and `queue`: whom and what it changes.

    REMOVE takes the mention out, UNMENTION leaves the name, REPLACE asks for someone else. CONNECT makes the agent a
    consumer of the queue, CHOOSE asks which agent; TICK does it in the form, for the agent at hand. MENTION makes the
    plain name a mention of the agent, CREATE of a new one, CHOOSE_NAMED of one that is chosen. TEST offers to
    make tests.
    """

    kind: str
    agent: Any = None
    queue: Any = None
    plain: PlainName | None = None

    @property
    def token(self) -> str:
        """The mention of whom it is about."""
        if isinstance(self.agent, PeopleTarget):
            return self.agent.token
        return mentions.token(self.agent.pk, self.agent.name)

    @property
    def chooses(self) -> bool:
        """Return whether it asks for an agent."""
        return self.kind in (REPLACE, CHOOSE, CHOOSE_NAMED)


@dataclass(frozen=True)
class Finding:
    code: str
    message: str
    tone: str
    fixes: tuple[QuickFix, ...] = ()
    blocking: bool = False
    place: PlainName | BadNeed | BadReply | None = None  # where in the text it is
