import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from builder.agents.agents import delete_agent, pause_agent
from builder.agents.connections import connect
from builder.models import Agent
from cases.models import Case, Kind, Queue, Reason, Status
from cases.queues.queues import pause_queue
from cases.work import lifecycle
from cases.work.changes import change_case
from runs.models import Run
from runs.people.moves import complete, delete, fail, postpone, reopen
from teams.audit.actors import Actor, person
from teams.models import Member
from tests.fixtures import Make, take
from tests.responses import Response
from tests.stories import make_story

pytestmark = pytest.mark.django_db

CASES = reverse("cases")


def text(response: Response) -> str:
    return " ".join(response.content.decode().split())


def words(response: Response) -> str:
    """What a reader sees, roughly."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def page(client: Client, case: Case) -> str:
    response = client.get(reverse("case", args=[case.pk]))
    assert response.status_code == 200
    return re.sub(r" (?=[.,:])", "", words(response))


def listed(client: Client, **query: Any) -> list[int]:
    """The numbers of the cases that the list shows."""
    found = re.findall(r'<tr id="case-([0-9a-f-]+)"', text(client.get(CASES, query)))
    numbers = dict(Case.objects.values_list("pk", "number"))
    return [number for id in found for pk, number in numbers.items() if str(pk) == id]


@pytest.fixture
def triage(make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Triage", queue=queue)


@pytest.fixture
def worked(triage: Agent, make_case: Make[Case]) -> Case:
    """A case that Triage works on."""
    case = make_case("Charged twice")
    take()
    case.refresh_from_db()
    return case


def hand_over(case: Case, to: Agent, reason: str = "About money.", note: str = "") -> None:
    run = Run.objects.get(case=case, status="running")
    row = lifecycle.lock(case.pk)
    lifecycle.hand_over(row, to, reason, note, agent_id=run.agent_id, run_id=run.pk)
    run.status, run.outcome, run.lease_until = "completed", "handed_over", None
    run.save()


# --- The list --------------------------------------------------------------------------------


def test_the_list_shows_the_newest_first(signed_in: Client, make_case: Make[Case]) -> None:
    make_case("First")
    make_case("Second", labels=["mail"], priority=2)
    assert listed(signed_in) == [2, 1]
    shown = words(signed_in.get(CASES))
    assert "mail" in shown
    assert "High" in shown


def test_other_teams_and_deleted_cases_are_not_listed(
    signed_in: Client, make_case: Make[Case], make_queue: Make[Queue], make_team, someone: Actor
) -> None:
    make_case(in_queue=make_queue(of=make_team()))
    delete(make_case(), someone)
    assert listed(signed_in) == []
    assert "No cases yet" in text(signed_in.get(CASES))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("refund", [2, 1]),
        ("REFUND please", [1]),
        ("Lindqvist", [2]),
        ("größe", [3]),
        ("100%", [3]),
        ("_", []),
        ("#2", [2]),
        ("2", [2]),
        ("nothing", []),
        ("a\x00b", []),
        ("9" * 40, []),
    ],
)
def test_the_list_is_searched(signed_in: Client, make_case: Make[Case], query: str, found: list[int]) -> None:
    make_case("Please refund me")
    make_case("Mail", data={"customer": "Marta Lindqvist", "message": "A refund"})
    make_case("Falsche Größe", data="100% wrong")
    assert listed(signed_in, q=query) == found


def test_the_list_is_filtered(
    signed_in: Client, make_case: Make[Case], worked: Case, triage: Agent, make_queue: Make[Queue], someone: Actor
) -> None:
    other = make_queue("Other")
    waiting, closed = make_case(in_queue=other, priority=2), make_case()
    complete(closed, "", someone)
    assert listed(signed_in, status="in_progress") == [worked.number]
    assert listed(signed_in, status="open") == [waiting.number, worked.number]
    assert listed(signed_in, queue=other.pk) == [waiting.number]
    assert listed(signed_in, agent=triage.pk) == [worked.number]
    assert listed(signed_in, priority=2) == [waiting.number]
    assert listed(signed_in, priority=0, status="completed") == [closed.number]


def test_the_list_is_filtered_by_why_a_person_is_needed(signed_in: Client, worked: Case, make_case: Make[Case]) -> None:
    make_case()
    lifecycle.park(lifecycle.lock(worked.pk), Reason.NO_OUTCOME, "It just ended.")
    assert listed(signed_in, reason="no_outcome") == [worked.number]
    assert listed(signed_in, reason="loop") == []


@pytest.mark.parametrize("name", ["status", "reason", "queue", "agent", "priority", "cursor"])
@pytest.mark.parametrize("value", ["nonsense", "\x00", "'", "0x1", "١"])
def test_filters_without_sense_break_nothing(signed_in: Client, make_case: Make[Case], name: str, value: str) -> None:
    make_case()
    assert listed(signed_in, **{name: value}) == ([1] if name == "cursor" else [])


def test_a_list_that_finds_nothing_leads_back(signed_in: Client, make_case: Make[Case]) -> None:
    make_case()
    assert "No matching cases" in text(signed_in.get(CASES, {"q": "nothing"}))


def test_the_list_comes_in_pages(signed_in: Client, make_case: Make[Case]) -> None:
    for _ in range(60):
        make_case()
    first = signed_in.get(CASES, {"q": "Case"})
    older = re.search(r'rel="next" href="([^"]+)"', text(first))
    assert older
    second = text(signed_in.get(CASES + older[1].replace("&amp;", "&")))
    assert second.count('<tr id="case-') == 10
    assert 'rel="prev"' in second
    assert "q=Case" in older[1]


def test_the_list_needs_no_more_queries_for_more_cases(
    signed_in: Client, worked: Case, make_case: Make[Case], django_assert_num_queries, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(14) as first:
        signed_in.get(CASES)
    for _ in range(10):
        make_case()
    take(limit=10)
    with django_assert_num_queries(len(first)):
        signed_in.get(CASES)


def test_the_results_are_fetched_alone_with_their_filters(signed_in: Client, make_case: Make[Case]) -> None:
    make_case()
    headers = {"HX-Request": "true", "HX-Target": "div#results"}
    body = text(signed_in.get(CASES, {"status": "pending"}, headers=headers))
    assert body.startswith('<div id="results" data-live="case:*"')
    assert 'hx-get="/cases/?status=pending"' in body


# --- One case --------------------------------------------------------------------------------


def test_a_case_says_who_works_on_it(signed_in: Client, worked: Case) -> None:
    shown = page(signed_in, worked)
    assert "Triage is working on it." in shown
    assert "Triage started work" in shown


def test_a_handover_shows_on_the_route_and_the_timeline(
    signed_in: Client, worked: Case, make_agent: Make[Agent], queue: Queue
) -> None:
    billing = make_agent("Billing Specialist", queue=queue)
    run = Run.objects.get(case=worked)
    hand_over(worked, billing, "It is <b>about</b> money.", "Invoice 12")
    shown = page(signed_in, worked)
    assert "Billing Specialist takes it next." in shown
    assert "Triage handed over to Billing Specialist" in shown
    body = text(signed_in.get(reverse("case", args=[worked.pk])))
    assert '<q class="wrap-anywhere">It is &lt;b&gt;about&lt;/b&gt; money.</q>' in body
    assert "<blockquote" in body
    assert body.count("“It is &lt;b&gt;about&lt;/b&gt; money.”") == 3  # the timeline, and two places of the picture
    assert body.count("Note: Invoice 12") == 2
    assert reverse("run", args=[run.pk]) in body
    assert reverse("agent", args=[billing.pk]) in body


def test_a_case_waits_for_a_paused_agent(
    signed_in: Client, worked: Case, make_agent: Make[Agent], queue: Queue
) -> None:
    billing = make_agent("Billing", queue=queue)
    hand_over(worked, billing)
    pause_agent(billing)
    assert "Waits for Billing, which is paused." in page(signed_in, worked)


def test_a_case_waits_for_an_agent_that_left_the_queue(
    signed_in: Client, worked: Case, make_agent: Make[Agent], queue: Queue
) -> None:
    billing = make_agent("Billing", queue=queue)
    hand_over(worked, billing)
    connect(billing, consumes=[])
    assert "Waits for Billing, which no longer works Support." in page(signed_in, worked)


def test_a_case_that_needs_a_person_says_why_and_what_helps(signed_in: Client, worked: Case, triage: Agent) -> None:
    run = Run.objects.get(case=worked)
    lifecycle.park(lifecycle.lock(worked.pk), Reason.NO_OUTCOME, "It just ended.", agent_id=triage.pk, run_id=run.pk)
    shown = page(signed_in, worked)
    assert "The agent stopped without deciding what happens to the case." in shown
    assert "It just ended." in shown
    assert "Retry it or close it yourself." in shown
    body = text(signed_in.get(reverse("case", args=[worked.pk])))
    assert 'commandfor="reassign"' in body
    assert reverse("case_retry", args=[worked.pk]) in body


def test_a_case_tells_what_people_did(signed_in: Client, worked: Case, member: Member, triage: Agent) -> None:
    someone = person(member.user)
    fail(worked, "No such customer.", someone)
    reopen(worked, someone, triage)
    postpone(worked, timezone.now() + timedelta(hours=3), someone)
    name = str(member.user)
    shown = page(signed_in, worked)
    assert f"{name} marked the case as failed" in shown
    assert f"{name} reopened the case for Triage" in shown
    assert f"{name} postponed the case until" in shown
    assert "then goes to Triage." in shown


def test_a_closed_case_shows_its_result_and_can_be_sent_again(signed_in: Client, worked: Case, member: Member) -> None:
    complete(worked, "Paid **back**.", person(member.user))
    shown = text(signed_in.get(reverse("case", args=[worked.pk])))
    assert f"Completed by {member.user}." in shown
    assert "Paid <strong>back</strong>." in shown
    assert reverse("case_reopen", args=[worked.pk]) in shown
    assert 'commandfor="complete">' not in shown.split("<dialog")[0]


def test_a_case_shows_what_it_says(signed_in: Client, make_case: Make[Case]) -> None:
    case = make_case("<i>Title</i>", data={"customer": "<script>alert(1)</script>"}, labels=["a&b"], priority=1)
    body = text(signed_in.get(reverse("case", args=[case.pk])))
    assert "&lt;i&gt;Title&lt;/i&gt;" in body
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert "a&amp;b" in body
    assert "<script>alert" not in body


def test_details_within_details_are_folded(signed_in: Client, make_case: Make[Case]) -> None:
    deep = {"order": {"lines": [{"sku": "A-1"}], "address": {"city": "<Bonn>"}}, "customer": "Marta", "none": {}}
    shown = text(signed_in.get(reverse("case", args=[make_case(data=deep).pk])))
    assert '<dt title="Customer">Customer</dt>' in shown and '<span class="field-words">Marta</span>' in shown
    assert '<summary>Order <span class="text-muted text-sm">2</span></summary>' in shown
    assert "<dt>City</dt><dd>&lt;Bonn&gt;</dd>" in shown
    assert '<dt title="None">None</dt> <dd> – </dd>' in shown
    assert "A-1" in shown


def test_a_case_outlives_its_deleted_agents(
    signed_in: Client, worked: Case, triage: Agent, make_agent: Make[Agent], queue: Queue
) -> None:
    hand_over(worked, make_agent("Billing", queue=queue))
    delete_agent(triage)
    assert "Triage handed over to Billing" in page(signed_in, worked)


def test_a_case_that_waits_also_listens_to_its_queue_and_agents(
    signed_in: Client, triage: Agent, make_case: Make[Case], queue: Queue
) -> None:
    case = make_case()
    assert f'data-live="case:{case.pk} queue:{queue.pk} agent:*"' in text(
        signed_in.get(reverse("case", args=[case.pk]))
    )
    take()
    assert f'data-live="case:{case.pk}"' in text(signed_in.get(reverse("case", args=[case.pk])))


def test_the_live_part_leaves_dialogs_and_answers_alone(signed_in: Client, worked: Case) -> None:
    headers = {"HX-Request": "true", "HX-Target": "div#case"}
    body = text(signed_in.get(reverse("case", args=[worked.pk]), headers=headers))
    assert body.startswith('<div id="case"')
    assert "<dialog" not in body
    assert 'id="case-runs" class="now-runs" hx-morph-skip' in body


def test_the_page_needs_no_more_queries_for_more_events(
    signed_in: Client,
    worked: Case,
    make_agent: Make[Agent],
    queue: Queue,
    django_assert_num_queries,
    django_assert_max_num_queries,
) -> None:
    with django_assert_max_num_queries(23) as first:  # two of them count the inbox and the notifications
        signed_in.get(reverse("case", args=[worked.pk]))
    for _ in range(6):
        hand_over(worked, make_agent(queue=queue))
        take()
    with django_assert_num_queries(len(first)):
        signed_in.get(reverse("case", args=[worked.pk]))


def test_the_oldest_events_come_first_unless_the_address_says_otherwise(signed_in: Client, queue: Queue) -> None:
    case = make_story(queue, "Long", [(1, Kind.PARKED, Status.PENDING, {"text": f"Event {n}."}) for n in range(2, 251)])
    address = reverse("case", args=[case.pk])

    def told(query: str) -> list[int]:
        shown = text(signed_in.get(address + query))
        return [int(number) for number in re.findall(r"Event (\d+)\.", shown.split('aria-label="Timeline"')[1])]

    assert told("") == list(range(151, 251))
    assert told("?order=newest") == list(range(250, 150, -1))
    shown = text(signed_in.get(address + "?order=newest"))
    assert "?order=newest&amp;shown=200" in shown
    assert "Show earlier (150 more)" in shown
    assert told("?shown=200") == list(range(51, 251))
    assert told("?shown=300") == list(range(2, 251))
    assert "Show earlier" not in text(signed_in.get(address + "?shown=300"))
    assert told("?shown=nonsense&order=") == told("?shown=-1") == told("?shown=1") == told("")


@pytest.mark.parametrize("name", ["case", "case_edit"])
def test_deleted_cases_and_those_of_others_are_not_found(
    signed_in: Client, make_case: Make[Case], make_queue: Make[Queue], make_team, someone: Actor, name: str
) -> None:
    theirs, gone = make_case(in_queue=make_queue(of=make_team())), make_case()
    delete(gone, someone)
    for id in (theirs.pk, gone.pk, uuid4()):
        assert signed_in.get(reverse(name, args=[id])).status_code == 404


# --- New and changed cases -------------------------------------------------------------------


def form(**fields: object) -> dict[str, object]:
    return {"title": "Refund", "details": "", "priority": "0", "labels": "", "assignee": "", **fields}


def test_a_case_is_added(signed_in: Client, queue: Queue, triage: Agent, member: Member) -> None:
    response = signed_in.post(
        reverse("case_new", args=[queue.pk]),
        form(details='{"amount": 12}', priority="2", labels="mail, , billing", assignee=str(triage.pk)),
    )
    case = Case.objects.get(title="Refund")
    assert response.headers["Location"] == reverse("case", args=[case.pk])
    assert (case.data, case.priority, case.labels, case.assignee) == ({"amount": 12}, 2, ["billing", "mail"], triage)
    assert case.events.get().actor == str(member.user)


def test_only_agents_of_the_queue_can_take_it_first(
    signed_in: Client, queue: Queue, triage: Agent, make_agent: Make[Agent]
) -> None:
    stranger = make_agent("Stranger")
    url = reverse("case_new", args=[queue.pk])
    assert "Stranger" not in text(signed_in.get(url))
    assert signed_in.post(url, form(assignee=str(stranger.pk))).status_code == 422
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"title": " "}, "Required."),
        ({"labels": "x" * 41}, "Use at most 40 characters"),
        ({"labels": ",".join(map(str, range(21)))}, "Too many labels."),
        ({"details": "x" * 300_000}, "Too large: 256 kB at most."),
        ({"priority": "7"}, "This can no longer be chosen."),
    ],
)
def test_a_case_that_cannot_be_added_keeps_what_was_typed(
    signed_in: Client, queue: Queue, fields: dict[str, str], error: str
) -> None:
    response = signed_in.post(reverse("case_new", args=[queue.pk]), form(**{"details": "What I typed", **fields}))
    assert response.status_code == 422
    assert error in text(response)
    assert "What I typed" in text(response) or "details" in fields
    assert not Case.objects.exists()


def edit(client: Client, case: Case, **fields: object) -> Response:
    shown = text(client.get(reverse("case_edit", args=[case.pk])))
    seen = re.search(r'name="seen" value="(\d+)"', shown)
    assert seen
    return client.post(reverse("case_edit", args=[case.pk]), form(**{"title": case.title, "seen": seen[1], **fields}))


def test_a_case_is_changed_and_the_timeline_tells(signed_in: Client, make_case: Make[Case], member: Member) -> None:
    case = make_case("Refund", data={"amount": 12})
    edit(signed_in, case, title="Refund of 49.00", details='{"amount": 49}', priority="2", labels="mail")
    case.refresh_from_db()
    assert (case.title, case.data, case.priority, case.labels) == ("Refund of 49.00", {"amount": 49}, 2, ["mail"])
    shown = page(signed_in, case)
    assert f"{member.user} changed the title, the details, the priority and the labels" in shown


def test_details_can_be_emptied(signed_in: Client, make_case: Make[Case]) -> None:
    case = make_case(data="Something")
    edit(signed_in, case, details="")
    case.refresh_from_db()
    assert case.data == {}


def test_saving_nothing_new_is_no_event(signed_in: Client, make_case: Make[Case]) -> None:
    case = make_case("Refund", data="Text")
    edit(signed_in, case, details="Text")
    assert case.events.count() == 1


def test_fields_of_data_do_not_become_text_by_a_typing_error(signed_in: Client, make_case: Make[Case]) -> None:
    case = make_case(data={"amount": 12})
    response = edit(signed_in, case, details='{"amount": 12')
    assert response.status_code == 422
    assert "The details were JSON, and this is not" in text(response)
    case.refresh_from_db()
    assert case.data == {"amount": 12}


def test_nobody_overwrites_a_change_they_have_not_seen(signed_in: Client, make_case: Make[Case], triage: Agent) -> None:
    case = make_case("Refund")
    url = reverse("case_edit", args=[case.pk])
    change_case(lifecycle.lock(case.pk), priority=2, agent_id=triage.pk)
    response = signed_in.post(url, form(title="Mine", seen="1"))
    assert response.status_code == 422
    assert "Triage changed the priority while you were writing." in text(response)
    assert "Mine" in text(response)
    assert "<del>Refund</del><ins>Mine</ins>" in text(response)
    assert "<del>high</del><ins>none</ins>" in text(response)
    seen = re.search(r'name="seen" value="(\d+)"', text(response))
    assert seen
    assert signed_in.post(url, form(title="Mine", seen=seen[1])).status_code == 302
    case.refresh_from_db()
    assert (case.title, case.priority) == ("Mine", 0)


def test_a_move_in_the_meantime_does_not_stop_an_edit(signed_in: Client, make_case: Make[Case], triage: Agent) -> None:
    case = make_case("Refund")
    take()
    assert signed_in.post(reverse("case_edit", args=[case.pk]), form(title="Mine", seen="1")).status_code == 302
    assert case.events.filter(kind=Kind.UPDATED).count() == 1


def test_a_case_of_a_paused_queue_is_added_all_the_same(signed_in: Client, queue: Queue) -> None:
    pause_queue(queue)
    signed_in.post(reverse("case_new", args=[queue.pk]), form())
    assert Case.objects.get().status == Status.PENDING
