from datetime import timedelta

import pytest
from django.utils import timezone

from teams.keys.api_keys import create_key, find_key
from teams.models import ApiKey, AuditEntry

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


def test_a_key_ends(team) -> None:
    key, secret = create_key(team, "script", expires_at=timezone.now() + timedelta(hours=1))
    assert find_key(secret) == key
    ApiKey.objects.update(expires_at=timezone.now())
    assert find_key(secret) is None


def test_a_key_is_made_on_the_page_and_shown_once(signed_in, team, member) -> None:
    form = {"name": "Shop", "scopes": ["read", "cases"], "expires": "30"}
    page = signed_in.post("/settings/keys/", form, follow=True).text
    key = ApiKey.objects.get()
    assert (key.name, key.scopes, key.created_by) == ("Shop", ["read", "cases"], member.user)
    assert key.expires_at
    secret = page.partition('value="baton_')[2].partition('"')[0]
    assert find_key(f"baton_{secret}") == key
    assert f"baton_{secret}&quot; http://testserver/api/v1/team" in page
    assert secret not in signed_in.get("/settings/keys/").text
    signed_in.post(f"/settings/keys/{key.pk}/revoke/")
    assert find_key(f"baton_{secret}") is None
    told = AuditEntry.objects.filter(act__startswith="key_").order_by("at")
    assert list(told.values_list("act", flat=True)) == ["key_made", "key_revoked"]
    assert secret not in str(list(AuditEntry.objects.values()))


def test_a_key_needs_a_scope(signed_in) -> None:
    answer = signed_in.post("/settings/keys/", {"name": "Shop"})
    assert answer.status_code == 422
    assert "Choose at least one." in answer.text


def test_the_page_says_in_words_what_a_key_may(signed_in, team) -> None:
    create_key(team, "Import", ["cases"])
    create_key(team, "All")
    page = signed_in.get("/settings/keys/").content.decode()
    assert page.count("Add, change and close cases") == 2, "of the key, and of the form"
    assert "Do everything" in page
