"""Webhooks of chats: sentences in Slack's form, sent to an address that is a secret."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from data.secrets import unseal
from teams.models import Delivery, Team, Webhook
from teams.webhooks import chat, outbox, webhook_delivery, webhooks
from tests.receiver import Receiver, receiver

__all__ = ["receiver"]

CASE = {"url": "http://b/cases/1/", "number": 7, "title": "A <b> & c\n<!channel>", "owner": None, "group": None}
RUN = {"url": "http://b/runs/1/", "agent": {"name": "Triage"}, "error": {"code": "x", "message": "No key"}}
ASKED = {"url": "http://b/runs/1/", "kind": "question", "question": "Which card?", "actor": "Ada"}


@pytest.mark.parametrize(
    ("event", "data", "text"),
    [
        (
            *("case.completed", {"case": CASE, "actor": "Ada & co"}),
            "<http://b/cases/1/|#7 A &lt;b&gt; &amp; c &lt;!channel&gt;> was completed by Ada &amp; co.",
        ),
        (
            *("case.assigned", {"case": {**CASE, "title": "A", "group": {"name": "Finance"}}, "actor": None}),
            "<http://b/cases/1/|#7 A> was assigned to Finance.",
        ),
        (
            *("handover.applied", {"run": RUN, "target": {"name": "Billing"}, "reason": "Money > time"}),
            "<http://b/runs/1/|Triage> handed over to Billing: Money &gt; time",
        ),
        ("run.failed", {"run": RUN}, "<http://b/runs/1/|Triage> could not go on: No key"),
        (
            *("human_request.opened", {"human_request": ASKED, "run": RUN}),
            "Triage asks: <http://b/runs/1/|Which card?>",
        ),
        (
            *("human_request.answered", {"human_request": ASKED, "run": RUN}),
            "<http://b/runs/1/|Which card?> was answered by Ada.",
        ),
        (
            *("check.failed", {"check": {"url": "http://b/checks/1/", "passed": False}}),
            "<http://b/checks/1/|Routing tests hold back a change>",
        ),
        ("ping", {"webhook": {"id": "1"}}, "This is a test message from Baton."),
    ],
)
def test_each_event_is_a_sentence_in_which_nothing_has_a_meaning_of_its_own(event: str, data, text: str) -> None:
    assert json.loads(chat.body_of(event, data)) == {"text": text}


@pytest.mark.parametrize("event", [name for name in outbox.EVENTS if name.startswith("case.")])
def test_every_event_of_a_case_has_its_words(event: str) -> None:
    assert "#7" in chat.text_of(event, {"case": CASE, "actor": None})


@pytest.mark.django_db(transaction=True)
def test_a_channel_is_written_to_and_its_address_is_shown_to_nobody(
    signed_in: Client, team: Team, receiver: Receiver, make_case
) -> None:
    address = f"{receiver.url}/services/T000/SecretPath"
    form = signed_in.get(f"{reverse('webhook_new')}?format=slack").content.decode()
    assert 'value="slack"' in form and "New chat channel" in form
    told = {"url": address, "description": "Support", "events": ["case.created"], "format": "slack"}
    assert signed_in.post(reverse("webhook_new"), told).status_code == 302
    row = Webhook.objects.get()
    assert unseal(row.sealed_url) == address and "Secret" not in row.url + row.sealed_url
    make_case("Charged twice")
    signed_in.post(reverse("webhook_ping", args=[row.pk]))
    webhook_delivery.deliver()
    got = [json.loads(one.body)["text"] for one in receiver.got]
    assert "was added" in got[0] and got[1] == "This is a test message from Baton."
    assert all("webhook-signature" not in one.headers for one in receiver.got)
    assert {one.path for one in receiver.got} == {"/hook/services/T000/SecretPath"}
    for page in (reverse("webhooks"), reverse("webhook", args=[row.pk]), reverse("webhook_edit", args=[row.pk])):
        shown = signed_in.get(page).content.decode()
        assert "SecretPath" not in shown and row.url in shown
    kept = {"url": row.url, "description": "Ours", "events": ["case.failed"]}
    assert signed_in.post(reverse("webhook_edit", args=[row.pk]), kept).status_code == 302
    row.refresh_from_db()
    assert (unseal(row.sealed_url), row.description) == (address, "Ours")


@pytest.mark.django_db(transaction=True)
def test_an_address_that_fails_is_said(team: Team, receiver: Receiver, signed_in: Client) -> None:
    row, secret = webhooks.create_webhook(team, f"{receiver.url}/gone", ["case.failed"], format="slack")
    assert secret == ""
    receiver.status, receiver.answer = 404, b"no_service"
    webhooks.ping(row)
    webhook_delivery.deliver()
    assert Delivery.objects.get().answer_status == 404
    page = signed_in.get(reverse("webhook", args=[row.pk])).content.decode()
    assert "The last 1 attempt failed" in page and "no_service" in page
