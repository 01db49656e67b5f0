"""{% label name colours %}: a label of a case. Colours by name, from `labels.colours`; others have their usual one."""

from collections.abc import Mapping

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cases.queues.labels import usual_colour

register = template.Library()


@register.simple_tag
def label(name: str, colours: Mapping[str, str] | None = None) -> SafeString:
    colour = (colours or {}).get(name) or usual_colour(name)
    return format_html(
        '<span class="tag paint-{}" title="{}"><span class="truncate">{}</span></span>', colour, name, name
    )
