"""Teams own everything; people are members of teams; keys let programs act for a team."""

from data.ids import new_id
from teams.audit.models import AuditEntry
from teams.groups.models import Group, GroupMember
from teams.keys.models import ApiKey, Credential, KeptAnswer, every_scope
from teams.people.models import Installation, Invitation, Member, NotificationKind, Team, User, UserManager
from teams.saved_views.models import SavedView
from teams.webhooks.models import Delivery, Webhook, WebhookFormat, WebhookQuerySet

__all__ = [
    "ApiKey",
    "AuditEntry",
    "Credential",
    "Delivery",
    "Group",
    "GroupMember",
    "Installation",
    "Invitation",
    "KeptAnswer",
    "Member",
    "NotificationKind",
    "SavedView",
    "Team",
    "User",
    "UserManager",
    "Webhook",
    "WebhookFormat",
    "WebhookQuerySet",
    "every_scope",
    "new_id",
]
