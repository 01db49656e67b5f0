"""{% ago moment %}, {% elapsed moment %}, {{ moment|exact }}, {{ moment|clock }}, {{ seconds|duration }}"""

from datetime import datetime, timedelta

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from web.format import times

register = template.Library()


@register.simple_tag
def ago(moment: datetime | None, empty: str = "–") -> SafeString:
    """A time in words that stays true while the page is open; the exact time on hover."""
    if moment is None:
        return format_html('<span class="text-muted">{}</span>', empty)
    return format_html(
        '<live-time><time datetime="{}" title="{}">{}</time></live-time>',
        moment.isoformat(timespec="seconds"),
        times.exact(moment),
        times.ago(moment),
    )


@register.simple_tag
def elapsed(moment: datetime) -> SafeString:
    """Show how long ago a moment is, or how long until it comes, counting on while the page is open."""
    return format_html(
        '<live-duration><time datetime="{}" title="{}">{}</time></live-duration>',
        moment.isoformat(timespec="milliseconds"),
        times.exact(moment),
        times.elapsed(moment),
    )


@register.filter
def exact(moment: datetime | None) -> str:
    return times.exact(moment) if moment else ""


@register.filter
def clock(moment: datetime | None) -> str:
    return times.clock(moment) if moment else ""


@register.filter
def duration(length: timedelta | float | None) -> str:
    return "" if length is None else times.duration(length)
