import pytest

from data.secrets import unseal
from teams.models import Delivery, Webhook
from teams.webhooks import webhook_delivery
from teams.webhooks.webhook_delivery import Result

from .conftest import Caller, problem

pytestmark = pytest.mark.django_db

BODY = {"url": "https://example.com/hook", "events": ["run.failed", "case.created"], "description": "Our shop"}


def test_a_webhook_is_made_read_changed_and_deleted(api: Caller) -> None:
    response = api.post("/webhooks", BODY)
    made = response.json()
    assert response.status_code == 201
    assert made["events"] == ["case.created", "run.failed"]
    assert made.pop("secret") == unseal(Webhook.objects.get().secret)
    assert made == api.get(f"/webhooks/{made['id']}").json() == api.get("/webhooks").json()["items"][0]
    changed = api.patch(f"/webhooks/{made['id']}", {"events": ["case.failed"], "paused": True}).json()
    assert changed == made | {"events": ["case.failed"], "paused": True}
    assert api.patch(f"/webhooks/{made['id']}", {"paused": False}).json()["paused"] is False
    assert api.delete(f"/webhooks/{made['id']}").status_code == 204
    problem(api.get(f"/webhooks/{made['id']}"), 404)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"url": "http://10.0.0.1/"}, "url"), ({"events": []}, "events"), ({"events": ["case.lost"]}, "events")],
)
def test_what_a_webhook_cannot_have_is_refused_by_field(api: Caller, changes, field: str) -> None:
    assert set(problem(api.post("/webhooks", BODY | changes), 422, "invalid")["fields"]) == {field}
    made = api.post("/webhooks", BODY).json()
    problem(api.patch(f"/webhooks/{made['id']}", changes | {"paused": True}), 422, "invalid")
    assert api.get(f"/webhooks/{made['id']}").json()["paused"] is False


def test_a_new_secret_and_the_end_of_the_old_one(api: Caller) -> None:
    made = api.post("/webhooks", BODY).json()
    renewed = api.post(f"/webhooks/{made['id']}/secret").json()
    assert renewed["secret"] == unseal(Webhook.objects.get().secret) != made["secret"]
    assert api.get(f"/webhooks/{made['id']}").json()["old_secret_until"] == renewed["old_secret_until"] is not None
    assert api.delete(f"/webhooks/{made['id']}/old-secret").status_code == 204
    assert api.get(f"/webhooks/{made['id']}").json()["old_secret_until"] is None


def test_messages_are_listed_and_sent_again(api: Caller) -> None:
    made = api.post("/webhooks", BODY).json()
    sent = api.post(f"/webhooks/{made['id']}/test")
    assert sent.status_code == 202 and sent.json()["body"]["type"] == "ping"
    [message] = webhook_delivery.claim_messages({})
    webhook_delivery.settle(message, Result(500, "broken"))
    Delivery.objects.update(status="failed", attempts=11)
    [row] = api.get(f"/webhooks/{made['id']}/deliveries", status="failed").json()["items"]
    assert (row["id"], row["answer_status"], row["answer"]) == (sent.json()["id"], 500, "broken")
    assert row["next_attempt_at"] is None
    again = api.post(f"/deliveries/{row['id']}/resend")
    assert (again.status_code, again.json()["status"], again.json()["attempts"]) == (202, "waiting", 0)
    assert api.get(f"/webhooks/{made['id']}/deliveries", status="failed").json()["items"] == []
    api.patch(f"/webhooks/{made['id']}", {"paused": True})
    problem(api.post(f"/deliveries/{row['id']}/resend"), 409, "webhook_paused")
