"""A form as customers use it: what it asks, what becomes of what they send, and what they see of it afterwards."""

import hashlib
import json
import re
from itertools import count
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings

from builder.models import Agent
from cases.models import Case, CaseMessage, Queue, Reason
from cases.queues import queues
from cases.work import lifecycle
from channels.email.sending import email_of
from channels.forms import form_sources, tokens
from channels.forms.form_sources import FormFields
from channels.forms.questions import questions, source_keys, unaskable
from channels.models import Arrival, Source
from channels.sources import sources
from data.errors import Refused
from teams.audit.actors import person
from teams.keys.api_keys import create_key
from teams.models import Member, Team
from tests.fixtures import Make
from tests.runs.people.test_move_races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def form(team: Team, queue: Queue) -> Source:
    return form_sources.create_form(team, FormFields("Contact us", queue))


def set_form(form: Source, **said: Any) -> Source:
    form_sources.change_form(form, FormFields(form.name, form.queue, {**form.settings, **said}))
    return Source.objects.select_related("queue", "team").get(pk=form.pk)


def page(form: Source, **headers: str) -> Any:
    return Client().get(f"/f/{form.token}", headers=headers)


def field(form: Source, name: str) -> str:
    return next(question.key for question in questions(form) if question.name == name)


def filled(form: Source, **values: Any) -> dict[str, Any]:
    """What a browser sends: the mark of the page, and these values by the names of the questions."""
    found = re.search(r'name="mark" value="([^"]+)"', page(form).text)
    assert found
    said = {"title": "Broken lamp", "text": "The lamp is broken."} | values
    return {"mark": found[1], **{field(form, name): value for name, value in said.items() if value is not None}}


def send(form: Source, data: dict[str, Any], **about: Any) -> Any:
    # Another client each time, without any cookie.
    return Client(enforce_csrf_checks=True).post(f"/f/{form.token}", data, **about)


def test_what_is_sent_becomes_a_case_with_a_reference(form: Source, queue: Queue) -> None:
    sent = send(form, filled(form, **{"from": "marta@example.org", "name": "Marta <b>Keller</b>"}))
    case = Case.objects.get()
    assert sent.status_code == 303 and not sent.cookies
    assert (case.queue, case.title) == (queue, "Broken lamp")
    assert case.data == {"from": "marta@example.org", "name": "Marta <b>Keller</b>", "text": "The lamp is broken."}
    message = CaseMessage.objects.get()
    assert (message.sender, message.sender_name, message.text) == (
        *("marta@example.org", "Marta <b>Keller</b>"),
        "The lamp is broken.",
    )
    assert case.events.get().actor == "Form Contact us"
    thanks = Client().get(sent["Location"])
    assert f"#{case.number}" in thanks.text and "Received" in thanks.text and "Broken lamp" not in thanks.text
    [arrival] = Arrival.objects.all()
    assert (arrival.status, arrival.case, "127.0.0.1" in arrival.sender) == ("added", case, False)


def test_a_confirmation_is_sent_once_where_it_is_switched_on(form: Source, settings: Settings) -> None:
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    ours = CaseMessage.objects.filter(direction="out")
    typed = {"title": "Cheap pills", "text": "Buy pills", "name": "Pills", "from": "marta@example.org"}
    assert send(form, filled(form, **typed)).status_code == 303 and not ours.exists()
    form = set_form(form, confirm=True)
    data = filled(form, **typed)
    link = send(form, data)["Location"].partition("?")[0]
    send(form, data)
    message = ours.get()
    assert (message.recipient, message.status, message.actor) == ("marta@example.org", "queued", "")
    assert f"#{message.case.number}" in message.text and link in message.text
    email = email_of(message)
    assert email.extra_headers["Auto-Submitted"] and "ills" not in f"{email.subject}{email.body}"
    # It is no answer.
    ours.update(status="sent")
    assert "Thank you. We received" not in Client().get(link).text
    send(form, filled(form, **{"from": None}))
    for _ in range(4):
        send(form, filled(form, **{"from": "Marta@example.org"}))
    assert ours.count() == 3 and Case.objects.count() == 7
    settings.MAILERS = {}
    assert send(form, filled(form, **{"from": "else@example.org"})).status_code == 303 and ours.count() == 3


def test_what_it_asks_counts_as_known(form: Source, queue: Queue, make_queue: Make[Queue]) -> None:
    Queue.objects.filter(pk=queue.pk).update(data_schema={"properties": {"order": {"type": "string"}}})
    assert source_keys([queue.pk, make_queue().pk]) == {queue.pk: {"from", "name", "order", "text"}}
    set_form(form, fields={"name": "hidden"})
    assert "name" not in source_keys([queue.pk])[queue.pk]


def test_what_is_too_large_is_answered_with_the_form(form: Source, settings: Settings) -> None:
    data = filled(form)
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 200
    large = send(form, data | {field(form, "text"): "x" * 300})
    assert large.status_code == 413 and "more than the form can take" in large.text and 'name="mark"' in large.text


SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["order", "plan", "amount"],
    "properties": {
        "order": {"type": "string", "title": "Order number", "description": "On <your> receipt", "pattern": "^A-"},
        "plan": {"enum": ["free", "team", 3]},
        "amount": {"type": ["number", "null"], "maximum": 100},
        "pieces": {"type": "integer"},
        "bought": {"type": "string", "format": "date"},
        "urgent": {"type": "boolean"},
        "items": {"type": "array"},
        "text": {"type": "string", "maxLength": 4000},
    },
}


def test_it_asks_what_the_schema_and_the_agents_want(
    form: Source, queue: Queue, make_agent: Make[Agent], make_queue: Make[Queue]
) -> None:
    make_agent("Billing", aop="NEEDS\n- order number\n- plan: one of free, team\n- colour (optional)", queue=queue)
    make_agent("Triage", aop="Hand over.", queue=queue)
    asked = {one.name: one for one in questions(form)}
    assert list(asked) == ["title", "from", "name", "order number", "plan", "colour", "text"]
    assert [name for name, one in asked.items() if one.required] == ["title", "order number", "plan", "text"]
    # What not all of those need that need anything, nobody must know.
    make_agent("Support", aop="NEEDS\n- device", queue=queue)
    assert [one.name for one in questions(form) if one.required] == ["title", "text"]
    form = set_form(form, fields={"device": "required", "colour": "hidden", "name": "hidden"}, ask_email="hidden")
    asked = {one.name: one for one in questions(form)}
    assert asked["device"].required and not {"colour", "name", "from"} & set(asked)
    Queue.objects.filter(pk=queue.pk).update(data_schema=SCHEMA)
    form.refresh_from_db()
    form = set_form(form, fields={"order": "hidden", "pieces": "hidden"})
    assert [one.name for one in questions(form)] == ["title", "order", "plan", "amount", "bought", "urgent", "text"]
    assert unaskable(form.queue) == []


def test_values_are_of_their_kind_and_wrong_ones_stand_beside_their_fields(form: Source, queue: Queue) -> None:
    Queue.objects.filter(pk=queue.pk).update(data_schema=SCHEMA)
    form = set_form(form)
    right = {"order": "A-17", "plan": "3", "amount": "12.50", "pieces": "2", "bought": "2026-11-30", "urgent": "no"}
    wrong = {"order": "B", "plan": "gold", "amount": "much", "pieces": "2.5", "bought": "yesterday", "urgent": "maybe"}
    refused = send(form, filled(form, **wrong))
    assert refused.status_code == 422 and refused.text.count('id="form-') > 6
    assert refused.text.count("tone-error") >= 5
    for typed in ("B", "much", "2.5", "The lamp is broken."):
        assert typed in refused.text
    assert "On &lt;your&gt; receipt" in refused.text
    # The schema has the last word.
    refused = send(form, filled(form, **right | {"order": "B-1", "amount": "1000"}))
    assert refused.status_code == 422 and "1000" in refused.text and not Case.objects.exists()
    assert send(form, filled(form, **right)).status_code == 303
    assert Case.objects.get().data == {
        **{"order": "A-17", "plan": 3, "amount": 12.5, "pieces": 2, "bought": "2026-11-30", "urgent": False},
        "text": "The lamp is broken.",
    }


def test_sending_a_page_twice_makes_one_case(form: Source) -> None:
    data = filled(form)
    assert send(form, data)["Location"] == send(form, data | {field(form, "title"): "Another"})["Location"]
    assert Case.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_sending_a_page_twice_at_once_makes_one_case(form: Source) -> None:
    data = filled(form)
    answers: list[Any] = []
    at_once(*[lambda: answers.append(send(form, data))] * 4)
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer["Location"] for answer in answers}) == Case.objects.count() == 1


def test_programs_are_kept_out_and_nobody_loses_what_was_typed(form: Source, team: Team, make_queue: Any) -> None:
    data = filled(form)
    for wrong in ("", "nonsense", data["mark"] + "x", None):
        refused = send(form, {**{k: v for k, v in data.items() if k != "mark"}, **({"mark": wrong} if wrong else {})})
        assert refused.status_code == 422 and "The lamp is broken." in refused.text
    other = form_sources.create_form(team, FormFields("Another", make_queue()))
    assert send(form, data | {"mark": filled(other)["mark"]}).status_code == 422
    trapped = send(form, data | {"website": "https://spam.example"})
    assert trapped.status_code == 422 and "catch programs" in trapped.text
    form = set_form(form, per_hour=2, per_hour_in_all=3)
    for _ in range(2):
        assert send(form, filled(form)).status_code == 303
    many = send(form, filled(form))
    assert many.status_code == 429 and many["Retry-After"] and "The lamp is broken." in many.text
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert send(form, filled(form), **elsewhere).status_code == 303
    assert send(form, filled(form), **{"REMOTE_ADDR": "203.0.113.77"}).status_code == 429
    assert Case.objects.count() == 3


def test_a_browser_proves_its_work_where_that_is_asked(form: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "PROOF_BITS", 6)
    form = set_form(form, proof_of_work=True)
    data = filled(form)
    assert 'data-proof="6"' in page(form).text and "noscript" in page(form).text
    proof = next(
        number for number in count() if hashlib.sha256(f"{data['mark']}:{number}".encode()).digest()[0] >> 2 == 0
    )
    for wrong in ("", str(proof + 1)):
        if not tokens.is_proven(data["mark"], wrong):
            assert send(form, data | {"proof": wrong}).status_code == 422
    assert send(form, data | {"proof": str(proof)}).status_code == 303


def test_files_are_bounded_and_attached(form: Source) -> None:
    def file(name: str = "a.txt", size: int = 5) -> SimpleUploadedFile:
        return SimpleUploadedFile(name, b"x" * size)

    assert send(form, filled(form) | {"files": [file()]}).status_code == 422
    form = set_form(form, files=2)
    assert send(form, filled(form) | {"files": [file() for _ in range(3)]}).status_code == 422
    large = send(form, filled(form) | {"files": [file(size=11 * 1024 * 1024), file(size=10 * 1024 * 1024)]})
    assert large.status_code == 422 and "20 MB" in large.text and "Choose your files again" in large.text
    assert not Case.objects.exists()
    assert send(form, filled(form) | {"files": [file("../x/ä.txt"), file()]}).status_code == 303
    assert sorted(row.name for row in Case.objects.get().attachments.all()) == ["a.txt", "ä.txt"]


def test_only_listed_websites_show_it_in_a_frame(form: Source) -> None:
    alone = page(form)
    assert "frame-ancestors 'self';" in alone["Content-Security-Policy"] + ";"
    assert alone["X-Frame-Options"] == "SAMEORIGIN" and not alone.cookies
    form = set_form(form, origins=["https://www.example.com/", "https://*.example.org:8443"])
    framed = page(form)
    expected = "frame-ancestors 'self' https://www.example.com https://*.example.org:8443"
    assert expected in framed["Content-Security-Policy"] and "X-Frame-Options" not in framed
    for wrong in ("*", "www.example.com", "https://a.example; script-src *", "javascript:1", "https://a.example/x"):
        with pytest.raises(Refused):
            set_form(form, origins=[wrong])


def test_a_customer_sees_what_the_team_shares_and_nothing_else(form: Source, member: Member) -> None:
    link = send(form, filled(form, **{"from": "marta@example.org"}))["Location"].partition("?")[0]
    case = Case.objects.get()
    about = {"team_id": case.team_id, "case": case, "direction": "out", "recipient": "marta@example.org"}
    CaseMessage.objects.create(text="<i>First</i>", message_id="<1@x>", status="sent", **about)
    CaseMessage.objects.create(text="Not sent yet", message_id="<2@x>", status="waiting_approval", **about)
    lifecycle.park(lifecycle.lock(case.pk), Reason.LOOP, "Two agents disagree", by=person(member.user))
    seen = Client().get(link).text
    assert "In progress" in seen and "&lt;i&gt;First&lt;/i&gt;" in seen
    assert not any(words in seen for words in ("Not sent yet", "disagree", "marta@", "The lamp", "Broken", "loop"))
    set_form(form, shares=[])
    seen = Client().get(link).text
    assert f"#{case.number}" in seen and "In progress" not in seen and "First" not in seen
    token = link.rpartition("/")[2]
    for wrong in ("x", token[:-1], "B" + token[1:], "%00", "ä"):
        assert Client().get(f"/f/status/{wrong}").status_code == 404
    Case.objects.filter(pk=case.pk).update(deleted_at=case.created_at)
    assert Client().get(link).status_code == 404


def test_what_is_closed_paused_or_gone_says_so(form: Source, queue: Queue) -> None:
    data, link = filled(form), f"/f/{form.token}"
    sources.pause(form)
    assert "This form is paused." in page(form).text and page(form).status_code == 503
    paused = send(form, data)
    assert paused.status_code == 503 and "The lamp is broken." in paused.text
    sources.resume(form)
    queues.delete_queue(queue)
    for answer in (page(form), send(form, data)):
        assert answer.status_code == 410 and "This form is closed." in answer.text
    sources.delete_source(form)
    for answer in (page(form), send(form, data), Client().get("/f/nobody"), Client().post("/f/ä%20b")):
        assert answer.status_code == 404
    assert link and not Case.objects.exists()


LONG = "Lampenschirmbefestigungsschraube" * 6


@pytest.mark.parametrize(
    "text", ["灯泡坏了", "المصباح مكسور", "<script>alert(1)</script>", "a\x00b\u202ec", LONG, "{{ x }}"]
)
def test_any_text_is_data(form: Source, text: str) -> None:
    refused = send(form, filled(form, title=text, text=text, **{"from": "no address"}))
    assert refused.status_code == 422 and "<script>alert" not in refused.text
    if "\x00" not in text:
        assert send(form, filled(form, title=text, text=text)).status_code == 303
        assert Case.objects.get().data["text"] == text.strip()


def test_it_is_made_and_changed_by_the_api(client: Client, team: Team, queue: Queue) -> None:
    headers = {"authorization": f"Bearer {create_key(team, 'Ours')[1]}"}

    def call(method: str, path: str, body: Any = None) -> Any:
        sent = json.dumps(body) if body is not None else ""
        return client.generic(method, f"/api/v1{path}", sent, "application/json", headers=headers)

    said = {"origins": ["https://www.example.com"], "shares": ["status"], "files": 1}
    made = call("POST", "/sources", {"queue_id": str(queue.pk), "kind": "form", "name": "Contact", "settings": said})
    assert made.status_code == 201
    row = made.json()
    assert row["kind"] == "form" and row["secret"] is None and row["settings"].items() >= said.items()
    assert client.get(row["url"]).status_code == 200
    changed = call("PATCH", f"/sources/{row['id']}", {"paused": True, "settings": {"intro": "Hello"}}).json()
    assert changed["settings"]["intro"] == "Hello" and changed["settings"]["origins"] == said["origins"]
    assert changed["problems"] == ["It is paused."]
    wrong = call("PATCH", f"/sources/{row['id']}", {"settings": {"origins": ["*"]}})
    assert wrong.status_code == 422 and "settings.origins" in wrong.json()["error"]["fields"]
    assert call("DELETE", f"/sources/{row['id']}").status_code == 204
    assert client.get(row["url"]).status_code == 404
