"""What a form asks: the fields of its queue's schema, and those that the agents of the queue need. Pure but for reading
the agents.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import UUID
from zlib import crc32

from django.utils.text import slugify

from builder.models import Agent, QueueConnection, Revision
from builder.procedures.fields import LONGEST
from builder.procedures.needs import NEEDS, FieldType, Need, name_key
from cases.models import Queue
from channels.models import Source
from channels.sources.mapping import mapped_keys

from .form_settings import FormSettings, form_settings

type Kind = Literal["text", "long", "number", "whole", "date", "boolean", "choice", "email"]

TITLE, TEXT, NAME, EMAIL = "title", "text", "name", "from"
TEXT_LIMIT = 20_000
_TITLE_LIMIT, _LINE = 200, 300
# A field of the schema with one of these names is the message, or the customer's address.
_TEXTS, _EMAILS = {"text", "message", "description"}, {"from", "email", "e mail", "customer email"}
_PLAIN: Mapping[str, Kind] = {"integer": "whole", "number": "number", "boolean": "boolean"}
_NEEDED: Mapping[FieldType, Kind] = {
    FieldType.TEXT: "text",
    FieldType.NUMBER: "number",
    FieldType.DATE: "date",
    FieldType.BOOLEAN: "boolean",
    FieldType.CHOICE: "choice",
}


@dataclass(frozen=True)
class Question:
    """One field of a form. `name` is the key in the case's details; `choices`: what each stands for, by how it reads.
    `must`: the schema requires it, so it can be neither hidden nor left out.
    """

    name: str
    label: str
    kind: Kind = "text"
    required: bool = False
    must: bool = False
    choices: Mapping[str, Any] = field(default_factory=dict)
    help: str = ""
    longest: int = LONGEST

    @property
    def key(self) -> str:
        """Return its name in the page, which does not depend on the other questions."""
        return f"{slugify(self.name) or 'field'}-{crc32(self.name.encode()):08x}"


def questions(source: Source) -> list[Question]:
    """Return what the form asks now."""
    said = form_settings(source)
    return [asked for question in all_questions(source.queue, said) if (asked := _as_set(question, said))]


def source_keys(queue_ids: Collection[UUID]) -> dict[UUID, set[str]]:
    """Return the details that the queues' sources bring to a case: what mappings keep, and what forms ask."""
    found = mapped_keys(queue_ids)
    forms = Source.objects.present().filter(kind=Source.Kind.FORM, queue__in=queue_ids).select_related("queue")
    for form in forms:
        found.setdefault(form.queue_id, set()).update(one.name for one in questions(form) if one.name != TITLE)
    return found


def all_questions(queue: Queue, said: FormSettings) -> list[Question]:
    """Return what the form could ask, including fields that it does not ask now."""
    schema = queue.data_schema or {}
    named = _of_schema(schema)
    keys = {name_key(question.name) for question in named}
    needed = [question for question in _of_agents(queue) if name_key(question.name) not in keys]
    needed = [question for question in needed if _takes(schema, question.name)]
    keys |= {name_key(question.name) for question in needed}
    first = [Question(TITLE, "Subject", required=True, longest=_TITLE_LIMIT)]
    if not keys & _EMAILS and _takes(schema, EMAIL):
        asks = said.ask_email
        first += [] if asks == "hidden" else [Question(EMAIL, "Your email", "email", required=asks == "required")]
    if NAME not in keys and _takes(schema, NAME):
        first.append(Question(NAME, "Your name", longest=_TITLE_LIMIT))
    last = []
    if not keys & _TEXTS and _takes(schema, TEXT):
        last.append(Question(TEXT, "Message", "long", required=not named, longest=TEXT_LIMIT))
    return [*first, *named, *needed, *last]


def unaskable(queue: Queue) -> list[str]:
    """Return what the schema requires and no form can ask for: lists, objects, and what it does not describe."""
    schema = queue.data_schema or {}
    if not isinstance(schema.get("required"), list):
        return []
    known = {question.name for question in all_questions(queue, FormSettings(ask_email="required"))} - {TITLE}
    return [name for name in schema["required"] if name not in known]


def is_email(question: Question) -> bool:
    return question.kind == "email" and name_key(question.name) in _EMAILS


def _as_set(question: Question, said: FormSettings) -> Question | None:
    how = said.fields.get(question.name)
    if how is None or question.must:
        return question
    return None if how == "hidden" else replace(question, required=how == "required")


def _takes(schema: Mapping[str, Any], name: str) -> bool:
    named = schema.get("properties")
    is_named = isinstance(named, dict) and name in named
    return is_named or schema.get("additionalProperties", True) is not False


# --- The schema of the queue -----------------------------------------------------------------


def _of_schema(schema: Mapping[str, Any]) -> list[Question]:
    """The fields of the schema: what it requires in the order in which it says so, then the others; long texts last.
    PostgreSQL does not keep the order of the properties.
    """
    named, required = schema.get("properties"), schema.get("required")
    order = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    found = []
    for name, said in named.items() if isinstance(named, dict) else []:
        if isinstance(said, dict) and (question := _asked(name, said)):
            found.append(replace(question, required=name in order, must=name in order))
    place = {name: number for number, name in enumerate(order)}
    return sorted(found, key=lambda one: (one.kind == "long", place.get(one.name, len(place))))


def _asked(name: str, said: Mapping[str, Any]) -> Question | None:
    """Return the field for a property, or None for what no field can hold."""
    title, help = said.get("title"), said.get("description")
    asked = Question(
        name,
        title[:200] if isinstance(title, str) and title.strip() else _label(name),
        help=help[:500] if isinstance(help, str) else "",
    )
    if isinstance(choices := said.get("enum"), list) and choices:
        plain = {_read(value): value for value in choices if isinstance(value, str | int | float) and value != ""}
        return replace(asked, kind="choice", choices=plain) if plain else None
    kinds = said.get("type", "string")
    kind = next((one for one in kinds if one != "null"), "") if isinstance(kinds, list) else kinds
    longest = said.get("maxLength")
    longest = longest if isinstance(longest, int) and 0 < longest < TEXT_LIMIT else None
    match kind, said.get("format"):
        case "string", "date":
            return replace(asked, kind="date")
        case "string", "email":
            return replace(asked, kind="email", longest=min(longest or 320, 320))
        case "string", _:
            is_long = name_key(name) in _TEXTS or (longest or 0) > _LINE
            return replace(asked, kind="long" if is_long else "text", longest=longest or TEXT_LIMIT)
        case "integer" | "number" | "boolean", _:
            return replace(asked, kind=_PLAIN[kind])
    return None


def _read(value: Any) -> str:
    return ("Yes" if value else "No") if isinstance(value, bool) else str(value)[:200]


def _label(name: str) -> str:
    words = name.replace("_", " ").strip() or name
    return words[:1].upper() + words[1:]


# --- What agents need ------------------------------------------------------------------------


def _of_agents(queue: Queue) -> Iterator[Question]:
    """The fields of the agents that take cases from the queue, each once. Required is what all of them need that need
    anything, since nobody knows yet which agent the case is for.
    """
    works = {"queue_connections__queue": queue, "queue_connections__role": QueueConnection.Role.CONSUMER}
    revisions = Revision.objects.filter(agent__in=Agent.objects.live().filter(**works), status=Revision.Status.LIVE)
    written = revisions.order_by("agent__name").values_list("needs", flat=True)
    needed = [NEEDS.validate_python(needs) for needs in written if needs]
    found: dict[str, Need] = {}
    for need in (need for needs in needed for need in needs):
        found.setdefault(name_key(need.name), need)
    for key, need in found.items():
        asking = [[one for one in needs if name_key(one.name) == key] for needs in needed]
        required = all(same and same[0].required for same in asking)
        choices = {choice: choice for choice in need.choices}
        yield Question(need.name, _label(need.name), _NEEDED[need.type], required=required, choices=choices)
