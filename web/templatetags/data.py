"""How data is shown: each tag here renders a template of templates/components/, which documents it."""

import json
import re
from typing import TypeGuard

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from data.texts.signs import shown

from .components import component

register = template.Library()

# How deep data is shown as lists of facts.
_LEVELS = 4

_JSON_PART = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)')


def _coloured(text: str) -> SafeString:
    parts: list[str] = []
    end = 0
    for match in _JSON_PART.finditer(text):
        kind = "key" if match[2] else "string" if match[1] else "word" if match[3] else "number"
        colon = match[2] or ""
        parts.append(conditional_escape(text[end : match.start()]))
        parts.append(f'<span class="json-{kind}">{conditional_escape(match[0].removesuffix(colon))}</span>{colon}')
        end = match.end()
    parts.append(conditional_escape(text[end:]))
    return mark_safe("".join(parts))  # noqa: S308 - every part is escaped above


@register.simple_tag
def code(text: str, label: str = "Text") -> SafeString:
    return component("code", body=shown(text), plain=text, label=label)


@register.simple_tag
def json_view(value: object, label: str = "Data") -> SafeString:
    """Text as it is, everything else as indented JSON."""
    if isinstance(value, str):
        return component("code", body=shown(value), plain=value, label=label)
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    # Beyond this, colouring costs more than it helps.
    return component(
        "code", body=_coloured(shown(text)) if len(text) < 50_000 else shown(text), plain=text, label=label
    )


def _fact_words(value: object) -> str:
    if value is None or value == {}:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return shown(", ".join(map(str, value)) if isinstance(value, list) else str(value))


@register.simple_tag
def data_view(value: object) -> SafeString:
    """An object as a list of facts, then its long texts, then what has parts of its own, folded; text as text.

    Beyond some levels, and where there is no name for anything, as JSON.
    """
    return _data_view(value, _LEVELS)


def _data_view(value: object, levels: int) -> SafeString:
    if isinstance(value, str):
        return component("data_view", text=shown(value))
    if not isinstance(value, dict) or not levels:
        return component("data_view", value=value)
    # The database keeps no order of keys anyway.
    facts: list[tuple[str, str]] = []
    texts: list[tuple[str, str]] = []
    parts: list[tuple[str, int, SafeString]] = []
    for key, part in value.items():
        term = shown(str(key)).replace("_", " ").capitalize()
        if _has_parts(part):
            parts.append((term, len(part), _data_view(part, levels - 1)))
        else:
            words = _fact_words(part)
            (texts if len(words) > 80 or "\n" in words else facts).append((term, words))
    return component("data_view", facts=facts, texts=texts, parts=parts, value=value)


def _has_parts(value: object) -> TypeGuard[dict[str, object] | list[object]]:
    if isinstance(value, list):
        return any(isinstance(item, dict | list) for item in value)
    return isinstance(value, dict) and bool(value)
