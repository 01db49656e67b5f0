"""Teams own everything; people are members of teams; keys let programs act for a team."""

from .audit_entry import AuditEntry
from .ids import new_id
from .keys import ApiKey, Credential, KeptAnswer, every_scope
from .people import Installation, Invitation, Member, Team, User, UserManager
from .webhook import Delivery, Webhook, WebhookQuerySet

__all__ = [
    "ApiKey",
    "AuditEntry",
    "Credential",
    "Delivery",
    "Installation",
    "Invitation",
    "KeptAnswer",
    "Member",
    "Team",
    "User",
    "UserManager",
    "Webhook",
    "WebhookQuerySet",
    "every_scope",
    "new_id",
]
