"""Agents as Markdown files: front matter on top, the procedure below. Pure: text to data and back.

    ---
    name: Triage
    id: 0199a1b2-...
    description: Sorts what comes in.
    model: anthropic:claude-sonnet-5
    fallback: openai:gpt-5
    may_ask: true
    consumes:
    - queue: Support
      concurrency: 5
    produces: []
    tools:
    - server: Bank
      tool: look_up_invoice
    ---

    Read the case. Refunds go to @[Billing Specialist](agent:0199a1b3-...).

What is left out of the front matter stays as it is, or as new agents have it. Queues stand there by name, and
so do tools of MCP servers.
"""

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import yaml

from builder.agents.agents import AOP_LIMIT
from builder.procedures import mentions
from data.texts.text import CONTROL

from .flaws import Flaw, Flawed
from .front_matter import Reader, ToolName

FRONT_MATTER_LIMIT = 60_000
_FENCE = "---"


@dataclass(frozen=True)
class AgentFile:
    """What a file says of an agent; None where it says nothing. `consumes`: how many cases at once, by queue."""

    name: str
    id: UUID | None = None
    description: str | None = None
    model: str | None = None
    may_ask: bool | None = None
    consumes: dict[str, int] | None = None
    produces: list[str] | None = None
    aop: str = ""
    fallback: str | None = None
    tools: list[ToolName] | None = None
    # Where it was read from, and the line of each field, for what is to be said of them.
    source: str = field(default="", compare=False)
    lines: dict[str, int] = field(default_factory=dict, compare=False)


# --- To text ---------------------------------------------------------------------------------


def write(agent: AgentFile) -> str:
    """The file, alike whenever the agent is alike."""
    said: dict[str, Any] = {
        "name": agent.name,
        "id": str(agent.id) if agent.id else None,
        "description": agent.description,
        "model": agent.model,
        "fallback": agent.fallback or None,
        "may_ask": agent.may_ask,
        "consumes": None if agent.consumes is None else _written(agent.consumes),
        "produces": None if agent.produces is None else sorted(agent.produces, key=_order),
        "tools": [{"server": server, "tool": tool} for server, tool in sorted(agent.tools)] if agent.tools else None,
    }
    front = yaml.safe_dump(
        {key: value for key, value in said.items() if value is not None},
        sort_keys=False,
        allow_unicode=True,
        width=float("inf"),
    )
    return f"{_FENCE}\n{front}{_FENCE}\n" + (f"\n{agent.aop}\n" if agent.aop else "")


def _written(consumes: dict[str, int]) -> list[dict[str, Any]]:
    return [{"queue": name, "concurrency": consumes[name]} for name in sorted(consumes, key=_order)]


def _order(name: str) -> tuple[str, str]:
    return name.casefold(), name


# --- To data ---------------------------------------------------------------------------------


def read(text: str, source: str) -> AgentFile:
    """Flawed, with everything that is wrong with it."""
    text = mentions.normalise(text).removeprefix("\ufeff")
    if found := CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise Flawed([Flaw(source, line, "This line holds characters that cannot be shown. Remove them.")])
    front, body, body_line = _split(text, source)
    reader = Reader(source)
    fields = reader.fields(front)
    if len(body) > AOP_LIMIT:
        reader.flaw(body_line, f"A procedure has at most {AOP_LIMIT:,} characters; this has {len(body):,}.")
    if reader.flaws:
        raise Flawed(sorted(reader.flaws, key=lambda flaw: flaw.line))
    return AgentFile(**fields, aop=body, source=source, lines=reader.lines | {"aop": body_line})


def _split(text: str, source: str) -> tuple[str, str, int]:
    """The front matter, the procedure, and the line on which that begins."""
    first, _, rest = text.partition("\n")
    if first.rstrip() != _FENCE:
        message = "The file must begin with a line “---”, then “name: …”, then another line “---”."
        raise Flawed([Flaw(source, 1, message)])
    end = re.search(r"^---[ \t]*$", rest, re.MULTILINE)
    if end is None:
        raise Flawed([Flaw(source, 1, "The front matter has no end: a line “---” is missing.")])
    front, body = rest[: end.start()], rest[end.end() :].removeprefix("\n")
    if len(front) > FRONT_MATTER_LIMIT:
        raise Flawed([Flaw(source, 1, f"The front matter has more than {FRONT_MATTER_LIMIT:,} characters.")])
    # The empty line below the fence and the last line's end belong to the file, not to the procedure.
    line = front.count("\n") + (4 if body.startswith("\n") else 3)
    return front, body.removeprefix("\n").removesuffix("\n"), line
