"""Mentions: text to mentions and back. Pure: knows no team and no database.

A mention stands in the text as `@[Name](agent:<uuid>)`, of a member as `(person:<uuid>)` and of a group of people as
`(group:<uuid>)`. The id says who is meant; the name is only a
label, a copy of what the agent was called when the text was written. Inside the label brackets and
backslashes are escaped with a backslash, so a token never holds another one.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

AGENT, PERSON, GROUP = "agent", "person", "group"
# The editor has the same expression: each line break is spelled out because `.` means something else in JavaScript.
TOKEN = re.compile(
    r"@\[((?:[^\[\]\\\r\n\u2028\u2029]|\\[\[\]\\])+)\]"
    r"\((agent|person|group):([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\)"
)

_SPECIAL = re.compile(r"[\[\]\\]")
_ESCAPED = re.compile(r"\\([\[\]\\])")
# Control characters, line and paragraph separators, lone surrogates. Joiners, which many emoji need, may stay.
_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}


@dataclass(frozen=True)
class Mention:
    """One token as it stands in a text, at `text[start:end]`; `name` is the label, unescaped. `agent_id` is the id of
    who is meant, which is no agent where `kind` says so.
    """

    agent_id: UUID
    name: str
    start: int
    end: int
    kind: str = AGENT

    @property
    def source(self) -> str:
        """The token, character for character as it was found."""
        return _written(self.agent_id, self.name, self.kind)


def find_mentions(text: str) -> list[Mention]:
    return [
        Mention(UUID(match[3]), _ESCAPED.sub(r"\1", match[1]), match.start(), match.end(), match[2])
        for match in TOKEN.finditer(text)
    ]


def target_ids(text: str) -> list[UUID]:
    """The agents that are mentioned, each once, in the order of first appearance."""
    return list(dict.fromkeys(mention.agent_id for mention in find_mentions(text) if mention.kind == AGENT))


def people_ids(text: str) -> list[UUID]:
    """The members and groups that are mentioned, each once, in the order of first appearance."""
    return list(dict.fromkeys(mention.agent_id for mention in find_mentions(text) if mention.kind != AGENT))


def token(agent_id: UUID, name: str, kind: str = AGENT) -> str:
    """A mention as text. ValueError for an empty name or one with control characters or line breaks."""
    if not name or any(unicodedata.category(character) in _UNPRINTABLE for character in name):
        raise ValueError(f"{name!r} cannot be the name in a mention.")
    return _written(agent_id, name, kind)


def relabel(text: str, names: Mapping[UUID, str]) -> str:
    """The text with each label replaced by the agent's current name. Ids that `names` lacks stay untouched."""
    return join(
        token(part.agent_id, names[part.agent_id], part.kind)
        if isinstance(part, Mention) and part.agent_id in names
        else part
        for part in split(text)
    )


def without_names(text: str) -> str:
    """Return the text for comparison: agents are renamed, so what a mention calls its agent makes no difference."""
    parts = (f"@{part.kind}:{part.agent_id}" if isinstance(part, Mention) else part for part in split(text))
    return "".join(parts)


def redirect(text: str, old: UUID, new: UUID, name: str, kind: str = AGENT) -> str:
    """The text with each mention of `old` made one of `new`, who is called `name`."""
    return join(
        token(new, name, kind) if isinstance(part, Mention) and part.agent_id == old else part for part in split(text)
    )


def plain(text: str, names: Mapping[UUID, str] | None = None) -> str:
    """The text as people read it aloud: each token as "@Name", by its current name if `names` has it."""
    known = names or {}
    return join(
        f"@{known.get(part.agent_id, part.name)}" if isinstance(part, Mention) else part for part in split(text)
    )


def split(text: str) -> list[str | Mention]:
    """The text as a row of plain pieces (never empty) and mentions; `join` puts it back together."""
    parts: list[str | Mention] = []
    position = 0
    for mention in find_mentions(text):
        if position < mention.start:
            parts.append(text[position : mention.start])
        parts.append(mention)
        position = mention.end
    if position < len(text):
        parts.append(text[position:])
    return parts


def join(parts: Iterable[str | Mention]) -> str:
    return "".join(part.source if isinstance(part, Mention) else part for part in parts)


def normalise(text: str) -> str:
    """Line ends as the editor writes them: browsers post CRLF, the stored text has LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _written(agent_id: UUID, name: str, kind: str) -> str:
    return f"@[{_SPECIAL.sub(r'\\\g<0>', name)}]({kind}:{agent_id})"
