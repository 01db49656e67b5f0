"""API keys: made, shown once, recognised by their hash."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from .models import ApiKey, Team, every_scope

_USED_EVERY = timedelta(minutes=1)  # `last_used_at` need not be exacter than that


def _digest(secret: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode()).hexdigest()


def create_key(team: Team, name: str, scopes: Iterable[str] | None = None) -> tuple[ApiKey, str]:
    """The key and its secret, which cannot be shown again. Without `scopes` it may do everything."""
    secret = f"baton_{secrets.token_urlsafe(32)}"
    wanted = every_scope() if scopes is None else list(scopes)
    key = ApiKey.objects.create(team=team, name=name, prefix=secret[:12], digest=_digest(secret), scopes=wanted)
    return key, secret


def find_key(secret: str) -> ApiKey | None:
    now = timezone.now()
    valid = ApiKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)
    key = valid.select_related("team").filter(digest=_digest(secret)).first()
    if key:
        ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=now - _USED_EVERY), pk=key.pk).update(
            last_used_at=now
        )
    return key
