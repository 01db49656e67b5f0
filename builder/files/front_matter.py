"""The front matter of an agent's file: its fields as YAML, and what is wrong with them."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn
from uuid import UUID

import yaml

from data.errors import Refused
from data.texts.text import one_line

from .flaws import Flaw

# As deep as a front matter goes: fields, a list of queues, one of them.
_DEEPEST = 3
_YES, _NO = {"true", "yes", "on"}, {"false", "no", "off"}
DEFAULT_CONCURRENCY = 5

type ToolName = tuple[str, str]
"""Of an MCP server, and of a tool as its server calls it."""


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


class Reader:
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
            self.flaw(line, "This line holds characters that cannot be shown. Remove them.")
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


_FIELDS: dict[str, Callable[[Reader, yaml.Node], Any]] = {
    "name": lambda reader, node: one_line(reader.text(node), "name", 80),
    "id": Reader.id,
    "description": lambda reader, node: one_line(reader.text(node), "description", 200, required=False),
    "model": lambda reader, node: one_line(reader.text(node), "model", 100, required=False),
    "fallback": lambda reader, node: one_line(reader.text(node), "fallback", 100, required=False),
    "may_ask": Reader.flag,
    "consumes": Reader.consumes,
    "produces": Reader.produces,
    "tools": Reader.tools,
}


def _queue(name: str) -> str:
    return one_line(name, "queue", 80)


def _line(node: yaml.Node) -> int:
    # Marks count from 0, and the fence stands above.
    return int(node.start_mark.line) + 2


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:40]}…"
