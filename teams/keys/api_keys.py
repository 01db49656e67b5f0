"""API keys: made, shown once, recognised by their hash."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from data.errors import Refused
from data.texts.text import plain_name
from teams.audit import audit
from teams.audit.actors import Actor
from teams.models import ApiKey, Team, every_scope

_USED_EVERY = timedelta(minutes=1)  # `last_used_at` need not be exacter than that


def _digest(secret: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode()).hexdigest()


def create_key(team: Team, name: str, scopes: Iterable[str] | None = None, **fields: Any) -> tuple[ApiKey, str]:
    """The key and its secret, which cannot be shown again. Without `scopes` it may do everything."""
    secret = f"baton_{secrets.token_urlsafe(32)}"
    fields["scopes"] = every_scope() if scopes is None else list(scopes)
    key = ApiKey.objects.create(team=team, name=name, prefix=secret[:12], digest=_digest(secret), **fields)
    return key, secret


@transaction.atomic
def make_key(
    team: Team, name: str, scopes: Iterable[str], ends: datetime | None, by: Actor, *, per_minute: int | None = None
) -> tuple[ApiKey, str]:
    """By a person. `per_minute`: how many requests it may send, if fewer than the settings say."""
    name, most = plain_name(name, "name", 80), settings.API_REQUESTS_PER_MINUTE
    if per_minute and most and per_minute > most:
        message = f"This server lets keys send {most} requests a minute at most."
        raise Refused(message, "invalid", {"per_minute": message})
    key, secret = create_key(team, name, scopes, expires_at=ends, created_by=by.user, per_minute=per_minute)
    facts = audit.facts(May=key.scopes, Ends=f"{ends:%Y-%m-%d}" if ends else "never", Requests_a_minute=per_minute)
    audit.record(team.pk, "key_made", key, facts, by=by)
    return key, secret


@transaction.atomic
def revoke(key: ApiKey, by: Actor) -> None:
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit.record(key.team_id, "key_revoked", key, by=by)


def find_key(secret: str) -> ApiKey | None:
    now = timezone.now()
    valid = ApiKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)
    key = valid.select_related("team").filter(digest=_digest(secret)).first()
    if key:
        ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=now - _USED_EVERY), pk=key.pk).update(
            last_used_at=now
        )
    return key
