import pytest
from django.utils import timezone

from teams.keys import create_key, find_key
from teams.models import ApiKey

pytestmark = pytest.mark.django_db


def test_a_key_is_found_by_its_secret_and_kept_only_as_a_hash(team) -> None:
    key, secret = create_key(team, "script")
    assert find_key(secret) == key
    assert secret not in str(ApiKey.objects.values().get())
    assert secret.startswith(key.prefix)


def test_a_revoked_or_wrong_key_opens_nothing(team) -> None:
    key, secret = create_key(team, "script")
    assert find_key(secret + "x") is None
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())
    assert find_key(secret) is None


def test_last_use_is_noted(team) -> None:
    key, secret = create_key(team, "script")
    find_key(secret)
    key.refresh_from_db()
    assert key.last_used_at
