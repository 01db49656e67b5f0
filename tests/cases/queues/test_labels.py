"""Labels have colours, no matter who uses them first."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from cases.models import Case, Label, Queue
from cases.queues import labels
from cases.work.changes import change_case
from teams.keys.api_keys import create_key
from teams.models import Team
from tests.fixtures import Make

pytestmark = pytest.mark.django_db


def test_a_label_is_made_on_its_first_use(team: Team, make_case: Make[Case]) -> None:
    case = make_case(labels=["mail", "urgent"])
    change_case(case, labels=["mail", "vip"])
    assert labels.colours(team) == {name: labels.usual_colour(name) for name in ("mail", "urgent", "vip")}


def test_each_team_has_its_own_colours(team: Team, make_team: Make[Team], make_case: Make[Case]) -> None:
    make_case(labels=["mail"])
    labels.know(make_team().pk, ["mail"])
    labels.recolour(team.labels.get(), "red")
    assert sorted(Label.objects.values_list("colour", flat=True)) == sorted(["red", labels.usual_colour("mail")])


def test_pages_show_labels_in_their_colours(signed_in: Client, team: Team, make_case: Make[Case]) -> None:
    case = make_case(labels=["<b>mail</b>"])
    labels.recolour(team.labels.get(), "pink")
    for url in (reverse("cases"), reverse("case", args=[case.pk]), reverse("case_edit", args=[case.pk])):
        body = signed_in.get(url).content.decode()
        assert 'class="tag paint-pink" title="&lt;b&gt;mail&lt;/b&gt;"' in body
        assert "<b>mail" not in body


def test_labels_are_picked_and_typed(signed_in: Client, queue: Queue, make_case: Make[Case]) -> None:
    make_case(labels=["a, b", "mail"])
    said = {"title": "New", "priority": "0", "picked": ["a, b", "deleted in the meantime"], "labels": "vip, , mail"}
    signed_in.post(reverse("case_new", args=[queue.pk]), said)
    case = Case.objects.get(title="New")
    assert case.labels == ["a, b", "deleted in the meantime", "mail", "vip"]
    shown = signed_in.get(reverse("case_edit", args=[case.pk])).content.decode()
    assert shown.count(" checked>") == 4
    signed_in.post(reverse("case_edit", args=[case.pk]), {**said, "seen": "1", "picked": ["a, b"], "labels": ""})
    case.refresh_from_db()
    assert case.labels == ["a, b"]


def test_the_api_lists_labels_with_their_colours(team: Team, make_case: Make[Case]) -> None:
    make_case(labels=["vip", "mail"])
    labels.recolour(team.labels.get(name="mail"), "teal")
    client = Client(headers={"authorization": f"Bearer {create_key(team, 'Tests')[1]}"})
    items = json.loads(client.get("/api/v1/labels").content)["items"]
    assert items == [
        {"name": "mail", "colour": "teal"},
        {"name": "vip", "colour": labels.usual_colour("vip")},
    ]
