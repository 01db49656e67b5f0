"""{{ text|markdown }}, {{ text|markdown:words_to_mark }}"""

from collections.abc import Collection

from django import template
from django.utils.safestring import SafeString

from web.format import prose

register = template.Library()


@register.filter
def markdown(text: str | None, marked: Collection[str] = ()) -> SafeString:
    return prose.to_html(text or "", marked)
