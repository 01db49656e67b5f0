"""{{ text|markdown }}"""

from django import template
from django.utils.safestring import SafeString

from teams import prose

register = template.Library()


@register.filter
def markdown(text: str | None) -> SafeString:
    return prose.to_html(text or "")
