"""Which models can be chosen, and what testing one says."""

import asyncio
import threading

import pytest
from django.test import Client
from django.urls import reverse

from runs.offline import similarity
from runs.providers.model_requests import try_model
from runs.providers.providers import Access
from tests.fixtures import Make
from tests.provider import Provider, call, fail, say

PROVIDER_KEYS = ["OPENAI", "ANTHROPIC", "GOOGLE"]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No provider is configured."""
    for name in PROVIDER_KEYS:
        monkeypatch.delenv(f"{name}_API_KEY", raising=False)
        monkeypatch.delenv(f"{name}_BASE_URL", raising=False)


def result(client: Client, model: str = "openai-chat:scripted", kind: str = "provider") -> tuple[str, str]:
    response = client.post(reverse("model_test"), {"model_kind": kind, "model": model})
    assert response.status_code == 200
    return response.context["trial"].tone, response.context["trial"].words


def test_the_providers_say_how_their_models_are_named_and_what_is_missing(
    signed_in: Client, bare: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-very-secret")
    response = signed_in.get(reverse("models"))
    missing = {offer.form: offer.missing for offer in response.context["offers"]}
    assert missing == {
        "anthropic:NAME": "",
        "openai-chat:NAME": "OPENAI_API_KEY or OPENAI_BASE_URL",
        "openai:NAME": "OPENAI_API_KEY",
        "google:NAME": "GOOGLE_API_KEY",
    }
    assert next(iter(missing)) == "anthropic:NAME"
    names = response.context["names"]
    assert names and all(name.startswith("anthropic:") for name in names)
    assert b"sk-very-secret" not in response.content


def test_the_names_in_use_come_first(signed_in: Client, bare: None, make_agent: Make) -> None:
    make_agent(model="openai-chat:our-own")
    assert signed_in.get(reverse("models")).context["names"] == ["openai-chat:our-own"]


def test_a_model_that_uses_its_tool_is_ready(signed_in: Client, provider: Provider) -> None:
    provider.script = lambda request: call("ready")
    tone, words = result(signed_in)
    assert tone == "success" and "answered in" in words
    assert len(provider.requests) == 1


def test_a_model_that_only_talks_is_a_warning(signed_in: Client, provider: Provider) -> None:
    provider.script = lambda request: say("I am **ready**\n<b>now</b>")
    tone, words = result(signed_in)
    assert tone == "warning" and "“I am **ready** <b>now</b>”" in words


def test_what_the_provider_refuses_is_told_without_the_key(
    signed_in: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    provider.script = lambda request: fail(401, "Wrong key: sk-very-secret")
    tone, words = result(signed_in)
    assert tone == "error" and "401: Wrong key: …" in words and "secret" not in words


def test_a_slow_model_is_given_up(provider: Provider) -> None:
    held = threading.Event()
    provider.script = lambda request: say("Late", after=held)
    trial = asyncio.run(try_model("openai-chat:scripted", Access("test", f"{provider.url}/v1"), seconds=0.3))
    held.set()
    assert trial.words == "The model “openai-chat:scripted” did not answer within 0.3 seconds."


def test_a_model_without_a_key_or_a_name_says_what_to_do(signed_in: Client, bare: None) -> None:
    assert "add one in the settings" in result(signed_in, "anthropic:claude-x")[1]
    assert "There is no model “claude”" in result(signed_in, "claude")[1]
    assert result(signed_in, " ") == ("warning", "Enter the name of a model first.")


def test_the_stand_in_is_tested_without_a_call(signed_in: Client, bare: None) -> None:
    tone, words = result(signed_in, "", "offline")
    assert tone == ("success" if similarity.available() else "warning") and words
