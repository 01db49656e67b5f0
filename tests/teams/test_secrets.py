"""Sealing secrets, and changing the keys."""

import pytest

from teams.secrets import Unreadable, seal, unseal


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
