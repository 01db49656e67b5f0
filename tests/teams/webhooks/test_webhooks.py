"""Webhooks: what is written to the outbox, and how it is sent to a real receiver."""

import asyncio
import base64
import hashlib
import hmac
import json
import re
import textwrap
import threading
import time
from datetime import timedelta
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from standardwebhooks import Webhook as StandardWebhook
from standardwebhooks import WebhookVerificationError

from cases.models import Case, Reason
from cases.work import lifecycle as case_lifecycle
from cases.work.creation import NewCase, add_cases
from data.errors import Refused
from data.network.identity import USER_AGENT
from data.secrets import unseal
from runs.engine import human_requests
from runs.models import HumanRequest, Run
from runs.people import moves
from runs.people.starting import start_run
from runs.record import lifecycle
from runs.record.claims import claim_runs
from runs.record.outcomes import HandedOver
from teams.audit.actors import BATON, Actor
from teams.models import Delivery, Team, Webhook
from teams.webhooks import outbox, webhook_delivery, webhooks
from teams.webhooks.fresh_secrets import new_secret
from teams.webhooks.webhook_delivery import claim_messages, deliver, settle
from tests.driving import finish
from tests.fixtures import Make
from tests.paths import ROOT
from tests.receiver import Receiver, receiver

__all__ = ["receiver"]


@pytest.fixture
def webhook(team: Team, receiver: Receiver) -> Webhook:
    return webhooks.create_webhook(team, receiver.url, list(outbox.EVENTS))[0]


def told(of: Webhook) -> list[str]:
    return [row.event for row in of.deliveries.order_by("created_at", "id")]


# --- What is written -------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_case_is_told_of_from_its_beginning_to_its_end(webhook, make_case, someone) -> None:
    done, lost = make_case("A refund"), make_case()
    moves.complete(done, summary="Paid.", by=someone)
    moves.fail(lost, reason="Spam.", by=someone)
    assert told(webhook) == ["case.created", "case.created", "case.completed", "case.failed"]
    body = json.loads(webhook.deliveries.get(event="case.completed").body)
    assert body["type"] == "case.completed"
    assert body["data"]["case"] == {
        "id": str(done.pk),
        "number": done.number,
        "title": "A refund",
        "status": "completed",
        "queue_id": str(done.queue_id),
        "external_id": None,
        "url": f"http://localhost:8000/cases/{done.pk}/",
        "owner": None,
        "group": None,
    }
    who = {name: value for name, value in body["data"].items() if name.startswith("actor")}
    user = someone.user
    assert who == {"actor": someone.label, "actor_id": str(user.uuid), "actor_email": user.email}


@pytest.mark.django_db
def test_a_case_that_waits_for_a_person_is_told_of(webhook, make_case) -> None:
    case = make_case()
    with transaction.atomic():
        case_lifecycle.park(case_lifecycle.lock(case.pk), Reason.LOOP, "Round and round.")
    assert told(webhook) == ["case.created", "case.needs_input"]
    assert json.loads(webhook.deliveries.get(event="case.needs_input").body)["data"]["reason"] == "loop"


@pytest.mark.django_db
def test_a_case_put_off_reassigned_reopened_or_deleted_is_told_of(webhook, make_case, someone) -> None:
    case = make_case()
    moves.postpone(case, timezone.now() + timedelta(hours=1), someone)
    moves.reassign(case, someone)
    moves.complete(case, "", someone)
    moves.reopen(case, someone)
    moves.delete(case, someone)
    assert told(webhook)[1:] == [
        *("case.postponed", "case.reassigned", "case.completed", "case.reopened", "case.deleted"),
    ]


@pytest.mark.django_db
def test_only_what_was_closed_is_told_as_reopened_when_an_act_is_undone(webhook, make_case, someone) -> None:
    closed, open_one = make_case(), make_case()

    def close(case: Case, by: Actor) -> Case:
        return moves.complete(case, "", by)

    def postpone(case: Case, by: Actor) -> Case:
        return moves.postpone(case, timezone.now() + timedelta(hours=1), by)

    for case, act in ((closed, close), (open_one, postpone)):
        seq = act(case, someone).last_seq
        moves.undo(case, seq, someone)
    assert [name for name in told(webhook) if name in ("case.reopened", "case.reassigned")] == [
        *("case.reopened", "case.reassigned"),
    ]


@pytest.mark.django_db
def test_runs_and_handovers_are_told_of(webhook, make_agent) -> None:
    target = make_agent("Billing")
    source = make_agent("Triage", mentions=[target])
    run = start_run(source, by=BATON, trigger=Run.Trigger.API)
    [claim] = claim_runs("w/1", 1)
    finish(claim, HandedOver(target, "Theirs"))
    assert told(webhook) == ["handover.applied", "run.completed"]
    data = json.loads(webhook.deliveries.get(event="handover.applied").body)["data"]
    assert (data["target"]["name"], data["run"]["id"]) == ("Billing", str(run.pk))
    assert data["next_run_id"] == str(Run.objects.get(parent=run).pk)
    with transaction.atomic():
        lifecycle.fail(Run.objects.select_for_update().get(parent=run), "broken", "It broke.")
    assert told(webhook)[-1] == "run.failed"
    stopped = start_run(source, by=BATON, trigger=Run.Trigger.API)
    moves.stop_run(stopped, BATON)
    assert len(told(webhook)) == 3


@pytest.mark.django_db
def test_questions_are_told_of(webhook, make_run, someone) -> None:
    run = make_run(status="waiting")
    request = HumanRequest.objects.create(team=run.team, run=run, call_id="1", kind="question", question="Which?")
    human_requests.answer(request, "That one.", someone)
    assert told(webhook) == ["human_request.answered"]
    who = json.loads(webhook.deliveries.get().body)["data"]["human_request"]
    assert (who["actor_id"], who["actor_email"]) == (str(someone.user.uuid), someone.user.email)


@pytest.mark.django_db
def test_a_question_that_needs_no_answer_any_more_is_told_of(webhook, make_run, someone) -> None:
    run = make_run(status="waiting")
    HumanRequest.objects.create(team=run.team, run=run, call_id="1", kind="question", question="Which?")
    moves.stop_run(run, someone)
    [delivery] = webhook.deliveries.all()
    data = json.loads(delivery.body)["data"]["human_request"]
    assert delivery.event == "human_request.closed"
    assert (data["status"], data["closed_because"]) == ("closed", f"{someone.label} stopped the run.")


@pytest.mark.django_db
def test_what_did_not_happen_is_not_told(webhook, make_case, someone) -> None:
    case = make_case()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        moves.complete(case, summary="", by=someone)
        raise ZeroDivisionError
    assert told(webhook) == ["case.created"]


@pytest.mark.django_db
def test_only_events_that_were_chosen_and_only_of_the_own_team_are_told(
    make_team: Make[Team], receiver, make_queue, make_case, someone
) -> None:
    theirs = make_team()
    chosen, _ = webhooks.create_webhook(theirs, receiver.url, ["case.completed"])
    moves.complete(make_case(), summary="", by=someone)
    moves.complete(make_case(in_queue=make_queue(of=theirs)), summary="", by=someone)
    assert told(chosen) == ["case.completed"]


@pytest.mark.django_db
def test_a_team_without_webhooks_costs_one_look_a_second(
    make_case, make_team, someone, django_assert_num_queries
) -> None:
    team = make_team()
    with django_assert_num_queries(1):
        outbox.add_message(team.pk, "case.created", dict)
    with django_assert_num_queries(0):
        outbox.add_message(team.pk, "case.created", dict)


@pytest.mark.django_db
def test_many_cases_at_once_are_few_statements(webhook, queue, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(15):
        add_cases(queue, [NewCase(f"Case {number}") for number in range(100)], by=BATON)
    assert len(told(webhook)) == 100


def test_events_are_written_in_one_place_only() -> None:
    """So that no event of a case is kept from webhooks."""
    writes = re.compile(r"CaseEvent\.objects\.(bulk_)?create|\binsert\(\[?events?\b|\bevents?\.save\(")
    found = [
        str(path.relative_to(ROOT))
        for app in ("cases", "channels", "runs", "routes", "ops")
        for path in (ROOT / app).rglob("*.py")
        if writes.search(path.read_text())
    ]
    assert found == ["cases/timeline/timeline.py"]


# --- Sending ---------------------------------------------------------------------------------

real = pytest.mark.django_db(transaction=True)


@real
def test_a_receiver_can_check_who_sent_it_and_when(team, receiver) -> None:
    webhook, secret = webhooks.create_webhook(team, receiver.url, ["case.created"])
    webhooks.ping(webhook)
    deliver()
    [got] = receiver.got
    id, timestamp = got.headers["webhook-id"], got.headers["webhook-timestamp"]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{id}.{timestamp}.".encode() + got.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert got.headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(timestamp) - time.time()) < 60
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    row = Delivery.objects.get()
    assert (row.status, row.answer_status, row.answer, row.attempts) == ("delivered", 200, "thanks", 1)
    assert id == str(row.pk)


@real
def test_the_package_of_the_standard_accepts_what_is_sent(team: Team, receiver: Receiver) -> None:
    webhook, secret = webhooks.create_webhook(team, receiver.url, ["case.created"])
    webhooks.ping(webhook)
    renewed = webhooks.renew_secret(webhook)
    deliver()
    [got] = receiver.got
    headers = {name: got.headers[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    for known in (secret, renewed):
        assert StandardWebhook(known).verify(got.body, headers) == json.loads(got.body)
    with pytest.raises(WebhookVerificationError):
        StandardWebhook(secret).verify(got.body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        StandardWebhook(webhooks.renew_secret(webhook)).verify(got.body, headers)


def test_signatures_are_those_of_the_standard() -> None:
    """The example of the Standard Webhooks specification's libraries."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signature = webhook_delivery.sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def documented_check():
    """`is_from_baton` as docs/webhooks.md has it."""
    sample = re.search(
        r"(?:^    .*\n|^\n)+", Path("docs/webhooks.md").read_text().partition("In Python:\n")[2], re.MULTILINE
    )
    assert sample
    names: dict[str, Any] = {}
    exec(textwrap.dedent(sample[0]), names)
    return names["is_from_baton"]


@real
def test_for_a_day_the_secret_before_a_new_one_signs_too(team, receiver) -> None:
    webhook, old = webhooks.create_webhook(team, receiver.url, ["case.created"])
    new, check = webhooks.renew_secret(webhook), documented_check()
    webhooks.ping(webhook)
    deliver()
    [got] = receiver.got
    assert got.headers["user-agent"] == USER_AGENT
    assert len(got.headers["webhook-signature"].split()) == 2
    assert [check(secret, got.headers, got.body) for secret in (old, new, new_secret())] == [
        True,
        True,
        False,
    ]
    assert not check(new, got.headers, got.body + b" ")
    assert not check(new, got.headers | {"webhook-timestamp": str(int(time.time()) - 301)}, got.body)
    Webhook.objects.update(old_secret_until=timezone.now())
    webhooks.ping(webhook)
    deliver()
    assert [check(secret, receiver.got[1].headers, receiver.got[1].body) for secret in (old, new)] == [False, True]


@real
def test_an_old_secret_that_strangers_know_is_ended_at_once(team, receiver) -> None:
    webhook, old = webhooks.create_webhook(team, receiver.url, ["case.created"])
    new = webhooks.renew_secret(webhook)
    webhooks.drop_old_secret(webhook)
    webhooks.ping(webhook)
    deliver()
    [got] = receiver.got
    assert [documented_check()(secret, got.headers, got.body) for secret in (old, new)] == [False, True]


@real
def test_an_old_secret_that_cannot_be_read_holds_nothing_up(team, receiver) -> None:
    webhook, _ = webhooks.create_webhook(team, receiver.url, ["case.created"])
    Webhook.objects.update(secret="sealed with a key that is gone")
    webhooks.renew_secret(webhook)
    webhooks.ping(webhook)
    deliver()
    assert Delivery.objects.get().status == "delivered"


@real
@pytest.mark.parametrize(
    ("said", "waits"), [("90", 90), ("0", 5), ("soon", 5), ("9" * 30, 8 * 3600), ("date", 600), ("-3", 5)]
)
def test_a_receiver_that_says_when_to_come_back_is_left_alone_until_then(webhook, receiver, said, waits) -> None:
    said = formatdate(time.time() + 600, usegmt=True) if said == "date" else said
    receiver.status, receiver.headers = 429, {"retry-after": said}
    delivery = webhooks.ping(webhook)
    deliver()
    delivery.refresh_from_db()
    assert delivery.status == "waiting"
    assert (delivery.next_at - timezone.now()).total_seconds() == pytest.approx(waits, abs=4)


@real
def test_what_fails_is_sent_again_later_and_waits_longer_each_time(webhook, receiver) -> None:
    receiver.status, receiver.answer = 500, b"broken " * 1000
    delivery = webhooks.ping(webhook)
    for attempt, pause in enumerate(webhook_delivery.PAUSES, start=1):
        deliver()
        delivery.refresh_from_db()
        assert (delivery.status, delivery.attempts) == ("waiting", attempt)
        assert delivery.next_at - timezone.now() == pytest.approx(
            timedelta(seconds=pause), abs=timedelta(seconds=pause * 0.1 + 2)
        )
        Delivery.objects.update(next_at=timezone.now())
    deliver()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.answer_status, len(delivery.answer)) == ("failed", 500, 2000)
    assert timedelta(hours=18) < timedelta(seconds=sum(webhook_delivery.PAUSES)) < timedelta(days=1)


@real
def test_a_message_can_be_sent_again_under_the_same_id(webhook, receiver) -> None:
    delivery = webhooks.ping(webhook)
    deliver()
    webhooks.resend(delivery)
    deliver()
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    assert len(receiver.got) == 2


@real
def test_a_redirect_is_not_followed(webhook, receiver) -> None:
    receiver.status, receiver.headers = 307, {"location": f"http://127.0.0.1:{receiver.port}/elsewhere"}
    webhooks.ping(webhook)
    deliver()
    assert [got.path for got in receiver.got] == ["/hook"]
    row = Delivery.objects.get()
    assert (row.status, row.answer_status) == ("waiting", 307)
    assert "redirect" in row.error


@real
def test_a_name_that_leads_inside_is_not_sent_to(webhook, receiver, settings, monkeypatch) -> None:
    """It was public when it was saved, and leads to this machine when it is used."""
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = False

    async def lookup(self, host, port, **kwargs):
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    Webhook.objects.update(url=f"http://rebinding.example.com:{receiver.port}/hook")
    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", lookup)
    webhooks.ping(webhook)
    deliver()
    assert receiver.got == []
    assert "private network" in Delivery.objects.get().error


@real
def test_a_slow_receiver_is_left_and_holds_up_no_other(team, webhook, receiver, monkeypatch) -> None:
    monkeypatch.setattr(webhook_delivery, "ANSWER_SECONDS", 0.4)
    other = Receiver()
    fast, _ = webhooks.create_webhook(team, other.url, ["case.created"])
    held = threading.Event()
    receiver.before = held.wait
    for _ in range(10):
        webhooks.ping(webhook)
    webhooks.ping(fast)
    try:
        deliver()
    finally:
        held.set()
        other.close()
    assert fast.deliveries.get().status == "delivered"
    assert {row.error for row in webhook.deliveries.all()} == {"No whole answer within 0 seconds."}


@real
def test_nobody_there_is_a_failed_attempt(webhook, receiver) -> None:
    receiver.close()
    webhooks.ping(webhook)
    deliver()
    row = Delivery.objects.get()
    assert (row.status, row.answer_status) == ("waiting", None)
    assert row.error


@real
def test_no_transaction_is_open_while_it_is_sent(webhook, receiver) -> None:
    seen: list[int] = []

    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "select count(*) from pg_stat_activity where datname = current_database()"
                " and xact_start is not null and pid <> pg_backend_pid() and backend_type = 'client backend'"
            )
            seen.append(cursor.fetchone()[0])
        connection.close()

    receiver.before = look
    webhooks.ping(webhook)
    deliver()
    assert seen == [0]


@real
def test_two_senders_send_a_message_once(webhook, receiver) -> None:
    for _ in range(20):
        webhooks.ping(webhook)
    senders_at_once = [threading.Thread(target=deliver) for _ in range(2)]
    for thread in senders_at_once:
        thread.start()
    for thread in senders_at_once:
        thread.join()
    ids = [got.headers["webhook-id"] for got in receiver.got]
    assert [row.error for row in webhook.deliveries.exclude(status="delivered")] == []
    assert len(ids) == len(set(ids)) == 20


@real
def test_a_message_whose_sender_died_is_sent_again(webhook, receiver) -> None:
    webhooks.ping(webhook)
    [taken] = claim_messages({})
    assert claim_messages({}) == []
    Delivery.objects.update(next_at=timezone.now())  # a minute later
    deliver()
    assert len(receiver.got) == 1
    settle(taken, webhook_delivery.Result(500))  # the dead one comes back: too late
    assert Delivery.objects.get().status == "delivered"


# --- Pausing ---------------------------------------------------------------------------------


@real
def test_a_paused_webhook_gets_nothing_until_it_goes_on(webhook, receiver, make_case) -> None:
    webhooks.pause(webhook)
    make_case()
    deliver()
    assert receiver.got == []
    webhooks.resume(webhook)
    deliver()
    assert len(receiver.got) == 1


@real
def test_many_failures_over_an_hour_pause_it(webhook, receiver) -> None:
    receiver.status = 503
    Webhook.objects.update(failures=29)
    webhooks.ping(webhook)
    deliver()
    webhook.refresh_from_db()
    assert (webhook.failures, webhook.is_paused) == (30, False)
    Webhook.objects.update(failing_since=timezone.now() - timedelta(hours=2))
    webhooks.ping(webhook)
    deliver()
    webhook.refresh_from_db()
    assert (webhook.gave_up, webhook.is_paused) == (True, True)
    with pytest.raises(Refused):
        webhooks.ping(webhook)


@real
def test_a_receiver_that_is_gone_pauses_it_at_once(webhook, receiver) -> None:
    receiver.status = 410
    webhooks.ping(webhook)
    deliver()
    webhook.refresh_from_db()
    assert webhook.gave_up


@real
def test_one_success_ends_a_row_of_failures(webhook, receiver) -> None:
    Webhook.objects.update(failures=29, failing_since=timezone.now() - timedelta(hours=2))
    webhooks.ping(webhook)
    deliver()
    webhook.refresh_from_db()
    assert (webhook.failures, webhook.failing_since) == (0, None)


# --- Verbs -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_secret_is_kept_sealed(team, receiver) -> None:
    webhook, secret = webhooks.create_webhook(team, receiver.url, ["case.created"])
    assert secret not in webhook.secret
    assert unseal(webhook.secret) == secret
    assert unseal(webhook.secret) != webhooks.renew_secret(webhook)


@pytest.mark.django_db
def test_a_webhook_needs_an_address_and_events(team, settings) -> None:
    for url, events in [
        ("https://example.com", []),
        ("https://example.com", ["case.eaten"]),
        ("http://127.0.0.1/", ["case.created"]),
    ]:
        with pytest.raises(Refused):
            webhooks.create_webhook(team, url, events)


@pytest.mark.django_db
def test_a_deleted_webhook_is_forgotten(webhook, make_case, team) -> None:
    make_case()
    webhooks.delete(webhook)
    make_case()
    assert not Delivery.objects.exists()
    Webhook.objects.update(deleted_at=timezone.now() - timedelta(days=2))
    webhook_delivery.forget_old()
    assert not Webhook.objects.exists()


@pytest.mark.django_db
def test_old_messages_are_forgotten(webhook) -> None:
    webhooks.ping(webhook)
    new = webhooks.ping(webhook)
    Delivery.objects.exclude(pk=new.pk).update(created_at=timezone.now() - timedelta(days=31))
    webhook_delivery.forget_old()
    assert Delivery.objects.get() == new
