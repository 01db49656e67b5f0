"""Lists of tools as MCP servers send them: which of these Baton can use, and why not the others."""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from data.texts.text import storable

from . import arguments
from .provider_schemas import property_names
from .schema_reading import Unusable

TOOLS_LIMIT = 200
DESCRIPTION_LIMIT = 4000
# Whose names are kept with why they cannot be used.
_UNUSABLE_LIMIT = 50
NAME_LIMIT = 200
# Reading a usual list takes a tenth of a second; one made to take long, a minute.
_SECONDS = 15.0


@dataclass(frozen=True)
class OfferedTool:
    """A tool as its server describes it. What it says of its own effects are claims."""

    name: str
    title: str
    description: str
    input_schema: dict[str, Any]
    claims_read_only: bool = False
    claims_idempotent: bool = False

    @property
    def words(self) -> tuple[str, str]:
        """Return what a model is told of it, to be compared."""
        return self.description, json.dumps(self.input_schema, sort_keys=True)


@dataclass(frozen=True)
class UnusableTool:
    """`reason`: a sentence."""

    name: str
    reason: str


@dataclass(frozen=True)
class Listing:
    """`left_out`: how many tools are more than a server may have."""

    tools: list[OfferedTool]
    unusable: list[UnusableTool] = field(default_factory=list)
    left_out: int = 0


def read_listing(sent: Iterable[Any]) -> Listing:
    """The tools of a server. One that cannot be used is told apart with the reason, and spoils no other."""
    tools: dict[str, OfferedTool] = {}
    unusable: dict[str, UnusableTool] = {}
    more: set[str] = set()
    ends = time.monotonic() + _SECONDS
    for raw in sent:
        if len(tools) >= TOOLS_LIMIT or len(unusable) >= TOOLS_LIMIT or time.monotonic() > ends:
            # Not looked at, since a server may send very many, or such as take long to read.
            more |= {_name_of(raw)} - tools.keys()
            continue
        tool, reason = _read_one(raw)
        if tool is None:
            unusable[_name_of(raw)] = UnusableTool(_name_of(raw), reason)
        elif tool.name not in tools:
            tools[tool.name] = tool
        elif tool.words != tools[tool.name].words:
            unusable[f"{tool.name} "] = UnusableTool(tool.name, "Another tool of this server has the same name.")
    return Listing(list(tools.values()), list(unusable.values())[:_UNUSABLE_LIMIT], len(more))


def find_tool(sent: Sequence[Any], name: str) -> OfferedTool | None:
    """One tool as it is described now, whether or not it can be used."""
    raw = next((tool for tool in sent if isinstance(tool, dict) and tool.get("name") == name), None)
    return _offered(raw) if raw and isinstance(raw.get("inputSchema"), dict) else None


def is_usable(tool: OfferedTool) -> bool:
    try:
        arguments.check(tool.input_schema)
    except Unusable:
        return False
    return True


def _read_one(raw: Any) -> tuple[OfferedTool | None, str]:
    """The tool, or why it cannot be used."""
    if reason := _wrong_name(raw.get("name") if isinstance(raw, dict) else None):
        return None, reason
    schema = raw.get("inputSchema")
    try:
        arguments.check(storable(schema))
        if property_names(storable(schema)) != property_names(schema):
            return None, "The names of its arguments hold characters that cannot be stored."
    except Unusable as unusable:
        return None, storable(f"Its arguments {unusable}.")
    except RecursionError:
        return None, "Its arguments have too many levels."
    return _offered(raw), ""


def _wrong_name(name: Any) -> str:
    if not isinstance(name, str) or not name.strip():
        return "It has no name."
    if len(name) > NAME_LIMIT:
        return f"Its name has {len(name):,} characters; at most {NAME_LIMIT} are read."
    return "" if storable(name) == name else "Its name holds characters that cannot be stored."


def _offered(raw: dict[str, Any]) -> OfferedTool:
    claims = raw.get("annotations")
    claims = claims if isinstance(claims, dict) else {}
    title = next((text for text in (raw.get("title"), claims.get("title")) if isinstance(text, str) and text), "")
    description = raw.get("description")
    return OfferedTool(
        raw["name"],
        storable(title)[:200],
        storable(description if isinstance(description, str) else "")[:DESCRIPTION_LIMIT],
        storable(raw["inputSchema"]),
        claims_read_only=claims.get("readOnlyHint") is True,
        claims_idempotent=claims.get("idempotentHint") is True,
    )


def _name_of(raw: Any) -> str:
    name = raw.get("name") if isinstance(raw, dict) else None
    return storable(str(name))[:NAME_LIMIT] if name else "(without a name)"
