"""API keys: made, shown once, recognised by their hash."""

import hashlib
import secrets
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from .models import ApiKey, Team

_USED_EVERY = timedelta(minutes=1)  # `last_used_at` need not be exacter than that


def _digest(secret: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode()).hexdigest()


def create_key(team: Team, name: str) -> tuple[ApiKey, str]:
    """The key and its secret, which cannot be shown again."""
    secret = f"baton_{secrets.token_urlsafe(32)}"
    return ApiKey.objects.create(team=team, name=name, prefix=secret[:12], digest=_digest(secret)), secret


def find_key(secret: str) -> ApiKey | None:
    key = ApiKey.objects.select_related("team").filter(digest=_digest(secret), revoked_at=None).first()
    if key:
        now = timezone.now()
        ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=now - _USED_EVERY), pk=key.pk).update(
            last_used_at=now
        )
    return key
