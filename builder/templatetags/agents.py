"""Agents on pages: `{% mention %}`, `{% avatar %}` and `{% agent_name %}`."""

import re
from typing import Any
from zlib import crc32

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString

from web.templatetags.components import component, kept_component

register = template.Library()

HUES = 12
# Icon, tone and title of a mention, by the status of its target.
MENTIONS = {
    "ok": ("bot", "info", "Can take over from here"),
    "unavailable": ("triangle-alert", "warning", "Cannot take over here"),
    "deleted": ("bot-off", "error", "Deleted: replace or remove this mention"),
    "self": ("bot", "neutral", "This agent itself"),
}


_PEOPLE = {
    ("person", "ok"): "user-round",
    ("group", "ok"): "users",
    ("person", "deleted"): "user-round-x",
    ("group", "deleted"): "user-round-x",
}


@register.simple_tag
def mention(name: str, status: str = "ok", url: str = "", reason: str = "", kind: str = "agent") -> SafeString:
    symbol, tone, title = MENTIONS[status]
    symbol = _PEOPLE.get((kind, status), symbol)
    return component("mention", name=name, status=status, url=url, title=reason or title, icon=symbol, tone=tone)


def _initials(name: str) -> str:
    words = re.findall(r"\w+", name)
    return (words[0][0] + (words[1][0] if len(words) > 1 else words[0][1:2])) if words else "?"


@register.simple_tag
def avatar(agent: Any, *, big: bool = False) -> SafeString:
    return kept_component(
        "avatar",
        initials=_initials(agent.name),
        hue=crc32(str(agent.pk).encode()) % HUES,
        big=big,
        gone=bool(getattr(agent, "deleted_at", None)),
    )


@register.simple_tag
def agent_name(agent: Any, *, link: bool = True, css: str = "") -> SafeString:
    url = reverse("agent", args=[agent.pk]) if link else ""
    gone = bool(getattr(agent, "deleted_at", None))
    return kept_component("agent_name", name=agent.name, avatar=avatar(agent), url=url, css=css, gone=gone)
