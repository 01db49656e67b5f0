"""`{% priority %}`: the priority of a case on pages."""

from django import template
from django.utils.safestring import SafeString

from web.templatetags.components import component

register = template.Library()

# Label, icon and tone of each priority.
PRIORITIES = {0: ("", "", ""), 1: ("Medium", "signal-medium", "neutral"), 2: ("High", "signal-high", "warning")}


@register.simple_tag
def priority(value: int, *, short: bool = False) -> SafeString:
    label, symbol, tone = PRIORITIES.get(int(value), PRIORITIES[0])
    return component("priority", label=label, icon=symbol, tone=tone, short=short)
