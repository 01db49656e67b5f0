"""Sealing secrets, and changing the keys."""

import io

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import CommandError, call_command

from builder.models import ToolServer
from data.secrets import Unreadable, seal, unseal
from teams.keys import credentials
from teams.models import Member, Team
from teams.webhooks import webhooks


def test_what_was_sealed_can_be_opened_and_says_nothing() -> None:
    sealed = seal("whsec_abc")
    assert unseal(sealed) == "whsec_abc"
    assert "abc" not in sealed
    assert seal("whsec_abc") != sealed


def test_new_keys_go_before_old_ones(settings) -> None:
    first = seal("one")
    settings.BATON_ENCRYPTION_KEYS = ["a long random text"]
    assert unseal(first) == "one"
    second = seal("two")
    settings.BATON_ENCRYPTION_KEYS = ["a newer one", "a long random text"]
    settings.SECRET_KEY = "another"
    assert unseal(second) == "two"
    with pytest.raises(Unreadable):
        unseal(first)


@pytest.mark.django_db
def test_all_secrets_are_sealed_with_a_new_key_so_that_the_old_one_can_go(team: Team, member: Member, settings) -> None:
    settings.BATON_ENCRYPTION_KEYS = ["the old one"]
    key = credentials.add(team, "openai", name="Ours", key="sk-a-key-of-ours")
    hook, first = webhooks.create_webhook(team, "https://example.com/", ["case.created"])
    second = webhooks.renew_secret(hook)
    server = ToolServer.objects.create(team=team, name="Bank", slug="bank", header="X-Key", credential=seal("geheim"))
    TOTP.activate(member.user, "JBSWY3DPEHPK3PXP")
    codes = RecoveryCodes.activate(member.user).get_unused_codes()

    settings.BATON_ENCRYPTION_KEYS = ["the new one", "the old one"]
    said = io.StringIO()
    call_command("reseal_secrets", stdout=said)
    assert said.getvalue() == "6 sealed with the newest key.\n"

    settings.BATON_ENCRYPTION_KEYS, settings.SECRET_KEY = ["the new one"], "another"
    for row in (key, hook, server):
        row.refresh_from_db()
    assert [unseal(sealed) for sealed in (key.key, hook.old_secret, hook.secret, server.credential)] == [
        "sk-a-key-of-ours",
        first,
        second,
        "geheim",
    ]
    steps = {step.type: step.wrap() for step in Authenticator.objects.filter(user=member.user)}
    assert steps["recovery_codes"].get_unused_codes() == codes
    assert unseal(steps["totp"].instance.data["secret"]) == "JBSWY3DPEHPK3PXP"


@pytest.mark.django_db
def test_secrets_whose_key_is_lost_are_named(team: Team, settings) -> None:
    key = credentials.add(team, "openai", name="Ours", key="sk-a-key-of-ours")
    settings.SECRET_KEY = "another"
    with pytest.raises(CommandError, match=f"Add the key they were sealed with, or give them again .*{key.pk}"):
        call_command("reseal_secrets", stdout=io.StringIO())
