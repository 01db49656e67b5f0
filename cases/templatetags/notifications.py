"""What the bell and its page ask for: {% unread_notifications %}, {% bell_word %}, {{ row|notification_icon }}."""

from django import template
from django.template import RequestContext

from cases.models import Notification
from data.texts.signs import shown
from teams.models import NotificationKind

register = template.Library()

_MOST = 100
_ICONS = {
    NotificationKind.ASSIGNED: "user-round-check",
    NotificationKind.UNASSIGNED: "inbox",
    NotificationKind.MENTIONED: "at-sign",
    NotificationKind.FOLLOWED: "eye",
    NotificationKind.DUE: "alarm-clock",
    NotificationKind.CHECKS: "flask-conical",
}


@register.filter
def notification_icon(row: Notification) -> str:
    return _ICONS[NotificationKind(row.kind)]


@register.filter
def notification_actor(row: Notification) -> str:
    """Return who did what it tells of."""
    return shown(row.actor or (row.agent.name if row.agent else "Baton"))


@register.simple_tag(takes_context=True)
def bell_word(context: RequestContext) -> str:
    """Return what the live stream says when the member has news."""
    return f"bell:{context['request'].member.pk}"


@register.simple_tag(takes_context=True)
def unread_notifications(context: RequestContext) -> int:
    """The two bells of a page ask once."""
    request = context["request"]
    if not hasattr(request, "unread_notifications"):
        mine = Notification.objects.unread().filter(member=request.member)
        request.unread_notifications = mine.values("pk")[:_MOST].count()
    found: int = request.unread_notifications
    return found
