"""The pages of runs, and the parts of them on other pages."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from builder.agents.agents import delete_agent, pause_agent
from builder.models import Agent
from cases.models import Case, Queue
from runs.engine import completion
from runs.models import HumanRequest, Run, Status
from runs.people import moves
from runs.people.moves import delete
from runs.record import outcomes
from teams.audit.actors import BATON, Actor
from teams.models import Member, Team
from tests.driving import finish, work_next
from tests.fixtures import Make, take
from tests.provider import Provider, Reply, call, say
from tests.responses import Response
from tests.wire import Call

pytestmark = pytest.mark.django_db


def page(client: Client, name: str, *args: object, status: int = 200, **query: Any) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == status
    return response.content.decode()


def messages_of(response: Response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.fixture
def billing(scripted: Provider, make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Billing Specialist", queue=queue)


@pytest.fixture
def triage(make_agent: Make[Agent], billing: Agent, queue: Queue) -> Agent:
    return make_agent("Triage", mentions=[billing], queue=queue)


@pytest.fixture
def asks(scripted: Provider, triage: Agent, make_run: Make[Run]) -> Run:
    """A standalone run that waits for an answer."""
    scripted.answers(call("ask_person", question="Which **plan**?", choices=["Small", "Large"]))
    make_run(triage, input="A customer wants a plan")
    return work_next()


@pytest.fixture
def asks_on_case(scripted: Provider, triage: Agent, make_case: Make[Case]) -> Run:
    scripted.answers(call("ask_person", question="Which plan?", choices=["Small", "Large"]))
    make_case("New plan", assignee=triage)
    return work_next()


# --- The list --------------------------------------------------------------------------------


def test_an_empty_list_says_how_runs_come_about(signed_in: Client) -> None:
    assert "No runs yet" in page(signed_in, "runs")


def test_the_list_says_who_worked_on_what_and_what_came_of_it(
    signed_in: Client, scripted: Provider, triage: Agent, make_run: Make[Run], make_case: Make[Case]
) -> None:
    make_case("Charged twice", assignee=triage)
    scripted.answers(call("request_handover", target="billing-specialist", reason="Money"), say("Hello"))
    work_next()
    make_run(triage, input="Only <b>this</b>")
    work_next()
    html = page(signed_in, "runs")
    assert "Charged twice" in html and "Only &lt;b&gt;this" in html
    assert html.count("Handed over to") >= 1 and "Billing Specialist" in html
    assert "Answered" in html


@pytest.fixture
def various(triage: Agent, billing: Agent, make_run: Make[Run], make_case: Make[Case]) -> dict[str, Run]:
    case = make_case("Broken printer", assignee=triage)
    [claim] = take()
    finish(claim, outcomes.Broken("no_outcome", "It said nothing."))
    return {
        "failed on case": Run.objects.get(case=case),
        "queued": make_run(billing, input="A letter to Marta"),
        "waiting": make_run(billing, status="waiting"),
        "answered": make_run(triage, status="completed", outcome="answered", result="All is well"),
        "failed": make_run(triage, status="failed", error_code="model_error", error="Out of paper"),
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "marta"}, ["queued"]),
        ({"q": "mar"}, ["queued"]),
        ({"q": "letter marta printer"}, []),
        ({"q": "1"}, ["failed on case"]),
        ({"q": "well"}, ["answered"]),
        ({"q": "printer"}, ["failed on case"]),
        ({"q": "#1"}, ["failed on case"]),
        ({"q": "paper out"}, ["failed"]),
        ({"q": "billing"}, ["queued", "waiting"]),
        ({"q": "\x00"}, ["failed on case", "queued", "waiting", "answered", "failed"]),
        ({"state": "failed"}, ["failed on case", "failed"]),
        ({"state": "answered"}, ["answered"]),
        ({"state": "attention"}, ["failed on case", "waiting", "failed"]),
        ({"state": "nonsense"}, ["failed on case", "queued", "waiting", "answered", "failed"]),
        ({"on": "case"}, ["failed on case"]),
        ({"on": "standalone"}, ["queued", "waiting", "answered", "failed"]),
        ({"on": "standalone", "state": "failed"}, ["failed"]),
        ({"trigger": "dispatch"}, ["failed on case"]),
        ({"trigger": "manual", "state": "failed"}, ["failed"]),
        ({"since": "2020-01-01", "until": "2020-01-02"}, []),
        ({"since": "2020-01-01", "until": "2999-01-01", "state": "failed"}, ["failed on case", "failed"]),
        ({"since": "yesterday"}, ["failed on case", "queued", "waiting", "answered", "failed"]),
        ({"state": "completed"}, ["answered"]),
        ({"agent": "not an id"}, ["failed on case", "queued", "waiting", "answered", "failed"]),
    ],
)
def test_the_list_is_searched_and_filtered(
    signed_in: Client, various: dict[str, Run], query: dict[str, str], expected: list[str]
) -> None:
    html = page(signed_in, "runs", status=200, **query)
    assert [name for name, run in various.items() if f'id="run-{run.pk}"' in html] == expected


def test_the_list_is_filtered_by_agent_and_by_case(signed_in: Client, various: dict[str, Run], billing: Agent) -> None:
    html = page(signed_in, "runs", agent=billing.pk)
    assert f'id="run-{various["queued"].pk}"' in html and f'id="run-{various["failed"].pk}"' not in html
    html = page(signed_in, "runs", case=various["failed on case"].case_id)
    assert "Only runs of" in html and f'id="run-{various["failed"].pk}"' not in html


def test_a_failure_without_a_case_needs_no_attention_once_someone_has_seen_it(
    signed_in: Client, member: Member, make_run: Make[Run]
) -> None:
    run = make_run(status="failed", error_code="budget", error="Too long.")
    assert reverse("run_seen", args=[run.pk]) in page(signed_in, "runs", state="attention")
    assert reverse("run_seen", args=[run.pk]) in page(signed_in, "run", run.pk)
    back = reverse("runs") + "?state=attention"
    assert signed_in.post(reverse("run_seen", args=[run.pk]), {"next": back}).headers["location"] == back
    assert str(run.pk) not in page(signed_in, "runs", state="attention")
    assert f"{member.user} has seen it" in page(signed_in, "run", run.pk)
    assert reverse("run_seen", args=[run.pk]) not in page(signed_in, "run", run.pk)


def test_only_what_failed_without_a_case_is_seen(
    signed_in: Client, make_run: Make[Run], make_case: Make[Case], queue: Queue
) -> None:
    on_case = make_run(case=make_case(), queue=queue, status="failed", error_code="budget")
    for run in (on_case, make_run(status="waiting")):
        signed_in.post(reverse("run_seen", args=[run.pk]))
        run.refresh_from_db()
        assert run.seen_at is None
        assert reverse("run_seen", args=[run.pk]) not in page(signed_in, "run", run.pk)


def test_a_failure_needs_no_attention_once_someone_acted_on_its_case(
    signed_in: Client, various: dict[str, Run], someone: Actor
) -> None:
    case = various["failed on case"].case
    assert case
    moves.complete(case, "Bought a new one", someone)
    assert f'id="run-{various["failed on case"].pk}"' not in page(signed_in, "runs", state="attention")


def test_runs_are_found_by_what_they_say_at_their_end(signed_in: Client, asks: Run, someone: Actor) -> None:
    assert f'id="run-{asks.pk}"' not in page(signed_in, "runs", q="zebra")
    run = Run.objects.get(pk=asks.pk)
    run.result, run.status, run.ended_at, run.outcome = "A zebra", "completed", timezone.now(), "answered"
    run.save()
    assert f'id="run-{asks.pk}"' in page(signed_in, "runs", q="zebra")


def test_runs_are_sorted_by_length_and_cost(signed_in: Client, triage: Agent, make_run: Make[Run]) -> None:
    now = timezone.now()
    runs = [
        make_run(triage, status="stopped", started_at=now, ended_at=now + timedelta(minutes=length), cost_usd=cost)
        for length, cost in ((5, 2), (60 * 30, None), (7, 1))
    ]
    live = make_run(triage)

    def order(html: str) -> list[int]:
        return sorted(
            (n for n, run in enumerate(runs) if str(run.pk) in html), key=lambda n: html.index(str(runs[n].pk))
        )

    html = page(signed_in, "runs", sort="longest")
    assert order(html) == [1, 2, 0] and str(live.pk) not in html and "3 runs" in html
    html = page(signed_in, "runs", sort="cost")
    assert order(html) == [0, 2] and "$2.00" in html


def test_sorted_lists_turn_pages(signed_in: Client, triage: Agent, make_run: Make[Run]) -> None:
    now = timezone.now()
    for number in range(51):
        ended = now + timedelta(hours=number)
        make_run(triage, input=f"number {number}.", status="stopped", started_at=now, ended_at=ended, cost_usd=number)
    for sort in ("longest", "cost"):
        html = page(signed_in, "runs", sort=sort)
        assert "number 50." in html and "number 0." not in html
        cursor = html.partition(f'rel="next" href="?sort={sort}&amp;cursor=')[2].partition('"')[0]
        assert "number 0." in page(signed_in, "runs", sort=sort, cursor=cursor)


def test_a_list_is_of_one_chain(signed_in: Client, triage: Agent, make_run: Make[Run]) -> None:
    first, other = make_run(triage), make_run(triage)
    second = make_run(triage, root=first, parent=first, hop=1)
    html = page(signed_in, "runs", chain=first.pk)
    assert str(second.pk) in html and f'id="run-{other.pk}"' not in html and "Only runs of one chain" in html


def test_beyond_a_thousand_nobody_counts(
    signed_in: Client, triage: Agent, make_run: Make[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runs.results.queries.COUNTED", 3)
    for _ in range(3):
        make_run(triage)
    assert "3 runs" in page(signed_in, "runs")
    make_run(triage)
    assert "3+ runs" in page(signed_in, "runs")


def test_a_list_without_hits_offers_all_runs(signed_in: Client, various: dict[str, Run]) -> None:
    assert "No matching runs" in page(signed_in, "runs", q="zebra")


def test_the_list_turns_pages(signed_in: Client, triage: Agent, make_run: Make[Run]) -> None:
    for number in range(51):
        make_run(triage, input=f"number {number}.", created_at=timezone.now() + timedelta(minutes=number))
    html = page(signed_in, "runs")
    assert "number 50." in html and "number 0." not in html and 'rel="next"' in html
    cursor = html.partition('rel="next" href="?cursor=')[2].partition('"')[0]
    assert "number 0." in page(signed_in, "runs", cursor=cursor)


def test_a_live_list_fetches_only_its_part(signed_in: Client, various: dict[str, Run]) -> None:
    response = signed_in.get(reverse("runs"), headers={"HX-Request": "true", "HX-Target": "div#results"})
    html = response.content.decode()
    assert html.lstrip().startswith('<div id="results"') and "<html" not in html


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_the_list_asks_as_often_for_many_runs_as_for_one(
    signed_in: Client, scripted: Provider, triage: Agent, make_run: Make[Run], make_case: Make[Case]
) -> None:
    def more(count: int) -> None:
        scripted.answers(*[call("request_handover", target="billing-specialist", reason="Money")] * 2 * count)
        for _ in range(count):
            make_case(assignee=triage)
            make_run(triage, input="x")
        for _ in range(2 * count):
            work_next()

    more(1)
    few = queries(signed_in, reverse("runs"))
    more(3)
    assert queries(signed_in, reverse("runs")) == few


# --- One run ---------------------------------------------------------------------------------


def test_a_standalone_handover_leads_to_the_run_that_came_of_it(
    signed_in: Client, scripted: Provider, triage: Agent, billing: Agent, make_run: Make[Run]
) -> None:
    scripted.answers(
        call("request_handover", target="billing-specialist", reason="It is about money", note="Be kind"),
        say("Paid **back**"),
    )
    make_run(triage, input="Charged twice")
    first = work_next()
    html = page(signed_in, "run", first.pk)
    assert "Handed over to" in html and "It is about money" in html and "Be kind" in html
    assert reverse("agent", args=[billing.pk]) in html
    assert reverse("run", args=[first.handover.next_run_id]) in html
    second = work_next()
    html = page(signed_in, "run", second.pk)
    assert "Paid <strong>back</strong>" in html
    assert "Handover from" in html and reverse("run", args=[first.pk]) in html


def test_a_handover_on_a_case_says_what_came_of_it(
    signed_in: Client, scripted: Provider, triage: Agent, make_case: Make[Case]
) -> None:
    case = make_case("Charged twice", assignee=triage)
    scripted.answers(
        call("request_handover", target="billing-specialist", reason="Money"),
        call("complete_case", summary="Paid back"),
    )
    first = work_next()
    html = page(signed_in, "run", first.pk)
    assert "waits for Billing Specialist to take it up" in html and reverse("case", args=[case.pk]) in html
    second = work_next()
    assert reverse("run", args=[second.pk]) in page(signed_in, "run", first.pk)
    assert "Paid back" in page(signed_in, "run", second.pk)


def test_a_deleted_target_is_red(
    signed_in: Client, scripted: Provider, triage: Agent, billing: Agent, make_run: Make[Run]
) -> None:
    scripted.answers(call("request_handover", target="billing-specialist", reason="Money"))
    make_run(triage)
    first = work_next()
    delete_agent(billing)
    assert 'data-status="deleted"' in page(signed_in, "run", first.pk)


def test_what_a_model_writes_is_shown_and_not_obeyed(
    signed_in: Client, scripted: Provider, triage: Agent, make_run: Make[Run]
) -> None:
    scripted.answers(say("<script>alert(1)</script> [x](javascript:alert(1)) ![y](https://evil.example/)"))
    make_run(triage, input="<img src=x>")
    html = page(signed_in, "run", work_next().pk)
    assert "<script>alert" not in html and 'href="javascript' not in html and "<img" not in html.partition("<main")[2]


def test_a_missing_key_says_what_to_set(
    signed_in: Client, make_agent: Make[Agent], make_run: Make[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    make_run(make_agent("Writer", model="openai-chat:x"))
    html = page(signed_in, "run", work_next().pk)
    assert "The model has no key" in html and reverse("model_settings") in html and "Open Writer" in html


def test_a_run_that_tries_again_says_when_and_why(signed_in: Client, triage: Agent, make_run: Make[Run]) -> None:
    run = make_run(triage, error="429: slow down", retries=2, available_at=timezone.now() + timedelta(seconds=30))
    html = page(signed_in, "run", run.pk)
    assert "Trying again in" in html and "429: slow down" in html and "try 2 of" in html
    assert "Trying again soon" in page(signed_in, "runs")


def test_a_corrected_and_a_refused_turn_are_told(
    signed_in: Client, scripted: Provider, triage: Agent, make_case: Make[Case]
) -> None:
    make_case("Charged twice", assignee=triage)
    scripted.answers(
        say("I will transfer you"), call("send_mail", to="x"), call("complete_case", summary="Done after all")
    )
    html = page(signed_in, "run", work_next().pk)
    assert "Corrected by Baton" in html
    assert "Wanted to use send mail" in html and "Not done: There is no tool send_mail" in html
    assert "Done after all" in html


def test_a_handover_that_was_not_applied_says_so(
    signed_in: Client, scripted: Provider, triage: Agent, billing: Agent, make_run: Make[Run]
) -> None:
    make_run(triage)
    [claim] = take()
    run = Run.objects.get(pk=claim.run_id)
    moves.stop_run(run, BATON)
    completion.note_refusal(claim, outcomes.HandedOver(billing, "It is about money", "", ""))
    html = page(signed_in, "run", run.pk)
    assert "Stopped" in html and "but that was not applied" in html and "It is about money" in html


def test_the_chain_of_a_case_is_shown_with_this_run_marked(
    signed_in: Client, scripted: Provider, triage: Agent, make_case: Make[Case]
) -> None:
    make_case(assignee=triage)
    scripted.answers(
        call("request_handover", target="billing-specialist", reason="Money"), call("complete_case", summary="Done")
    )
    work_next()
    html = page(signed_in, "run", work_next().pk)
    assert "Runs of this case" in html and html.count('aria-current="true"') >= 1


def test_a_page_of_a_run_asks_as_often_for_many_steps_as_for_few(
    signed_in: Client, scripted: Provider, triage: Agent, make_case: Make[Case]
) -> None:
    def worked(changes: int) -> Run:
        make_case(assignee=triage)
        scripted.answers(
            *[call("update_case", title=f"Title {number}") for number in range(changes)],
            call("complete_case", summary="Done"),
        )
        return work_next()

    few, many = worked(1), worked(6)
    assert queries(signed_in, reverse("run", args=[few.pk])) == queries(signed_in, reverse("run", args=[many.pk]))


def test_a_run_of_a_deleted_case_is_still_readable(signed_in: Client, asks_on_case: Run, someone: Actor) -> None:
    assert asks_on_case.case
    delete(asks_on_case.case, someone)
    html = page(signed_in, "run", asks_on_case.pk)
    assert "(deleted)" in html and reverse("case", args=[asks_on_case.case_id]) not in html


# --- Start, again, stop ----------------------------------------------------------------------


def test_starting_leads_to_the_run(signed_in: Client, triage: Agent, member: Member) -> None:
    response = signed_in.post(reverse("run_start", args=[triage.pk]), {"input": "Charged\r\ntwice"})
    run = Run.objects.get(agent=triage)
    assert response.headers["Location"] == reverse("run", args=[run.pk])
    assert (run.input, run.started_by, run.trigger) == ("Charged\ntwice", member.user, Run.Trigger.MANUAL)


def test_a_refused_start_goes_back_to_the_agent_with_the_reason(signed_in: Client, triage: Agent) -> None:
    pause_agent(triage)
    response = signed_in.post(reverse("run_start", args=[triage.pk]))
    assert response.headers["Location"] == reverse("agent", args=[triage.pk])
    assert messages_of(response) == ["Triage is paused. Resume it to start a run."]


def test_a_refused_start_keeps_what_was_typed(signed_in: Client, triage: Agent, billing: Agent) -> None:
    delete_agent(billing)
    response = signed_in.post(reverse("run_start", args=[triage.pk]), {"input": "A long <letter>"})
    html = response.content.decode()
    assert response.status_code == 422
    assert "A long &lt;letter&gt;</textarea>" in html and "@Billing Specialist" in html
    assert not Run.objects.exists()


def test_run_again_takes_the_same_input(signed_in: Client, triage: Agent, make_run: Make[Run]) -> None:
    old = make_run(triage, input="Charged twice", status="stopped")
    response = signed_in.post(reverse("run_again", args=[old.pk]))
    new = Run.objects.exclude(pk=old.pk).get()
    assert response.headers["Location"] == reverse("run", args=[new.pk])
    assert (new.agent, new.input) == (triage, "Charged twice")


def test_a_run_on_a_case_is_not_run_again(signed_in: Client, asks_on_case: Run) -> None:
    response = signed_in.post(reverse("run_again", args=[asks_on_case.pk]))
    assert response.headers["Location"] == reverse("run", args=[asks_on_case.pk])
    assert Run.objects.count() == 1


def test_stop_stops_and_a_second_stop_says_so(signed_in: Client, asks: Run) -> None:
    signed_in.post(reverse("run_stop", args=[asks.pk]))
    asks.refresh_from_db()
    assert asks.status == Status.STOPPED
    response = signed_in.post(reverse("run_stop", args=[asks.pk]), {"next": reverse("runs")})
    assert response.headers["Location"] == reverse("runs")
    assert messages_of(response) == ["This run had already ended."]


def test_nobody_is_led_to_another_site(signed_in: Client, asks: Run) -> None:
    response = signed_in.post(reverse("run_stop", args=[asks.pk]), {"next": "https://evil.example/"})
    assert response.headers["Location"] == reverse("run", args=[asks.pk])


# --- Questions -------------------------------------------------------------------------------


def question_of(run: Run) -> HumanRequest:
    return run.human_requests.get()


def test_a_waiting_run_shows_its_question_to_answer(signed_in: Client, asks: Run) -> None:
    html = page(signed_in, "run", asks.pk)
    assert "Which <strong>plan</strong>?" in html
    assert 'name="choice" value="Small"' in html and 'name="answer"' in html


def test_a_choice_answers_and_the_run_goes_on(signed_in: Client, asks: Run, member: Member) -> None:
    address = reverse("answer", args=[question_of(asks).pk])
    response = signed_in.post(address, {"choice": "Small", "answer": "half a thought"})
    assert response.headers["Location"] == reverse("run", args=[asks.pk])
    request = question_of(asks)
    assert (request.answer, request.answered_by) == ("Small", member.user)
    asks.refresh_from_db()
    assert asks.status == Status.QUEUED


def test_an_empty_answer_is_refused_in_a_sentence(signed_in: Client, asks: Run) -> None:
    response = signed_in.post(reverse("answer", args=[question_of(asks).pk]), {"answer": "  "})
    assert response.status_code == 422
    assert "Enter an answer." in response.content.decode()


def test_an_answer_that_comes_too_late_is_kept(signed_in: Client, asks: Run) -> None:
    address = reverse("answer", args=[question_of(asks).pk])
    signed_in.post(address, {"choice": "Small"})
    response = signed_in.post(address, {"answer": "My long thoughts"})
    html = response.content.decode()
    assert response.status_code == 422
    assert "answered or closed in the meantime" in html and "My long thoughts" in html and "Small" in html


def test_htmx_gets_the_question_as_it_stands(signed_in: Client, asks: Run) -> None:
    address = reverse("answer", args=[question_of(asks).pk])
    refused = signed_in.post(address, {"answer": "x" * 10_001}, headers={"HX-Request": "true"})
    html = refused.content.decode()
    assert refused.status_code == 422 and "<html" not in html and "x" * 10_001 in html
    done = signed_in.post(address, {"answer": "Both"}, headers={"HX-Request": "true"})
    assert done.status_code == 200 and "Both" in done.content.decode() and "<form" not in done.content.decode()


def test_two_questions_of_a_turn_are_both_shown(
    signed_in: Client, scripted: Provider, triage: Agent, make_run: Make[Run]
) -> None:
    asked = [Call("ask_person", {"question": f"Question {number}?"}) for number in (1, 2)]
    scripted.answers(Reply(calls=tuple(asked)))
    make_run(triage)
    html = page(signed_in, "run", work_next().pk)
    assert html.count('name="answer"') == 2


# --- Parts of other pages --------------------------------------------------------------------


def test_the_runs_of_an_agent_are_a_tab_and_a_part(signed_in: Client, asks: Run, triage: Agent, billing: Agent) -> None:
    address, html = reverse("agent_runs", args=[triage.pk]), page(signed_in, "agent_runs", triage.pk)
    assert f'href="{address}" aria-current="page"' in html and reverse("run", args=[asks.pk]) in html
    for part in ("tab", "agent-runs"):
        drawn = signed_in.get(address, headers={"HX-Target": f"div#{part}"}).text
        assert drawn.lstrip().startswith(f'<div id="{part}"') and reverse("run", args=[asks.pk]) in drawn
    assert f'href="{reverse("runs")}?agent={triage.pk}"' in html
    assert "has no runs yet" in page(signed_in, "agent_runs", billing.pk)


def test_the_work_of_an_agent_is_counted_with_links(signed_in: Client, asks_on_case: Run, triage: Agent) -> None:
    html = page(signed_in, "agent_work", triage.pk)
    assert "1 open case<" in html and "1 live run<" in html
    assert reverse("run", args=[asks_on_case.pk]) in html and reverse("case", args=[asks_on_case.case_id]) in html
    delete(asks_on_case.case, BATON)  # type: ignore[arg-type]
    assert "no open cases and no live runs" in page(signed_in, "agent_work", triage.pk)


def test_a_case_shows_its_live_run_and_the_question(signed_in: Client, asks_on_case: Run) -> None:
    html = page(signed_in, "case_runs", asks_on_case.case_id)
    assert "asks a question and waits" in page(signed_in, "case", asks_on_case.case_id)
    assert "Which plan?" in html and 'name="choice"' in html
    assert reverse("run_stop", args=[asks_on_case.pk]) in html


def test_a_case_without_a_live_run_leads_to_its_last_one(
    signed_in: Client, asks_on_case: Run, make_case: Make[Case], someone: Actor
) -> None:
    moves.stop_run(asks_on_case, someone)
    html = page(signed_in, "case_runs", asks_on_case.case_id)
    assert "Last run:" in html and "Stopped" in html and "<form" not in html
    assert "Last run:" not in page(signed_in, "case_runs", make_case().pk)


# --- Who may see what ------------------------------------------------------------------------


@pytest.fixture
def theirs(make_team: Make[Team], make_agent: Make[Agent], make_run: Make[Run]) -> Run:
    return make_run(make_agent("Spy", of=make_team("Theirs")), input="Their secret", status="waiting")


def test_runs_of_another_team_are_nowhere(signed_in: Client, theirs: Run) -> None:
    request = HumanRequest.objects.create(team_id=theirs.team_id, run=theirs, call_id="c", question="Their question?")
    assert "Their secret" not in page(signed_in, "runs")
    for query in ({"q": "secret"}, {"chain": theirs.pk}, {"agent": theirs.agent_id}, {"state": "waiting"}):
        assert f'id="run-{theirs.pk}"' not in page(signed_in, "runs", status=200, **query)
    page(signed_in, "run", theirs.pk, status=404)
    page(signed_in, "agent_runs", theirs.agent_id, status=404)
    page(signed_in, "agent_work", theirs.agent_id, status=404)
    for name, id in (
        ("run_stop", theirs.pk),
        ("run_again", theirs.pk),
        ("run_start", theirs.agent_id),
        ("answer", request.pk),
    ):
        assert signed_in.post(reverse(name, args=[id]), {"answer": "x"}).status_code == 404
    theirs.refresh_from_db()
    assert theirs.status == Status.WAITING


def test_strangers_sign_in_first(client: Client, asks: Run) -> None:
    for name in ("run", "run_stop"):
        response = client.get(reverse(name, args=[asks.pk]))
        assert response.status_code in (302, 405)
    assert client.post(reverse("run_stop", args=[asks.pk])).status_code == 401
    asks.refresh_from_db()
    assert asks.status == Status.WAITING


def test_acts_are_posts(signed_in: Client, asks: Run) -> None:
    for name in ("run_stop", "run_again"):
        assert signed_in.get(reverse(name, args=[asks.pk])).status_code == 405


# --- Approvals -------------------------------------------------------------------------------


@pytest.fixture
def approval(scripted: Provider, triage: Agent, make_case: Make[Case]) -> HumanRequest:
    scripted.answers(call("request_approval", title="Refund 40 €", details="To: **Ann**\nAmount: 40.00 EUR"))
    make_case("Refund", assignee=triage)
    work_next()
    return HumanRequest.objects.get()


def test_an_approval_is_shown_as_it_was_written(signed_in: Client, approval: HumanRequest) -> None:
    html = page(signed_in, "run", approval.run_id)
    assert "To: **Ann**\nAmount: 40.00 EUR" in html and "Do not approve" in html
    assert "asks for approval and waits" in page(signed_in, "case", approval.run.case_id)


def test_an_approval_is_decided_with_a_comment(signed_in: Client, approval: HumanRequest) -> None:
    signed_in.post(reverse("answer", args=[approval.pk]), {"decision": "refuse", "answer": "Too much"})
    approval.refresh_from_db()
    assert (approval.status, approval.approved, approval.answer) == ("answered", False, "Too much")
    assert "Not approved. Too much" in " ".join(page(signed_in, "run", approval.run_id).split())


def test_without_a_decision_the_comment_is_kept(signed_in: Client, approval: HumanRequest) -> None:
    response = signed_in.post(reverse("answer", args=[approval.pk]), {"answer": "Well"})
    assert response.status_code == 422
    assert "Approve or refuse." in response.content.decode() and "Well" in response.content.decode()
    approval.refresh_from_db()
    assert approval.status == "open"
