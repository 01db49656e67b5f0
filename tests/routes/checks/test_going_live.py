"""What waits for a check beside saves: deleting, restoring and importing, on the pages where one asks for them."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from builder.agents.agents import delete_agent, restore_agent, save_agent
from builder.models import Agent
from cases.models import AgentUpload
from routes.checks import checks
from routes.checks.models import Check
from teams.models import AuditEntry
from tests.provider import call
from tests.routes.conftest import Desk, work_tests

from .test_check_page import shown
from .test_gate import guarded

__all__ = ["guarded"]
pytestmark = pytest.mark.django_db

REASON = "The office is closed."

type Act = Callable[[Client, Desk], str]
type Done = Callable[[Desk], bool]


def delete(client: Client, desk: Desk) -> str:
    return client.post(reverse("agent_delete", args=[desk.billing.pk]), {"replacement": "Tech"})["Location"]


def replace(client: Client, desk: Desk) -> str:
    delete_agent(desk.billing)
    wanted = {"replacement": desk.tech.pk}
    return client.post(reverse("agent_replace", args=[desk.billing.pk]), wanted)["Location"]


def restore(client: Client, desk: Desk) -> str:
    delete_agent(desk.billing)
    return client.post(reverse("agent_restore", args=[desk.billing.pk]), {"name": "Money desk"})["Location"]


def bring_in(client: Client, desk: Desk, word: str = "return") -> str:
    """An import of Triage, with another word for refunds, and of a new agent that it mentions."""
    aop = desk.aop(refund=desk.billing, outage=desk.tech).replace("refund", word)
    told = f"---\nname: Triage\n---\n\n{aop}\n- storm: @[Storm](agent:019a0000-0000-7000-8000-000000000001)\n"
    new = "---\nname: Storm\nid: 019a0000-0000-7000-8000-000000000001\n---\n\nWait.\n"
    return confirm(client, told, new)


def confirm(client: Client, *files: str) -> str:
    place = client.post(reverse("agents_import"), {"text": files[0]})["Location"]
    named = [[f"{number}.md", text] for number, text in enumerate(files)]
    AgentUpload.objects.update(files=named)
    page = client.get(place)
    return client.post(place, {"seen": page.context["plan"].fingerprint})["Location"]


def mentions_tech_only(desk: Desk) -> bool:
    return desk.triage.live_revision.aop == desk.aop(refund=desk.tech, outage=desk.tech)


def is_back(desk: Desk) -> bool:
    return Agent.objects.live().filter(name="Money desk").exists()


def is_brought_in(desk: Desk) -> bool:
    return Agent.objects.live().filter(name="Storm").exists() and "Storm" in desk.triage.live_revision.aop


WAYS = pytest.mark.parametrize(
    ("act", "done"),
    [(delete, mentions_tech_only), (replace, mentions_tech_only), (restore, is_back), (bring_in, is_brought_in)],
    ids=["delete", "replace", "restore", "import"],
)


def last() -> Check:
    return Check.objects.order_by("-created_at")[0]


@WAYS
def test_what_was_held_is_done_when_its_check_passes(guarded: Desk, signed_in: Client, act: Act, done: Done) -> None:
    guarded.provider.script = lambda request: call("complete_case", summary="All the same.")
    place = act(signed_in, guarded)
    assert not done(guarded)
    checks.sweep()
    page = shown(signed_in, "check", last().pk)
    assert "of 2 tests<" in page and "goes live automatically" in page
    work_tests()
    assert last().passed and last().is_applied and done(guarded)
    assert "What would change" not in signed_in.get(place).text


@WAYS
def test_what_a_check_holds_back_is_done_with_a_reason(
    guarded: Desk, signed_in: Client, act: Act, done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    act(signed_in, guarded)
    work_tests()
    page = shown(signed_in, "check", last().pk)
    assert "Not saved." in page and "Save anyway" in page and not done(guarded)
    signed_in.post(reverse("check_override", args=[last().pk]), {"reason": REASON})
    assert done(guarded)
    assert AuditEntry.objects.filter(act="gate_overridden", change__contains=REASON).count() == 1
    reasons = {guarded.triage.live_revision.override_reason}
    assert reasons == ({""} if act is restore else {REASON})
    page = shown(signed_in, "check", last().pk)
    assert "Save anyway" not in page and "What was changed" in page and "is live since" in page


@pytest.mark.parametrize(
    ("act", "change", "words"),
    [
        (delete, lambda desk: delete_agent(desk.billing), "Billing has been deleted already"),
        (replace, lambda desk: restore_agent(desk.billing, override=REASON), "Billing has been restored"),
        (restore, lambda desk: restore_agent(desk.billing, override=REASON), "Billing has been restored already"),
        (bring_in, lambda desk: save_agent(desk.tech, name="Storm", override=REASON), "Nothing was imported"),
    ],
    ids=["delete", "replace", "restore", "import"],
)
def test_the_later_of_two_hears_what_changed(
    guarded: Desk, signed_in: Client, act: Act, change: Callable[[Desk], object], words: str
) -> None:
    act(signed_in, guarded)
    check = last()
    change(guarded)
    signed_in.post(reverse("check_override", args=[check.pk]), {"reason": REASON})
    assert words in shown(signed_in, "check", check.pk)
    check.refresh_from_db()
    assert not check.is_applied
