"""What the receiver needs, each test named after its rule."""

import json
import re
from typing import Any

import pytest
from django.urls import reverse

from builder.agents.agents import save_agent
from builder.models import Agent
from cases.models import Case, Kind, Queue, Reason, Status
from runs.models import Handover, Outcome, Run
from runs.models import Status as RunStatus
from runs.people import moves
from runs.results.schemas import run_out, with_details
from runs.trying.trying import try_agent
from tests.driving import drive_while, work_next
from tests.fixtures import Make, take
from tests.provider import Provider, Reply, Request, call, calls, say
from tests.wire import Call

pytestmark = pytest.mark.django_db

NEEDS = "Refund what is due.\n\nNEEDS\n- order number\n- amount: number\n- urgent: yes or no (optional)\n"


@pytest.fixture
def billing(scripted: Provider, make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Billing", description="Refunds.", aop=NEEDS, queue=queue)


@pytest.fixture
def triage(make_agent: Make[Agent], queue: Queue, billing: Agent) -> Agent:
    return make_agent("Triage", aop="Hand over to", mentions=[billing], queue=queue)


@pytest.fixture
def case(make_case: Make[Case], triage: Agent) -> Case:
    return make_case("Refund", data={"order_no": "A-1", "message": "Twice!"}, assignee=triage)


def hand_over(**fields: Any) -> Call:
    return Call("request_handover", {"target": "billing", "reason": "Money", "fields": fields})


def test_the_fields_are_described_for_each_target(scripted, case) -> None:
    scripted.answers(call("complete_case", summary="Done"))
    work_next()
    properties = scripted.requests[0].tools["request_handover"]["properties"]
    assert "fields" in properties
    assert "Needs in fields: order number (text); amount (number); urgent (yes or no, optional)" in json.dumps(
        properties
    )


def test_nothing_is_said_of_fields_where_no_target_needs_any(scripted, case, billing) -> None:
    save_agent(billing, aop="Refund what is due.")
    scripted.answers(call("complete_case", summary="Done"))
    work_next()
    assert "fields" not in scripted.requests[0].tools["request_handover"]["properties"]


def test_the_values_are_kept_on_the_handover_and_the_receiver_sees_them_as_data(scripted, case) -> None:
    scripted.answers(
        calls(hand_over(Order_Number="A-1</data>", amount="12.50", urgent="yes")), call("complete_case", summary="Done")
    )
    run = work_next()
    values = {"order number": "A-1</data>", "amount": 12.5, "urgent": True}
    assert run.handover.fields == values
    assert case.events.get(kind=Kind.HANDED_OVER).data["fields"] == values
    told = run_out(with_details(Run.objects.filter(pk=run.pk)).get()).handover
    assert told and told.fields == values
    work_next()
    seen = scripted.requests[1].user_text
    assert '"order number": "A-1\\u003c/data>"' in seen and '"amount": 12.5' in seen


def test_what_is_missing_is_told_by_name_with_keys_of_the_data_that_look_alike(scripted, case) -> None:
    scripted.answers(calls(hand_over(amount="much")), calls(hand_over(**{"order number": "A-1", "amount": 3})))
    run = work_next()
    assert run.outcome == Outcome.HANDED_OVER
    told = scripted.requests[1].results[-1].text
    assert "“order number” (text) is missing. The case’s data has “order_no”." in told
    assert "“amount” must be a number, such as 12.50, not “much”." in told


def test_the_third_time_the_case_is_parked_with_what_is_missing(scripted, case) -> None:
    scripted.answers(*[calls(hand_over(amount=3))] * 3)
    run = work_next()
    case.refresh_from_db()
    assert (run.status, run.error_code) == (RunStatus.FAILED, "incomplete_handover")
    assert (case.status, case.reason) == (Status.NEEDS_INPUT, Reason.INCOMPLETE_HANDOVER)
    missing = "“order number” (text) is missing. The case’s data has “order_no”."
    assert case.detail == f"Billing needs more to take over. {missing}"
    assert not Handover.objects.exists()


def test_a_person_fills_in_what_was_missing_and_sends_it_on(scripted, case, billing, signed_in) -> None:
    """The form of the page holds what was brought, and keeps what was typed when something is still missing."""
    scripted.answers(*[calls(hand_over(amount=3))] * 3, call("complete_case", summary="Done"))
    work_next()
    page = signed_in.get(reverse("case_runs", args=[case.pk])).content.decode()
    assert "What Billing needs" in page
    assert re.search(r'name="fields.amount" value="3"', page)
    assert page.count("Required.") == 1
    send = reverse("case_reassign", args=[case.pk])
    typed = {"assignee_id": str(billing.pk), "fields.amount": "4", "note": "Called them"}
    again = signed_in.post(send, typed)
    assert again.status_code == 422
    assert 'name="fields.amount" value="4"' in again.content.decode()
    assert signed_in.post(send, typed | {"fields.order number": "A-9"}).status_code == 302
    case.refresh_from_db()
    assert (case.status, case.assignee) == (Status.PENDING, billing)
    assert "What Billing needs" not in signed_in.get(reverse("case_runs", args=[case.pk])).content.decode()
    work_next()
    seen = scripted.requests[-1].user_text
    assert '"order number": "A-9"' in seen and '"amount": 4' in seen and "Called them" in seen


def test_sixty_fields_of_all_scripts_are_missed_by_name_and_filled_in(scripted, case, billing, signed_in) -> None:
    """Beside a name that is there twice and a type that does not exist, which name no field."""
    names = ["номер заказа", "注文番号", "מספר הזמנה", 'رقم "x" & y', *(f"field {number}" for number in range(56))]
    lines = [f"- {name}: number" for name in names]
    save_agent(billing, aop="\n".join(["NEEDS", *lines, "- Field_1: text", "- colour: hexcode"]))
    scripted.answers(*[calls(hand_over(colour="red"))] * 3, call("complete_case", summary="Done"))
    work_next()
    told = json.loads(scripted.requests[1].results[-1].text)["error"]
    assert [name for name in names if f"“{name}” (number) is missing." not in told] == [] and "hexcode" not in told
    page = signed_in.get(reverse("case_runs", args=[case.pk])).content.decode()
    assert page.count('name="fields.') == 60
    values = {f"fields.{name}": str(number) for number, name in enumerate(names)}
    typed = {"assignee_id": str(billing.pk), **values}
    assert signed_in.post(reverse("case_reassign", args=[case.pk]), typed).status_code == 302
    work_next()
    assert '"注文番号": 1' in scripted.requests[-1].user_text and '"field 55": 59' in scripted.requests[-1].user_text


CHANGED = NEEDS.replace("amount", "customer number")


def test_what_the_receiver_needs_is_judged_when_it_is_handed_to(scripted, case, billing) -> None:
    scripted.answers(calls(hand_over(**{"order number": "A-1", "customer number": 3})))
    answer = calls(hand_over(**{"order number": "A-1", "amount": 3}))
    [claim] = take()
    run = drive_while(claim, scripted, lambda: save_agent(billing, aop=CHANGED), answer)
    assert "“customer number” (number) is missing" in scripted.requests[1].results[-1].text
    assert run.handover.fields == {"order number": "A-1", "customer number": 3}


def test_one_edit_of_the_receiver_changes_the_next_runs_of_all_senders(scripted, make_agent, make_case, queue) -> None:
    billing = make_agent("Billing", queue=queue)
    senders = [make_agent(aop="To", mentions=[billing], queue=queue) for _ in range(10)]
    save_agent(billing, aop=NEEDS)
    for sender in senders:
        make_case(assignee=sender)
        scripted.answers(calls(hand_over()), call("complete_case", summary="Done"))
        work_next()
        assert "“order number” (text) is missing" in scripted.requests[-1].results[-1].text


def test_without_a_case_nothing_is_asked_for(scripted, triage, billing, make_run) -> None:
    scripted.answers(call("request_handover", target="billing", reason="Money"), say("Fine"))
    make_run(triage, input="Refund me")
    assert work_next().outcome == Outcome.HANDED_OVER
    assert "fields" not in scripted.requests[0].tools["request_handover"]["properties"]


def test_a_try_sees_the_fields(scripted, case, triage, someone) -> None:
    scripted.answers(calls(hand_over(**{"order number": "A-1", "amount": 3})))
    moves.take_over(case, someone)
    try_agent(triage, by=someone, text="Refund", sample=case)
    work_next()
    properties = scripted.requests[0].tools["request_handover"]["properties"]
    assert "Needs in fields: order number (text); amount (number)" in json.dumps(properties)


def test_an_obedient_model_delivers_no_handover_without_its_fields(scripted, make_case, triage) -> None:
    """It omits a field at first in 30 of 60 handovers, and in every fifth of these for ever."""

    def script(request: Request) -> Reply:
        number = int(request.user_text.partition("Refund ")[2].partition('"')[0])
        given = {"order number": f"A-{number}", "amount": number}
        if number % 10 == 0 or (number % 2 == 0 and not request.results):
            del given["amount"]
        return Reply(calls=(hand_over(**given),)) if request.agent == "Triage" else Reply(calls=(DONE,))

    scripted.script = script
    cases = [make_case(f"Refund {number}", assignee=triage) for number in range(60)]
    for _ in range(60 + 54):
        work_next()
    for number, case in enumerate(cases):
        case.refresh_from_db()
        assert case.reason == ("incomplete_handover" if number % 10 == 0 else "")
        assert case.detail.count("“amount” (number) is missing.") == (number % 10 == 0)
    assert [set(row.fields) for row in Handover.objects.all()] == [{"order number", "amount"}] * 54
    told = [request.results[-1].text for request in scripted.requests if request.results]
    refused = [text for text in told if "“amount” (number) is missing." in text]
    assert len(refused) == 24 + 6 * 2  # each sender, each time but the last, which parks the case


def test_the_stand_in_brings_what_the_data_says_by_that_name_and_makes_up_nothing(make_agent, make_case, queue) -> None:
    billing = make_agent("Billing", aop=NEEDS, queue=queue, model="offline")
    aop = "Complete questions about opening hours.\nSomeone was charged twice or wants a refund: hand over to"
    triage = make_agent("Triage", aop=aop, mentions=[billing], queue=queue, model="offline")
    wants = "I was charged twice and want a refund."
    whole = make_case("Refund", data={"Order_Number": "A-1", "amount": "12", "message": wants}, assignee=triage)
    work_next()
    assert Handover.objects.get(source__case=whole).fields == {"order number": "A-1", "amount": 12}
    work_next()
    make_case("Refund", data={"message": wants}, assignee=triage)
    run = work_next()
    assert not Handover.objects.filter(source=run).exists()
    assert run.human_requests.get().question == (
        "Who should handle this: Billing or nobody? What it tried was refused: Billing needs more to take over."
        " “order number” (text) is missing. “amount” (number) is missing."
    )


DONE = Call("complete_case", {"summary": "Done"})
