"""Hooks: what other systems send becomes cases, once each, and only from those that know the secret."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from standardwebhooks import Webhook

from cases.models import Case, Queue
from channels.models import Arrival, Source
from channels.sources import sources
from channels.sources.sources import SourceFields
from teams.models import Team
from tests.channels.conftest import Send
from tests.fixtures import events

pytestmark = pytest.mark.django_db

LAMP = {"id": "A-1042", "subject": "The lamp is broken", "priority": "high", "customer": {"name": "Marta"}}


def test_a_message_becomes_a_case_of_the_queue(send: Send, queue: Queue) -> None:
    answer = send(LAMP)
    case = Case.objects.get()
    assert answer.status_code == 202
    assert answer.json() == {"case_id": str(case.pk), "number": case.number, "existing": False}
    assert (case.queue, case.title, case.priority, case.external_id) == (queue, "The lamp is broken", 2, "A-1042")
    assert case.data == {"customer": {"name": "Marta"}}
    assert events(case) == ["created"]
    assert case.events.get().actor == "Source Shop"


def test_the_same_message_makes_one_case_however_often_it_comes(send: Send) -> None:
    first = send(LAMP).json()
    again = send({**LAMP, "subject": "Sent with other words"})
    assert (again.status_code, again.json()) == (202, {**first, "existing": True})
    by_header = {"subject": "No id inside"}
    one, two = (send(by_header, **{"webhook-id": "msg_1"}).json() for _ in range(2))
    assert one["case_id"] == two["case_id"]
    assert send({"subject": "No id at all"}).json()["case_id"] != send({"subject": "No id at all"}).json()["case_id"]
    assert Case.objects.count() == 4


def test_a_form_is_read_like_json(send: Send) -> None:
    form = "subject=Broken+lamp&tags=urgent&tags=lamp&email=marta%40example.com"
    assert send(form, kind="application/x-www-form-urlencoded").status_code == 202
    case = Case.objects.get()
    assert (case.title, case.labels, case.data) == ("Broken lamp", ["lamp", "urgent"], {"email": "marta@example.com"})


def test_nothing_is_kept_of_a_sender_that_does_not_know_the_secret(send: Send, hook: tuple[Source, str]) -> None:
    for wrong in ("wrong", "ünïcode", hook[1][:-1]):
        assert send(LAMP, secret=wrong).status_code == 401
    assert (Case.objects.count(), Arrival.objects.count()) == (0, 0)
    hook[0].refresh_from_db()
    assert hook[0].last_received_at is None


def test_guesses_are_counted(send: Send) -> None:
    answers = [send(LAMP, secret="guess").status_code for _ in range(60)]
    assert answers[0] == 401
    assert answers[-1] == 429


def test_a_signature_is_that_of_standard_webhooks(client: Client, team: Team, queue: Queue) -> None:
    source, secret = sources.create_source(team, SourceFields("Signed", queue))
    signer = Webhook(secret)

    def send(body: str, at: datetime, signed: str = "") -> int:
        headers = {
            "webhook-id": "msg_7",
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": f"v1,AAAA {signer.sign('msg_7', at, signed or body)}",
        }
        return client.post(f"/in/{source.token}", body, content_type="application/json", headers=headers).status_code

    now = datetime.now(UTC)
    assert send(json.dumps(LAMP), now) == 202
    assert send(json.dumps(LAMP), now, signed="{}") == 401
    assert send(json.dumps(LAMP), now - timedelta(minutes=6)) == 401
    assert send(json.dumps(LAMP), now + timedelta(minutes=6)) == 401


def test_a_user_name_and_password_are_taken_where_the_hook_says_so(client: Client, team: Team, queue: Queue) -> None:
    source, secret = sources.create_source(team, SourceFields("Basic", queue, Source.Auth.BASIC))
    for user, status in (("baton", 202), ("admin", 401)):
        said = base64.b64encode(f"{user}:{secret}".encode()).decode()
        headers = {"authorization": f"Basic {said}"}
        answer = client.post(f"/in/{source.token}", LAMP, content_type="application/json", headers=headers)
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{", "application/json", 422),
        ("[]", "application/json", 422),
        ("{}", "application/json", 422),
        ("null", "application/json", 422),
        ('{"a": 1e999}', "application/json", 422),
        ('{"a": ' + "[" * 200 + "]" * 200 + "}", "application/json", 422),
        ("", "application/x-www-form-urlencoded", 422),
        ("&".join("a=b" for _ in range(600)), "application/x-www-form-urlencoded", 422),
        ("hello", "text/plain", 415),
        ('{"a": "' + "x" * 300_000 + '"}', "application/json", 413),
    ],
)
def test_what_cannot_be_read_gets_a_clear_error(send: Send, body: str, kind: str, status: int) -> None:
    answer = send(body, kind=kind)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]
    assert not Arrival.objects.exists()


@pytest.mark.parametrize(
    "content",
    [
        {"title": "a" * 5000},
        {"title": "Nul \x00 inside", "text": "\x00"},
        {"title": "   "},
        {"title": {"nested": "only"}},
        {"text": "no title at all"},
        {"n": 1, "list": [1, {"a": 2}], "none": None, "yes": True},
        {"title": "<script>alert(1)</script>", "data": "=cmd()"},
    ],
)
def test_odd_messages_become_cases_that_show_what_came(send: Send, content: Any) -> None:
    assert send(content).status_code == 202
    assert 0 < len(Case.objects.get().title) <= 200


def test_a_refused_message_says_why_and_can_be_replayed(send: Send, hook: tuple[Source, str], queue: Queue) -> None:
    answer = send({"subject": "Lamp", "priority": "whenever"})
    assert answer.status_code == 422
    assert "“whenever” is not a priority" in answer.json()["error"]["message"]
    arrival = Arrival.objects.get()
    assert (arrival.status, arrival.case) == ("refused", None)
    source = hook[0]
    sources.change_source(source, SourceFields("Shop", queue, Source.Auth.BEARER, {"priority": "field"}))
    arrival = sources.replay(arrival)
    assert arrival.status == "added"
    assert Case.objects.get().data == {"priority": "whenever"}
    assert Arrival.objects.count() == 1


def test_a_paused_hook_asks_to_be_tried_again_and_a_deleted_one_is_gone(send: Send, hook: tuple[Source, str]) -> None:
    sources.pause(hook[0])
    answer = send(LAMP)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "300")
    sources.resume(hook[0])
    assert send(LAMP).status_code == 202
    sources.delete_source(hook[0])
    assert send(LAMP).status_code == 404


def test_a_deleted_queue_refuses_and_keeps_the_message(send: Send, queue: Queue) -> None:
    Queue.objects.filter(pk=queue.pk).update(deleted_at=datetime.now(UTC))
    assert "has been deleted" in send(LAMP).json()["error"]["message"]
    assert Arrival.objects.get().status == "refused"


EMAIL = b"From: Marta <m@example.org>\r\nSubject: Lamp\r\nMessage-ID: <1@example.org>\r\n\r\nDark \xfc\r\n"


def test_an_email_is_taken_in_as_it_came(client: Client, hook: tuple[Source, str], team: Team, queue: Queue) -> None:
    source, secret = hook
    headers = {"authorization": f"Bearer {secret}"}
    address = f"/in/{source.token}"
    sent = client.post(address, EMAIL, content_type="message/rfc822", headers=headers)
    assert (sent.status_code, sent.json()["existing"]) == (202, False)
    for field in ("email", "body-mime"):
        again = client.post(address, {field: EMAIL.decode("latin-1"), "from": "m"}, headers=headers)
        assert (again.status_code, again.json()["existing"]) == (202, True)
    big = EMAIL.replace(b"<1@", b"<2@") + b"x" * 4_000_000
    assert client.post(address, big, content_type="message/rfc822", headers=headers).status_code == 202
    assert client.post(address, {"from": "m"}, headers=headers).status_code == 422
    assert client.post(address, EMAIL, content_type="message/rfc822").status_code == 401
    away = EMAIL.replace(b"<1@", b"<3@").replace(b"Subject", b"Auto-Submitted: auto-replied\r\nSubject")
    ignored = client.post(address, away, content_type="message/rfc822", headers=headers)
    assert (ignored.status_code, ignored.json()["status"]) == (202, "ignored")
    assert Case.objects.filter(external_id__in=["<1@example.org>", "<2@example.org>"]).count() == 2


def test_the_signature_of_an_email_is_over_its_bytes(client: Client, team: Team, queue: Queue) -> None:
    source, key = sources.create_source(team, SourceFields("Signed", queue))
    at = str(int(datetime.now(UTC).timestamp()))
    said = f"m1.{at}.".encode() + EMAIL
    proof = base64.b64encode(hmac.digest(base64.b64decode(key.removeprefix("whsec_")), said, "sha256")).decode()
    proofs = {"webhook-id": "m1", "webhook-timestamp": at, "webhook-signature": f"v1,{proof}"}
    address = f"/in/{source.token}"
    assert client.post(address, EMAIL, content_type="message/rfc822", headers=proofs).status_code == 202
    assert client.post(address, EMAIL + b"x", content_type="message/rfc822", headers=proofs).status_code == 401
