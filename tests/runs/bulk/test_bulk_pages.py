"""The pages of bulk actions."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from builder.models import Agent
from cases.models import Case, Label, Queue
from runs.bulk import bulk, processing
from runs.models import BulkAction
from teams.audit.actors import Actor
from teams.models import Team
from tests.fixtures import Make, take
from tests.responses import Response

pytestmark = pytest.mark.django_db


def words(response: Response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def preview(client: Client, verb: str, *cases: Case, **fields: Any) -> Response:
    return client.post(reverse("bulk_preview"), {"verb": verb, "case": [case.pk for case in cases], **fields})


def start(client: Client, verb: str, *cases: Case, **fields: Any) -> Response:
    return client.post(reverse("bulk_start"), {"verb": verb, "case": [case.pk for case in cases], **fields})


def test_a_preview_counts_before_anything_is_done(signed_in: Client, make_case: Make[Case]) -> None:
    first, second = make_case(labels=["vip"]), make_case()
    shown = preview(signed_in, "add_label", first, second)
    assert "2 cases" in words(shown)
    assert '<option value="vip">' in shown.content.decode()
    shown = preview(signed_in, "add_label", first, second, asked="1", label="vip")
    assert "1 case 1 skipped: has the label already" in words(shown)
    assert not BulkAction.objects.exists()


def test_a_preview_says_whose_runs_would_stop(
    signed_in: Client, make_agent: Make[Agent], queue: Queue, make_case: Make[Case]
) -> None:
    make_agent(queue=queue)
    case = make_case()
    take()
    assert "1 being worked on now: its run is stopped" in words(preview(signed_in, "complete", case))
    assert "being worked on" not in words(preview(signed_in, "priority", case))


def test_a_preview_leads_back_to_our_pages_only(signed_in: Client, make_case: Make[Case]) -> None:
    leads = {"/cases/?q=a": "/cases/?q=a", "javascript:alert(1)": "/cases/", "//evil.example": "/cases/"}
    for wanted, shown in leads.items():
        body = preview(signed_in, "delete", make_case(), next=wanted).content.decode()
        assert f'<a class="btn" href="{shown}" autofocus>Cancel</a>' in body
        assert "evil" not in body and "javascript:" not in body


def test_the_preview_follows_the_form(signed_in: Client, make_case: Make[Case]) -> None:
    case = make_case()
    fields = {"verb": "priority", "case": case.pk, "asked": "1", "priority": "0"}
    shown = signed_in.post(reverse("bulk_preview"), fields, headers={"HX-Target": "div#preview"})
    assert shown.content.decode().lstrip().startswith('<div id="preview"')
    assert "1 skipped: has this priority already" in words(shown)


def test_all_that_match_are_acted_on_and_the_page_leads_back(signed_in: Client, make_case: Make[Case]) -> None:
    make_case("Refund")
    make_case("Refund too")
    other = make_case("Login")
    response = start(signed_in, "complete", other, all="1", query="q=refund", text="Paid", next="/cases/?q=refund")
    assert response["Location"] == "/cases/?q=refund"
    assert list(Case.objects.order_by("number").values_list("status", flat=True)) == [
        "completed",
        "completed",
        "pending",
    ]


def test_what_was_done_just_now_is_shown_with_its_undo(signed_in: Client, make_case: Make[Case]) -> None:
    case = make_case()
    start(signed_in, "priority", case, priority="2")
    shown = signed_in.get(reverse("bulk_recent"), headers={"HX-Current-URL": "http://testserver/cases/?status=open"})
    assert "Priority set to high 1 case Undo Details" in words(shown).replace(" .", ".")
    assert 'name="next" value="/cases/?status=open"' in shown.content.decode()
    action = BulkAction.objects.get()
    signed_in.post(reverse("bulk_undo", args=[action.pk]))
    case.refresh_from_db()
    assert case.priority == 0
    assert "Undone: Priority set to high" in words(signed_in.get(reverse("bulk_recent")))


def test_a_result_lists_the_cases_that_failed(signed_in: Client, make_case: Make[Case]) -> None:
    case = make_case("<b>Full</b>", labels=[str(number) for number in range(20)])
    start(signed_in, "add_label", case, label="vip")
    body = signed_in.get(reverse("bulk_action", args=[BulkAction.objects.get().pk])).content.decode()
    assert "#1 &lt;b&gt;Full&lt;/b&gt;" in body
    assert "Use at most 20 labels." in body
    assert reverse("case", args=[case.pk]) in body


@pytest.mark.parametrize(
    ("verb", "fields"),
    [
        ("assign", {"agent": "nonsense"}),
        ("priority", {"priority": "7"}),
        ("add_label", {"label": " "}),
        ("add_label", {"label": "x" * 41}),
        ("remove_label", {"label": "unknown"}),
        ("postpone", {"preset": "", "until": "soon"}),
    ],
)
def test_what_makes_no_sense_is_shown_again(
    signed_in: Client, make_case: Make[Case], verb: str, fields: dict[str, str]
) -> None:
    assert start(signed_in, verb, make_case(), **fields).status_code == 422
    assert not BulkAction.objects.exists()


def test_without_a_choice_nothing_happens(signed_in: Client, make_case: Make[Case]) -> None:
    make_case()
    assert preview(signed_in, "delete").status_code == 302
    start(signed_in, "delete")
    assert Case.objects.present().count() == 1
    assert preview(signed_in, "rename_label").status_code == 404
    assert start(signed_in, "undo").status_code == 404


def test_cases_and_agents_of_others_are_not_reached(
    signed_in: Client,
    make_team: Make[Team],
    make_queue: Make[Queue],
    make_agent: Make[Agent],
    make_case: Make[Case],
) -> None:
    strangers = make_team()
    queue = make_queue(of=strangers)
    theirs, spy = make_case(in_queue=queue), make_agent("Spy", of=strangers, queue=queue)
    assert preview(signed_in, "delete", theirs).status_code == 302
    start(signed_in, "delete", theirs)
    start(signed_in, "delete", all="1", query=f"queue={queue.pk}")
    theirs.refresh_from_db()
    assert theirs.deleted_at is None
    assert "Spy" not in words(preview(signed_in, "assign", make_case()))
    assert start(signed_in, "assign", make_case(), agent=str(spy.pk)).status_code == 422


def test_the_result_needs_no_more_queries_for_more_cases(
    signed_in: Client, make_case: Make[Case], django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    start(signed_in, "priority", make_case(), priority="0")
    address = reverse("bulk_action", args=[BulkAction.objects.get().pk])
    with django_assert_max_num_queries(12) as first:
        signed_in.get(address)
    queries = len(first)
    start(signed_in, "priority", *[make_case() for _ in range(10)], priority="0")
    address = reverse("bulk_action", args=[BulkAction.objects.all()[0].pk])
    with django_assert_num_queries(queries):
        signed_in.get(address)


def test_cases_are_counted_as_the_list_finds_them(signed_in: Client, make_case: Make[Case]) -> None:
    for title in ("Refund", "Refund too", "Login"):
        make_case(title)
    assert signed_in.get(reverse("case_count"), {"q": "refund"}).content == b"2"


# --- Labels ----------------------------------------------------------------------------------


def test_labels_are_listed_with_their_cases(
    signed_in: Client, make_case: Make[Case], django_assert_num_queries
) -> None:
    make_case(labels=["mail"])
    make_case(labels=["mail", "it's"])
    Label.objects.create(team=Case.objects.first().team, name="unused", colour="red")
    shown = words(signed_in.get(reverse("labels")))
    assert "it's 1 case" in shown.replace("&#x27;", "'")
    assert "mail 2 cases" in shown
    assert "unused 0 cases" in shown
    assert "mail" not in words(signed_in.get(reverse("labels"), {"q": "unus"})).partition("Search labels")[2]


def test_a_name_that_a_label_cannot_have_stands_beside_the_reason(
    signed_in: Client, team: Team, make_case: Make[Case]
) -> None:
    make_case(labels=["mail"])
    answer = signed_in.post(reverse("label_save", args=[team.labels.get().pk]), {"name": "po\u200bst"})
    assert answer.status_code == 422
    assert 'value="po\u200bst"' in answer.text
    assert "a character that nobody sees, U+200B" in answer.text
    assert team.labels.get().name == "mail"


def test_a_label_changes_on_all_its_cases(signed_in: Client, team: Team, someone: Actor, make_case: Make[Case]) -> None:
    case = make_case(labels=["mail"])
    label = team.labels.get()
    signed_in.post(reverse("label_save", args=[label.pk]), {"name": "post", "colour": "teal"})
    case.refresh_from_db()
    assert case.labels == ["post"]
    assert list(team.labels.values_list("name", "colour")) == [("post", "teal")]
    signed_in.post(reverse("label_save", args=[team.labels.get().pk]), {"name": " ", "colour": "nonsense"})
    assert list(team.labels.values_list("name", "colour")) == [("post", "teal")]
    signed_in.post(reverse("label_delete", args=[team.labels.get().pk]))
    case.refresh_from_db()
    assert (case.labels, team.labels.count()) == ([], 0)
    undo = BulkAction.objects.get(verb="remove_label")
    processing.process(bulk.undo(undo, someone).pk, 60)
    case.refresh_from_db()
    assert case.labels == ["post"]
