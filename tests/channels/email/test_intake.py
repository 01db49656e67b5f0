"""What becomes of emails: one case each, however they are made, and nothing is lost."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from cases.models import Attachment, Case, CaseEvent, CaseMessage, Kind, Queue, Status
from cases.work import lifecycle
from cases.work.lifecycle import lock
from channels.email import intake, threads, waiting
from channels.mime import reading
from channels.models import Arrival, Source
from channels.sources import sources
from channels.sources.sources import SourceFields
from data.errors import Refused
from teams.models import Team
from tests.channels.email.letters import ANSWERS, CORPUS, Odd, answer, letter
from tests.fixtures import Make, events

pytestmark = pytest.mark.django_db


@pytest.fixture
def source(team: Team, queue: Queue) -> Source:
    made, _ = sources.create_source(team, SourceFields("Mailbox", queue, Source.Auth.BEARER))
    set_email(made, address="support@shop.example")
    return made


def set_email(source: Source, **said: object) -> None:
    source.settings |= said
    source.save(update_fields=["settings"])


def test_an_email_becomes_a_case(source: Source, queue: Queue) -> None:
    arrival = intake.take_in(source, letter())
    case, message = Case.objects.get(), CaseMessage.objects.get()
    assert (arrival.status, arrival.case, case.queue) == ("added", case, queue)
    assert (case.title, case.external_id) == ("Broken lamp", "<1@example.org>")
    assert case.data == {"from": "marta@example.org", "name": "Marta Keller", "text": "The lamp is broken."}
    assert (message.direction, message.sender, message.status, message.case) == ("in", "marta@example.org", "", case)
    assert default_storage.open(message.original).read() == letter()
    assert events(case) == ["created"]


@pytest.mark.parametrize("odd", [pytest.param(odd, id=odd.name) for odd in CORPUS])
def test_the_corpus(source: Source, odd: Odd) -> None:
    arrival = intake.take_in(source, odd.content)
    assert arrival.status == odd.status
    assert odd.reason in arrival.error
    assert default_storage.open(arrival.original).read() == odd.content
    if odd.status != "added":
        assert not Case.objects.exists()
        return
    case, message = Case.objects.get(), CaseMessage.objects.get()
    assert case.data.get("text", "").startswith(odd.text)
    assert case.title.startswith(odd.title)
    assert 0 < len(case.title) <= 200
    assert odd.note in case.data.get("notes", "")
    assert odd.note in message.text
    assert sorted(row.name for row in case.attachments.all()) == sorted(odd.files)
    assert "Unseen" not in json.dumps(case.data)
    assert intake.take_in(source, odd.content).status == "repeated"
    assert (Case.objects.count(), CaseMessage.objects.count()) == (1, 1)


@pytest.mark.parametrize(("text", "new"), [pytest.param(text, new, id=name) for name, text, new in ANSWERS])
def test_an_answer_is_read_without_what_it_quotes(text: str, new: str) -> None:
    read = reading.read(answer(text)).text
    # Where the sender answers between quoted lines, or there is nothing else, all of it stays.
    assert read == (text.strip() if text.startswith(("On Mon, Dec 1, 2026 Support", ">")) else new)


def test_the_first_email_of_a_thread_is_never_cut() -> None:
    text = "See below.\n\nFrom: Shop\nSent: Monday\nTo: me\n\nYour order 17"
    assert reading.read(letter(text)).text == text
    assert reading.read(letter(text, Subject="Fwd: Order", In_Reply_To="<0@example.org>")).text == text


def test_an_html_answer_is_read_without_what_it_quotes() -> None:
    html = '<div>New</div><div class="gmail_quote"><div>On Monday x wrote:</div><blockquote>Old</blockquote></div>'
    head = b"From: m@example.org\nIn-Reply-To: <0@example.org>\nContent-Type: text/html\n\n"
    assert reading.read(head + html.encode()).text == "New"


def test_the_same_message_makes_one_case_from_two_sources(source: Source, team: Team, make_queue: Make[Queue]) -> None:
    other, _ = sources.create_source(team, SourceFields("Other", make_queue("Other"), Source.Auth.BEARER))
    first, second = intake.take_in(source, letter()), intake.take_in(other, letter())
    assert (second.status, second.case) == ("repeated", first.case)


def test_an_answer_joins_its_case_by_the_ids_it_refers_to(source: Source) -> None:
    case = intake.take_in(source, letter()).case
    assert case
    arrival = intake.take_in(source, answer("It is still dark.", "<1@example.org>", id="<2@example.org>"))
    assert (arrival.status, arrival.case, Case.objects.count()) == ("added", case, 1)
    assert events(case) == ["created", "received"]
    told = case.events.last()
    assert (told.text, told.actor) == ("It is still dark.", "Marta Keller <marta@example.org>")
    assert [message.text for message in case.messages.all()] == ["The lamp is broken.", "It is still dark."]


def test_an_answer_joins_its_case_by_the_token_of_the_address(source: Source) -> None:
    case = intake.take_in(source, letter()).case
    assert case
    address = threads.answer_address("support@shop.example", case.pk)
    for to in (address, address.upper()):
        arrival = intake.take_in(source, letter("No references", id=f"<{to}>", To=to))
        assert arrival.case == case
    forged = address.replace("+c", "+ca", 1)[: address.index("@")] + "@shop.example"
    wrong = intake.take_in(source, letter(id="<forged@example.org>", To=forged))
    assert wrong.case != case


def test_a_token_of_another_team_opens_nothing(source: Source, make_team: Make[Team], make_case: Make[Case]) -> None:
    theirs = make_case(in_queue=make_queue_of(make_team()))
    address = threads.answer_address("support@shop.example", theirs.pk)
    assert intake.take_in(source, letter(To=address)).case != theirs
    assert not theirs.messages.exists()


def make_queue_of(team: Team) -> Queue:
    return team.queues.first() or Queue.objects.create(team=team, name="Theirs")


def test_an_answer_to_a_closed_case_reopens_it_or_makes_a_new_one(source: Source) -> None:
    case = intake.take_in(source, letter()).case
    assert case
    lifecycle.complete(lock(case.pk), "Done")
    intake.take_in(source, answer("Again dark", "<1@example.org>", id="<2@example.org>"))
    case.refresh_from_db()
    assert case.status == Status.PENDING
    assert events(case)[-2:] == ["received", "reopened"]
    lifecycle.complete(lock(case.pk), "Done")
    set_email(source, closed="new")
    new = intake.take_in(source, answer("And again", "<1@example.org>", id="<3@example.org>")).case
    assert new != case
    assert new.data["follows"] == f"#{case.number} Broken lamp"
    # What answers the new one stays there.
    assert intake.take_in(source, answer("More", "<3@example.org>", id="<4@example.org>")).case == new


def test_an_answer_wakes_a_postponed_case(source: Source) -> None:
    case = intake.take_in(source, letter()).case
    assert case
    lifecycle.postpone(lock(case.pk), timezone.now() + timedelta(days=2), "Waits for the customer")
    intake.take_in(source, answer("Here it is", "<1@example.org>", id="<2@example.org>"))
    case.refresh_from_db()
    assert case.status == Status.PENDING


def test_an_automatic_answer_to_a_closed_case_changes_nothing(source: Source) -> None:
    case = intake.take_in(source, letter()).case
    assert case
    lifecycle.complete(lock(case.pk), "Done")
    away = answer("Away", "<1@example.org>", id="<2@example.org>", Auto_Submitted="auto-replied")
    assert intake.take_in(source, away).status == "ignored"
    case.refresh_from_db()
    assert case.status == Status.COMPLETED


def test_what_was_ignored_can_be_taken_in_by_hand(source: Source) -> None:
    arrival = intake.take_in(source, letter(List_Id="<dev.example.org>"))
    assert arrival.case is None
    again = intake.replay(arrival)
    assert (again.status, again.case.title) == ("added", "Broken lamp")
    with pytest.raises(Refused, match="has a case already"):
        intake.replay(again)


def test_a_source_can_take_lists_and_notifications(source: Source) -> None:
    set_email(source, take=["lists", "automatic"])
    assert intake.take_in(source, letter(List_Id="<dev.example.org>")).status == "added"
    assert intake.take_in(source, letter(id="<2@x.example>", Auto_Submitted="auto-generated")).status == "added"
    echo = letter(id="<3@x.example>", sender="support@shop.example")
    assert intake.take_in(source, echo).status == "ignored"


def test_at_most_so_many_of_a_sender_within_an_hour_and_the_rest_waits_visibly(source: Source) -> None:
    set_email(source, per_hour=3)
    found = [intake.take_in(source, letter(id=f"<{n}@example.org>")) for n in range(5)]
    assert [arrival.status for arrival in found] == ["added"] * 3 + ["waiting"] * 2
    assert "It waits." in found[-1].error
    assert intake.take_in(source, letter(id="<x@y.example>", sender="someone@else.example")).status == "added"
    assert not waiting.has_waiting()
    Arrival.objects.filter(pk=found[0].pk).update(settled_at=timezone.now() - timedelta(minutes=61))
    assert waiting.has_waiting()
    waiting.take_in_what_waits()
    assert [Arrival.objects.get(pk=arrival.pk).status for arrival in found] == ["added"] * 4 + ["waiting"]
    assert Case.objects.filter(external_id="<3@example.org>").exists()


def test_a_schema_that_an_email_does_not_fit_refuses_it_and_keeps_it(source: Source, queue: Queue) -> None:
    Queue.objects.filter(pk=queue.pk).update(data_schema={"type": "object", "required": ["order"]})
    arrival = intake.take_in(source, letter())
    assert (arrival.status, arrival.case) == ("refused", None)
    assert "order" in arrival.error
    assert not CaseMessage.objects.exists()
    assert not Attachment.objects.exists()
    Queue.objects.filter(pk=queue.pk).update(data_schema=None)
    assert intake.replay(arrival).status == "added"


def test_originals_go_with_the_log_unless_a_case_has_them(source: Source) -> None:
    kept = intake.take_in(source, letter())
    gone = intake.take_in(source, letter(id="<2@example.org>", List_Id="<x.example>"))
    Arrival.objects.update(at=timezone.now() - timedelta(days=31))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.db.transaction.on_commit", lambda act: act())
        waiting.forget_originals()
    assert default_storage.exists(kept.original)
    assert not default_storage.exists(gone.original)


def test_an_answer_from_another_address_is_told_as_such(source: Source) -> None:
    case = intake.take_in(source, letter()).case
    assert case
    spoof = answer("Send it to me", "<1@example.org>", id="<2@x.example>", sender="Marta Keller <m@evil.example>")
    intake.take_in(source, spoof)
    assert case.events.last().actor == "Marta Keller <m@evil.example>"


def test_the_queries_of_an_email_do_not_grow_with_its_thread(
    source: Source, django_assert_max_num_queries: Any
) -> None:
    intake.take_in(source, letter())
    for n in range(2, 8):
        intake.take_in(source, answer("Again", "<1@example.org>", id=f"<{n}@example.org>"))
    with django_assert_max_num_queries(40):
        intake.take_in(source, answer("Again", "<1@example.org> <5@example.org>", id="<9@example.org>"))
    assert CaseEvent.objects.filter(kind=Kind.RECEIVED).count() == 7
    assert connection.in_atomic_block
