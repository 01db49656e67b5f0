"""Keys of the team to providers: who gives them, what uses them, and that nobody sees them again."""

import asyncio
import logging

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from builder.models import Agent
from data.errors import Refused
from runs.models import Run
from runs.providers import providers
from runs.providers.providers import Models, access_of
from teams.keys import credentials
from teams.models import Credential, Team
from tests.driving import drive
from tests.fixtures import Make, take
from tests.provider import Provider, call, fail, say
from tests.receiver import Receiver, receiver

__all__ = ["receiver"]

pytestmark = pytest.mark.django_db

KEY = "sk-of-the-team-0123456789"
KINDS = ["openai-chat", "openai", "anthropic", "google"]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, provider: Provider, settings: Settings) -> str:
    settings.BATON_DEFAULT_MODEL = f"{request.param}:scripted"
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = True
    return str(request.param)


def own(team: Team, provider: Provider, kind: str, key: str = KEY) -> Credential:
    base_url = provider.url + ("/v1" if kind.startswith("openai") else "")
    return credentials.add(team, kind, name="Ours", key=key, base_url=base_url)


def sent(provider: Provider) -> str:
    """All headers of the last request."""
    return repr(provider.requests[-1].headers)


def work(run: Run) -> Run:
    [claim] = take()
    return drive(claim)


# --- What they are used for ------------------------------------------------------------------


def test_a_key_of_the_team_goes_before_the_servers(
    kind: str, provider: Provider, team: Team, make_run: Make[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.setenv(name, "of-the-operator")
    for name in ("OPENAI_CUSTOM_HEADERS", "ANTHROPIC_CUSTOM_HEADERS"):
        monkeypatch.setenv(name, "X-Gateway: of-the-operator")
    own(team, provider, kind)
    provider.answers(say("Done."))
    run = work(make_run())
    assert run.outcome == "answered", run.error
    assert KEY in sent(provider) and "of-the-operator" not in sent(provider)


def test_a_key_of_one_team_is_not_used_for_another(
    kind: str, provider: Provider, make_team: Make[Team], make_run: Make[Run]
) -> None:
    own(make_team("Strangers"), provider, kind)
    provider.answers(say("Done."))
    assert work(make_run()).outcome == "answered"
    assert KEY not in sent(provider)


def test_a_changed_key_is_used_from_the_next_request_on(kind: str, provider: Provider, team: Team) -> None:
    found = own(team, provider, kind)
    models = Models()
    name = f"{kind}:scripted"
    first = models.get(name, access_of(team.pk, name))
    assert models.get(name, access_of(team.pk, name)) is first
    credentials.change(found, name="Ours", key="sk-another-0123456789", base_url=found.base_url)
    second = access_of(team.pk, name)
    assert second.key == "sk-another-0123456789" and models.get(name, second) is not first
    credentials.delete(found)
    assert access_of(team.pk, name).key == "test"
    asyncio.run(models.close())


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_without_an_address_goes_to_the_provider_itself(kind: str, provider: Provider, team: Team) -> None:
    credentials.add(team, kind, name="Ours", key=KEY)
    found = access_of(team.pk, f"{kind}:some")
    assert (found.key, found.base_url) == (KEY, providers.PROVIDERS[kind].home)
    made = Models().get(f"{kind}:some", found)
    assert str(made.base_url).startswith(found.base_url)


def test_a_server_of_ones_own_may_want_no_key(provider: Provider, team: Team, settings: Settings) -> None:
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = True
    own(team, provider, "openai-chat", key="")
    assert access_of(team.pk, "openai-chat:llama").key == "none"


def test_an_address_inside_a_private_network_is_never_asked(
    kind: str, provider: Provider, team: Team, make_run: Make[Run], settings: Settings
) -> None:
    found = own(team, provider, kind)
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = False
    run = work(make_run())
    assert (run.status, run.error_code, provider.requests) == ("failed", "model_refused", [])
    assert "private network" in run.error
    with pytest.raises(Refused) as refused:
        credentials.change(found, name="Ours", key=KEY, base_url="http://127.0.0.1:1234/v1")
    assert "base_url" in refused.value.fields


def test_a_provider_that_sends_elsewhere_is_not_followed(
    kind: str, provider: Provider, team: Team, make_run: Make[Run], receiver: Receiver
) -> None:
    receiver.status, receiver.headers = 307, {"location": provider.url}
    credentials.add(team, kind, name="Ours", key=KEY, base_url=receiver.url)
    run = work(make_run())
    assert run.status in ("failed", "queued") and run.error
    assert len(receiver.got) == 1 and provider.requests == []


def test_a_key_that_can_no_longer_be_read_says_so(
    provider: Provider, team: Team, make_agent: Make[Agent], make_run: Make[Run], settings: Settings
) -> None:
    credentials.add(team, "openai", name="Ours", key=KEY)
    settings.SECRET_KEY = "another"
    run = work(make_run(make_agent(model="openai:some")))
    assert (run.status, run.error_code) == ("failed", "unreadable_key")
    assert "“Ours”" in run.error


def test_a_key_stands_in_no_error_step_or_log_line(
    kind: str, provider: Provider, team: Team, make_run: Make[Run], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "runs")
    own(team, provider, kind)
    provider.answers(fail(401, f"Wrong key: {KEY}"))
    run = work(make_run())
    assert run.status == "failed" and "Wrong key: …" in run.error and KEY not in run.error

    provider.answers(fail(500, f"Broken: {KEY}"), say(f"Your key is {KEY}."))
    run = work(make_run())
    assert run.status == "queued" and KEY not in run.error
    Run.objects.filter(pk=run.pk).update(available_at="2020-01-01T00:00:00Z")
    run = work(run)
    assert run.result == "Your key is …."
    assert KEY not in repr([step.data for step in run.steps.all()]) + caplog.text


# --- The pages -------------------------------------------------------------------------------


def test_a_key_is_added_used_and_never_shown(signed_in: Client, provider: Provider, team: Team) -> None:
    page = reverse("credential_new")
    assert 'value="anthropic" selected' in signed_in.get(f"{page}?provider=anthropic").text
    answer = signed_in.post(page, {"provider": "anthropic", "name": "Our account", "key": KEY}, follow=True)
    found = Credential.objects.get(team=team)
    assert KEY not in answer.text and found.hint == KEY[-4:] in answer.text
    assert KEY not in found.key and credentials.key_of(found) == KEY
    overview = signed_in.get(reverse("model_settings")).text
    assert "Key of this team: Our account" in overview and "Key of the server" in overview and KEY not in overview


def test_a_provider_has_one_key_of_the_team(signed_in: Client, team: Team) -> None:
    credentials.add(team, "openai", name="Ours", key=KEY)
    answer = signed_in.post(reverse("credential_new"), {"provider": "openai", "name": "Second", "key": KEY})
    assert answer.status_code == 422 and "Replace that one." in answer.text and "Second" in answer.text


@pytest.mark.parametrize(
    ("key", "base_url", "field"),
    [
        ("", "", "key"),
        ("short", "", "key"),
        ("with a space", "", "key"),
        ("schlüssel-0123", "", "key"),
        ("k" * 1001, "", "key"),
        (KEY, "http://169.254.169.254/", "base_url"),
        (KEY, "http://localhost:11434/v1", "base_url"),
        (KEY, "no address", "base_url"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(signed_in: Client, team: Team, key: str, base_url: str, field: str) -> None:
    form = {"provider": "openai-chat", "name": "Ours", "key": key, "base_url": base_url}
    answer = signed_in.post(reverse("credential_new"), form)
    assert answer.status_code == 422 and field in answer.context["form"].errors
    assert not Credential.objects.exists()


def test_a_key_does_not_move_to_another_address_by_itself(signed_in: Client, team: Team) -> None:
    found = credentials.add(team, "openai", name="Ours", key=KEY)
    page = reverse("credential", args=[found.pk])
    answer = signed_in.post(page, {"name": "Ours", "key": "", "base_url": "https://example.com/v1"})
    assert answer.status_code == 422 and "give the key again" in answer.text
    signed_in.post(page, {"name": "Renamed", "key": "", "base_url": ""})
    signed_in.post(page, {"name": "Moved", "key": "sk-another-0123456789", "base_url": "https://example.com/v1"})
    found.refresh_from_db()
    assert (found.name, found.base_url) == ("Moved", "https://example.com/v1")
    assert credentials.key_of(found) == "sk-another-0123456789"


def test_deleting_a_key_says_which_agents_use_it(
    signed_in: Client, team: Team, make_agent: Make[Agent], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_agent("Triage", model="openai:gpt")
    make_agent("Clerk", model="offline")
    found = credentials.add(team, "openai", name="Ours", key=KEY)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    page = reverse("credential", args=[found.pk])
    assert "The runs of Triage will fail" in signed_in.get(page).text
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-server")
    assert "Triage will go on with the key of the server." in signed_in.get(page).text
    signed_in.post(reverse("credential_delete", args=[found.pk]))
    assert not Credential.objects.exists()


def test_a_key_of_the_team_makes_its_provider_usable(
    signed_in: Client, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI", "ANTHROPIC", "GOOGLE"):
        monkeypatch.delenv(f"{name}_API_KEY", raising=False)
        monkeypatch.delenv(f"{name}_BASE_URL", raising=False)
    assert signed_in.get(reverse("models")).context["names"] == []
    credentials.add(team, "anthropic", name="Ours", key=KEY)
    answer = signed_in.get(reverse("models"))
    assert answer.context["offers"][0].kind == "anthropic" and "key of the team" in answer.text
    assert all(name.startswith("anthropic:") for name in answer.context["names"]) and answer.context["names"]


def test_the_test_of_a_model_uses_the_key_of_the_team(
    signed_in: Client, provider: Provider, team: Team, settings: Settings
) -> None:
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = True
    own(team, provider, "openai-chat")
    provider.answers(call("ready"))
    answer = signed_in.post(reverse("model_test"), {"model": "openai-chat:scripted"})
    assert answer.context["trial"].tone == "success" and KEY in sent(provider)
