"""What the parts of a message become in its case.

A message is JSON. Its parts are named by their way in it, as `ticket.subject`. A mapping says of some parts which role
they play in a case, with the roles of imported columns; of the others their names do. All parts that have no other role
stay in the case's details, as they were nested. A part can also name files that are attached to the case, by their
URLs; it stays in the details too.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from cases.imports.columns import Columns, Role, guess_roles
from cases.work.creation import NewCase
from data.errors import Refused

from .models import Source

ATTACHMENTS = "attachments"
ROLES = [*Role.choices, (ATTACHMENTS, "Attachments by URL")]
MOST_FILES = 20
_KEPT = {Role.FIELD, Role.DETAILS, ATTACHMENTS}
# Of a list of objects, as `files[].url`.
_EACH = "[]."
_URL = re.compile(r"https?://[^\s,]+(?:,[^\s,]+)*", re.IGNORECASE)
_MOST_PARTS = 500
_TITLE = 200

type Parts = dict[str, Any]


def parts_of(content: Any) -> Parts:
    """Return the texts, numbers and yes-or-nos of a message by their way in it. Lists of them are one part, and so are
    the URLs that the objects of a list have under one name.
    """
    return dict(_parts(content, ""))


def _parts(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _parts(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            yield name, ", ".join(value)
        elif value and all(isinstance(item, Mapping) for item in value):
            for key, first in value[0].items():
                urls = [item.get(key) for item in value]
                if _is_url(first) and name:
                    yield f"{name}{_EACH}{key}", ", ".join(url for url in urls if _is_url(url))
    elif value is not None and name:
        yield name, value


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and bool(_URL.fullmatch(value.strip()))


def urls_of(content: Any, mapping: Mapping[str, str]) -> list[str]:
    """Return the URLs of the files to attach, each once, at most as many as a case takes at once."""
    names = [name for name, role in mapping.items() if role == ATTACHMENTS]
    if not names:
        return []
    parts = parts_of(content)
    found = [url for name in names for url in _URL.findall(str(parts.get(name, "")))]
    return list(dict.fromkeys(found))[:MOST_FILES]


def mapped_keys(queue_ids: Collection[UUID]) -> dict[UUID, set[str]]:
    """Return the parts that the mappings of the queues' sources keep among the details of a case, by queue."""
    found: dict[UUID, set[str]] = {}
    for queue_id, kept in Source.objects.present().filter(queue__in=queue_ids).values_list("queue_id", "settings"):
        roles = kept.get("mapping", {})
        found.setdefault(queue_id, set()).update(name for name, role in roles.items() if role in _KEPT)
    return found


def roles_of(parts: Parts, mapping: Mapping[str, str]) -> dict[str, str]:
    """Return the role of each part: that of the mapping, else what its name suggests, each single role once."""
    names = list(parts)[:_MOST_PARTS]
    taken = set(mapping.values()) - {Role.FIELD, Role.IGNORE}
    # Of a name in JSON, the last part says what it is.
    last = [name.rpartition(".")[2] for name in names]
    guessed = guess_roles(last, [[parts[name] for name in names]]) if names else []
    roles = {
        name: Role.FIELD if role in taken or role == Role.DETAILS or _EACH in name else role
        for name, role in zip(names, guessed, strict=True)
    }
    return roles | {name: role for name, role in mapping.items() if name in parts}


def new_case(content: Any, mapping: Mapping[str, str], fallback_title: str) -> NewCase:
    """Return the case to make of a message. Refused, at the fields of a case, where it makes no valid one."""
    parts = parts_of(content)
    if missing := [name for name, role in mapping.items() if role == Role.TITLE and name not in parts]:
        raise Refused(f"The message has no “{missing[0]}”, which is its title.", "invalid", {"title": "It is missing."})
    roles = roles_of(parts, mapping)
    plain = [Role.FIELD if role == ATTACHMENTS else role for role in roles.values()]
    found = Columns(list(roles), plain).new_case([parts[name] for name in roles], {})
    title = " ".join(found.title.split()) or fallback_title
    kept = {name for name, role in roles.items() if role in _KEPT}
    gone = {name for name in parts if name not in kept and name in roles}
    return NewCase(
        title=title if len(title) <= _TITLE else title[: _TITLE - 1] + "…",
        data=_without(content, gone, ""),
        priority=found.priority,
        labels=found.labels,
        external_id=found.external_id,
    )


def _without(value: Any, gone: set[str], name: str) -> Any:
    """Return a copy without these parts, and without what is empty then."""
    if not isinstance(value, Mapping):
        return value
    kept = {}
    for key, inner in value.items():
        way = f"{name}.{key}" if name else str(key)
        if way in gone:
            continue
        rest = _without(inner, gone, way)
        if rest != {} or inner == {}:
            kept[key] = rest
    return kept
