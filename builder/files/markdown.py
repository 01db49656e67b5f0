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
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn
from uuid import UUID

import yaml

from builder.agents.agents import AOP_LIMIT
from builder.procedures import mentions
from data.errors import Refused
from data.texts.text import CONTROL, one_line

FRONT_MATTER_LIMIT = 60_000
DEFAULT_CONCURRENCY = 5
_FENCE = "---"
# As deep as a front matter goes: fields, a list of queues, one of them.
_DEEPEST = 3
_YES, _NO = {"true", "yes", "on"}, {"false", "no", "off"}


type ToolName = tuple[str, str]
"""Of an MCP server, and of a tool as its server calls it."""


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


@dataclass(frozen=True)
class Flaw:
    """What is wrong with a file, in a sentence. `line` counts from 1; 0: the file as a whole."""

    source: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.source}, line {self.line}: {self.message}" if self.line else f"{self.source}: {self.message}"


class Flawed(Exception):
    """A text that cannot be read as an agent."""

    def __init__(self, flaws: Iterable[Flaw]) -> None:
        self.flaws = list(flaws)
        super().__init__("\n".join(map(str, self.flaws)))


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
        raise Flawed([Flaw(source, line, "This line holds characters that cannot be shown. Please remove them.")])
    front, body, body_line = _split(text, source)
    reader = _Reader(source)
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


class _Loader(yaml.SafeLoader):
    """Composes plain trees only: no anchors and aliases, which can grow without end, and nothing deep."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            _stop("Anchors and aliases (& and *) cannot be used here. Put the text into quotes.", event.start_mark)
        if self.depth > _DEEPEST:
            _stop("This is nested too deeply.", event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _stop(message: str, mark: Any) -> NoReturn:
    raise yaml.MarkedYAMLError(problem=message, problem_mark=mark)


class _Reader:
    """Collects what a front matter says, and what is wrong with it. Texts stay as they are typed: no dates, no "no"."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.flaws: list[Flaw] = []
        self.lines: dict[str, int] = {}

    def flaw(self, line: int, message: str) -> None:
        self.flaws.append(Flaw(self.source, line, message))

    def fields(self, front: str) -> dict[str, Any]:
        node = self._compose(front)
        if self.flaws:
            return {}
        if node is None or not isinstance(node, yaml.MappingNode):
            self.flaw(1, "The front matter must consist of lines such as “name: Triage”.")
            return {}
        found = {key: self._value(key, value) for key, value in self._pairs(node, "", _FIELDS, self.lines)}
        if "name" not in self.lines:
            self.flaw(1, "The name is missing: “name: …”.")
        return found

    def _compose(self, front: str) -> Any:
        loader = None
        try:
            loader = _Loader(front)
            return loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            said = (error.problem or "this cannot be read").rstrip(".")
            self.flaw(mark.line + 2 if mark else 1, f"The front matter is not valid YAML: {said}.")
        except yaml.reader.ReaderError as error:
            line = front.count("\n", 0, error.position) + 2
            self.flaw(line, "This line holds characters that cannot be shown. Please remove them.")
        finally:
            if loader:
                loader.dispose()
        return None

    def _pairs(
        self, node: yaml.MappingNode, of: str, known: Iterable[str], lines: dict[str, int]
    ) -> Iterator[tuple[str, yaml.Node]]:
        """The entries with known names, each once, the others as flaws."""
        for key, value in node.value:
            line, name = _line(key), key.value if isinstance(key, yaml.ScalarNode) else ""
            if name not in known:
                self.flaw(line, f"“{_short(name)}” is not known{of}. Known are {', '.join(known)}.")
            elif name in lines:
                self.flaw(line, f"“{name}” stands here twice.")
            else:
                lines[name] = line
                yield name, value

    def _value(self, key: str, node: yaml.Node) -> Any:
        try:
            return _FIELDS[key](self, node)
        except (Refused, ValueError) as error:
            self.flaw(_line(node), f"{key}: {error}")
        return None

    def text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise ValueError("This must be a text. Put it into quotes if it has brackets, braces or dashes.")
        return str(node.value)

    def id(self, node: yaml.Node) -> UUID | None:
        text = self.text(node).strip()
        if not text:
            return None
        if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
            raise ValueError("This is no id. Leave the line out for an agent that has none yet.")
        return UUID(text)

    def flag(self, node: yaml.Node) -> bool:
        text = self.text(node).strip().lower()
        if text not in _YES | _NO:
            raise ValueError("Please write true or false.")
        return text in _YES

    def consumes(self, node: yaml.Node) -> dict[str, int]:
        return dict(self._queues(node, self._consumed))

    def produces(self, node: yaml.Node) -> list[str]:
        return [name for name, _ in self._queues(node, lambda item: (_queue(self.text(item)), 0))]

    def tools(self, node: yaml.Node) -> list[ToolName]:
        if isinstance(node, yaml.ScalarNode) and not node.value:
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise ValueError("This must be a list: lines “- server: …” and “  tool: …” for each tool.")
        return list(dict.fromkeys(self._tool(item) for item in node.value))

    def _tool(self, node: yaml.Node) -> ToolName:
        if not isinstance(node, yaml.MappingNode):
            raise ValueError("Each tool needs “server: …” and “tool: …”.")
        found = dict(self._pairs(node, " here", ("server", "tool"), {}))
        if len(found) < 2:
            raise ValueError("Each tool needs “server: …” and “tool: …”.")
        server = one_line(self.text(found["server"]), "server", 80)
        return server, one_line(self.text(found["tool"]), "tool", 200)

    def _queues[T](self, node: yaml.Node, read: Callable[[yaml.Node], tuple[str, T]]) -> Iterator[tuple[str, T]]:
        if isinstance(node, yaml.ScalarNode) and not node.value:
            return
        if not isinstance(node, yaml.SequenceNode):
            raise ValueError("This must be a list: a line “- …” for each queue.")
        seen: set[str] = set()
        for item in node.value:
            try:
                name, value = read(item)
            except (Refused, ValueError) as error:
                self.flaw(_line(item), str(error))
                continue
            if name.casefold() in seen:
                self.flaw(_line(item), f"The queue “{name}” stands here twice.")
            seen.add(name.casefold())
            yield name, value

    def _consumed(self, node: yaml.Node) -> tuple[str, int]:
        if not isinstance(node, yaml.MappingNode):
            return _queue(self.text(node)), DEFAULT_CONCURRENCY
        found = dict(self._pairs(node, " here", ("queue", "concurrency"), {}))
        if "queue" not in found:
            raise ValueError("Each needs “queue: …” with the name of the queue.")
        said = self.text(found["concurrency"]).strip() if "concurrency" in found else str(DEFAULT_CONCURRENCY)
        if not (said.isascii() and said.isdecimal() and len(said) < 5 and 1 <= int(said) <= 1000):
            raise ValueError("The concurrency must be a number between 1 and 1000.")
        return _queue(self.text(found["queue"])), int(said)


_FIELDS: dict[str, Callable[[_Reader, yaml.Node], Any]] = {
    "name": lambda reader, node: one_line(reader.text(node), "name", 80),
    "id": _Reader.id,
    "description": lambda reader, node: one_line(reader.text(node), "description", 200, required=False),
    "model": lambda reader, node: one_line(reader.text(node), "model", 100, required=False),
    "fallback": lambda reader, node: one_line(reader.text(node), "fallback", 100, required=False),
    "may_ask": _Reader.flag,
    "consumes": _Reader.consumes,
    "produces": _Reader.produces,
    "tools": _Reader.tools,
}


def _queue(name: str) -> str:
    return one_line(name, "queue", 80)


def _line(node: yaml.Node) -> int:
    # Marks count from 0, and the fence stands above.
    return int(node.start_mark.line) + 2


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:40]}…"
