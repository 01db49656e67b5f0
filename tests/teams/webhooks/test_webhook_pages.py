"""The pages of webhooks."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from data.secrets import unseal
from teams.models import Delivery, Webhook
from teams.webhooks import outbox, webhooks
from teams.webhooks.webhook_delivery import Result, claim_messages, settle

pytestmark = pytest.mark.django_db

URL = "https://example.com/baton"


@pytest.fixture
def webhook(team) -> Webhook:
    return webhooks.create_webhook(team, URL, list(outbox.EVENTS))[0]


def test_settings_lead_to_the_webhooks(signed_in) -> None:
    assert 'href="/settings/webhooks/"' in signed_in.get("/settings/", follow=True).text
    assert b"Add the first one" in signed_in.get("/settings/webhooks/").content


def test_the_secret_is_shown_once(signed_in) -> None:
    form = {"url": URL, "events": ["case.created", "run.failed"], "description": "Our shop"}
    answer = signed_in.post("/settings/webhooks/new/", form)
    webhook = Webhook.objects.get()
    assert answer["Location"] == f"/settings/webhooks/{webhook.pk}/"
    assert webhook.events == ["case.created", "run.failed"]
    secret = unseal(webhook.secret)
    assert secret not in json.dumps(dict(signed_in.session.items()))
    assert secret in signed_in.get(answer["Location"]).text
    assert secret not in signed_in.get(answer["Location"]).text


def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(signed_in) -> None:
    answer = signed_in.post("/settings/webhooks/new/", {"url": "http://10.0.0.1/x", "events": ["case.created"]})
    assert answer.status_code == 422
    assert "private network" in answer.text
    assert 'value="http://10.0.0.1/x"' in answer.text
    both = signed_in.post("/settings/webhooks/new/", {"url": "http://10.0.0.1/x"}).text
    assert "private network" in both
    assert "Choose at least one." in both
    assert not Webhook.objects.exists()


def test_a_webhook_is_changed(signed_in, webhook) -> None:
    page = f"/settings/webhooks/{webhook.pk}/edit/"
    assert URL in signed_in.get(page).text
    signed_in.post(page, {"url": URL + "/2", "events": ["case.failed"], "description": ""})
    webhook.refresh_from_db()
    assert (webhook.url, webhook.events) == (URL + "/2", ["case.failed"])


def test_the_log_says_what_came_of_each_message(signed_in, webhook) -> None:
    signed_in.post(f"/settings/webhooks/{webhook.pk}/test/")
    [message] = claim_messages({})
    settle(message, Result(500, "<b>broken</b>", took_ms=12))
    page = signed_in.get(f"/settings/webhooks/{webhook.pk}/").text
    assert "Trying again" in page
    assert "500 · 12 ms" in page
    assert "&lt;b&gt;broken" in page
    assert "Nothing here" in signed_in.get(f"/settings/webhooks/{webhook.pk}/?state=delivered").text


def test_a_message_is_sent_again_from_its_log(signed_in, webhook) -> None:
    delivery = webhooks.ping(webhook)
    Delivery.objects.update(status="failed", attempts=11)
    signed_in.post(f"/settings/deliveries/{delivery.pk}/resend/")
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("waiting", 0)


def test_a_webhook_that_baton_paused_says_so_and_can_go_on(signed_in, webhook) -> None:
    webhooks.pause(webhook)
    Webhook.objects.update(gave_up=True, failures=30)
    page = f"/settings/webhooks/{webhook.pk}/"
    assert "Baton has paused this webhook." in signed_in.get(page).text
    assert "Paused after failures" in signed_in.get("/settings/webhooks/").text
    signed_in.post(page + "resume/")
    assert "paused" not in signed_in.get(page, headers={"HX-Target": "div#results"}).text


def test_a_new_secret_replaces_the_old_one(signed_in, webhook) -> None:
    before = unseal(webhook.secret)
    answer = signed_in.post(f"/settings/webhooks/{webhook.pk}/secret/", follow=True)
    webhook.refresh_from_db()
    assert unseal(webhook.secret) != before
    assert unseal(webhook.secret) in answer.text


def test_a_deleted_webhook_is_gone(signed_in, webhook) -> None:
    signed_in.post(f"/settings/webhooks/{webhook.pk}/delete/")
    assert signed_in.get(f"/settings/webhooks/{webhook.pk}/").status_code == 404
    assert URL not in signed_in.get("/settings/webhooks/").text


def test_lists_ask_the_database_no_more_often_with_more_rows(signed_in, team, webhook) -> None:
    def queries() -> list[int]:
        counts = []
        for page in ("/settings/webhooks/", f"/settings/webhooks/{webhook.pk}/"):
            with CaptureQueriesContext(
                connection,
            ) as asked:
                signed_in.get(page)
            counts.append(len(asked))
        return counts

    webhooks.ping(webhook)
    few = queries()
    for number in range(5):
        webhooks.ping(webhook)
        webhooks.create_webhook(team, f"{URL}/{number}", ["case.created"])
    assert queries() == few
