"""The pages and the API of sources."""

import pytest
from django.test import Client
from django.urls import reverse

from cases.models import Case, Queue
from channels.models import Arrival, Source
from teams.keys.api_keys import create_key
from teams.models import AuditEntry, Team
from tests.channels.conftest import Send

pytestmark = pytest.mark.django_db


def test_a_hook_is_created_and_its_secret_is_shown_once(signed_in: Client, queue: Queue) -> None:
    assert "No sources yet" in signed_in.get(reverse("sources")).content.decode()
    sent = {"name": "Shop", "queue_id": str(queue.pk), "auth": "bearer"}
    page = signed_in.post(reverse("source_new"), sent, follow=True).content.decode()
    source = Source.objects.get()
    assert f"/in/{source.token}" in page
    assert "whsec_" in page
    assert "whsec_" not in signed_in.get(reverse("source", args=[source.pk])).content.decode()
    assert source.secret not in page
    assert "Shop" in signed_in.get(reverse("sources")).content.decode()


def test_a_wrong_form_keeps_what_was_typed(signed_in: Client) -> None:
    answer = signed_in.post(reverse("source_new"), {"name": "Shop", "queue_id": "x", "auth": "bearer"})
    assert answer.status_code == 422
    assert 'value="Shop"' in answer.content.decode()


def test_the_fields_of_the_last_messages_are_mapped(signed_in: Client, hook: tuple[Source, str], send: Send) -> None:
    source = hook[0]
    address = reverse("source_mapping", args=[source.pk])
    assert "No message yet" in signed_in.get(address).content.decode()
    send({"headline": "Lamp", "kind": "bug", "from": {"mail": "m@example.com"}})
    page = signed_in.get(address).content.decode()
    assert "from.mail" in page
    assert "m@example.com" in page
    signed_in.post(address, {"role-0": "field", "role-1": "title", "role-2": "ignore"})
    source.refresh_from_db()
    assert source.settings["mapping"] == {"headline": "field", "kind": "title", "from.mail": "ignore"}
    send({"headline": "Lamp", "kind": "bug", "from": {"mail": "m@example.com"}})
    case = Case.objects.latest("number")
    assert (case.title, case.data) == ("bug", {"headline": "Lamp"})


def test_two_titles_are_refused_and_the_choice_stays(signed_in: Client, hook: tuple[Source, str], send: Send) -> None:
    send({"a": "1x", "b": "2x"})
    address = reverse("source_mapping", args=[hook[0].pk])
    answer = signed_in.post(address, {"role-0": "title", "role-1": "title"})
    assert answer.status_code == 422
    assert "Only one field can be the title." in answer.content.decode()


def test_a_refused_message_is_replayed_from_its_page(signed_in: Client, hook: tuple[Source, str], send: Send) -> None:
    send({"subject": "<b>Lamp</b>", "priority": "<i>whenever</i>"})
    page = signed_in.get(reverse("source", args=[hook[0].pk])).content.decode()
    assert "&lt;i&gt;whenever" in page
    assert "<i>whenever" not in page
    replay = reverse("message_replay", args=[Arrival.objects.get().pk])
    assert "Still no case" in signed_in.post(replay, follow=True).content.decode()
    Source.objects.update(settings={"auth": "bearer", "mapping": {"priority": "ignore"}})
    assert "Created #" in signed_in.post(replay, follow=True).content.decode()
    assert AuditEntry.objects.filter(act="message_replayed").count() == 2


def test_the_api_creates_changes_and_deletes_and_never_tells_a_secret(team: Team, queue: Queue) -> None:
    program = Client(headers={"authorization": f"Bearer {create_key(team, 'Ours')[1]}"})
    wanted = {"queue_id": str(queue.pk), "kind": "hook", "name": "Shop", "settings": {"auth": "bearer"}}
    made = program.post("/api/v1/sources", wanted, content_type="application/json")
    assert made.status_code == 201
    body = made.json()
    assert body["secret"].startswith("whsec_")
    assert (body["settings"]["auth"], body["settings"]["mapping"]) == ("bearer", {})
    address = f"/api/v1/sources/{body['id']}"
    change = {"paused": True, "settings": {"mapping": {"a.b": "title"}, "secret": "0123456789abcdef"}}
    changed = program.patch(address, change, content_type="application/json").json()
    assert (changed["paused"], changed["settings"]["mapping"]) == (True, {"a.b": "title"})
    assert "secret" not in changed
    assert changed["problems"] == ["It is paused."]
    assert program.get("/api/v1/sources").json()["items"] == [changed]
    for wrong, field in (
        ({"settings": {"secret": "short"}}, "settings.secret"),
        ({"settings": {"auth": "signature"}}, "settings.secret"),
        ({"settings": {"mapping": {"a": "title", "b": "title"}}}, "settings.mapping"),
        ({"settings": {"mapping": {"a": "boss"}}}, "settings.mapping"),
        ({"name": ""}, "name"),
    ):
        answer = program.patch(address, wrong, content_type="application/json")
        assert answer.status_code == 422, wrong
        assert field in answer.json()["error"]["fields"], answer.json()
    assert program.delete(address).status_code == 204
    assert program.get(address).status_code == 404
