"""A model is connected on Home: tried in place, kept if it answers, and then used by agents."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from builder.agents.agents import save_agent
from builder.models import Agent
from runs.providers import providers
from teams.keys import credentials
from teams.models import AuditEntry, Credential, Team
from tests.fixtures import Make
from tests.provider import Provider, call, fail

pytestmark = pytest.mark.django_db

KEY = "sk-of-the-team-0123456789"


@pytest.fixture
def bare(provider: Provider, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """No keys of the server, and providers on this machine."""
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = True
    for row in providers.PROVIDERS.values():
        monkeypatch.delenv(row.key, raising=False)
        monkeypatch.delenv(row.base_url, raising=False)


def connect(client: Client, **said: str) -> Any:
    return client.post(reverse("model_connect"), said, headers={"HX-Target": "div#model-connect"})


def models(team: Team) -> dict[str, str]:
    return {agent.name: agent.live_revision.model for agent in team.agents.order_by("name")}


def test_a_model_that_answers_is_kept_and_used(
    bare: None, signed_in: Client, team: Team, provider: Provider, make_agent: Make[Agent], make_team: Make[Team]
) -> None:
    for name in ("Billing", "Triage"):
        make_agent(name, model="offline", aop="Complete it.")
    theirs = make_agent("Theirs", of=make_team(), model="offline")
    provider.answers(call("ready"))
    said = {"provider": "openai-chat", "base_url": f"{provider.url}/v1", "model": "llama"}
    answer = connect(signed_in, **said)
    assert answer.status_code == 200 and "Use it for all 2 agents" in answer.text and "<html" not in answer.text
    assert AuditEntry.objects.filter(act="credential_added").exists()
    name = "openai-chat:llama"
    use = reverse("model_use")
    chosen = signed_in.post(use, {"model": name, "agents": [team.agents.get(name="Triage").pk, theirs.pk, "x"]})
    assert chosen["Location"] == "/" and models(team) == {"Billing": "offline", "Triage": name}
    page = signed_in.post(use, {"model": name, "all": "1"}, follow=True)
    *_, told = page.context["messages"]
    assert models(team) == {"Billing": name, "Triage": name} and "Billing uses" in str(told)
    # Only what this press of the button changed has its model back.
    signed_in.post(told.extra_tags)
    assert models(team) == {"Billing": "offline", "Triage": name}
    again = signed_in.post(told.extra_tags, follow=True)
    assert "cannot be undone" in again.text and theirs.live_revision.model == "offline"


def test_what_does_not_work_is_said_and_nothing_is_kept(
    bare: None, signed_in: Client, provider: Provider, settings: Settings
) -> None:
    local = {"provider": "openai-chat", "base_url": f"{provider.url}/v1", "model": "llama"}
    provider.answers(fail(401, f"Wrong key {KEY}"), fail(404, "No model llama"))
    for said, words in (
        (local | {"key": KEY}, "Wrong key"),
        (local, "No model llama"),
        (local | {"base_url": "http://127.0.0.1:9/v1"}, "could not be reached"),
        (local | {"base_url": "no address"}, "Enter a full address"),
        (local | {"base_url": ""}, "Required."),
        (local | {"model": ""}, "Required."),
        (local | {"model": "openai-chat:"}, "There is no model"),
        (local | {"key": "with a space"}, "This is no key"),
        ({"provider": "anthropic", "model": "some"}, "Required."),
    ):
        answer = connect(signed_in, **said)
        assert answer.status_code == 422 and words in answer.text, said
        assert KEY not in answer.text and said["model"] in answer.text
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = False
    answer = connect(signed_in, **local)
    assert answer.status_code == 422 and "BATON_ALLOW_PRIVATE_ADDRESSES" in answer.text
    assert not Credential.objects.exists()


def test_a_key_that_is_there_is_not_asked_for(
    bare: None, signed_in: Client, team: Team, provider: Provider, make_agent: Make[Agent]
) -> None:
    agent = make_agent("Triage", model="offline")
    credentials.add(team, "openai", name="Ours", key=KEY, base_url=f"{provider.url}/v1")
    address = f"{reverse('model_connect')}?provider=openai"
    assert "The key for this provider is there already." in signed_in.get(address).text
    save_agent(agent, model="openai:gpt")
    provider.answers(call("ready"))
    assert "No agent is left to change" in connect(signed_in, provider="openai", model="openai:gpt").text
    for wrong in ({"model": "nonsense", "all": "1"}, {"model": "anthropic:some", "all": "1"}, {"model": "openai:gpt"}):
        signed_in.post(reverse("model_use"), wrong)
    assert models(team) == {"Triage": "openai:gpt"}
    for since in ("", "x", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00"):
        assert signed_in.post(f"{reverse('model_use_undo')}?since={since}&model=x").status_code == 404
