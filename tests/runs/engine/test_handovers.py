"""The rules of handover, each test named after its row."""

import re
from collections.abc import Iterator

import pytest

from builder.agents.agents import delete_agent, pause_agent, save_agent
from builder.agents.connections import Consumes, connect
from builder.models import Agent
from cases.models import Case, Queue, Reason, Status
from cases.work import changes, lifecycle
from runs.models import Handover, Outcome, Run
from runs.models import Status as RunStatus
from runs.people import moves
from teams.audit.actors import Actor
from tests import driving
from tests.driving import drive, drive_while, work_next
from tests.fixtures import Make, events, mention, take
from tests.provider import Provider, call, calls, say
from tests.wire import Call

SOMEONE = Actor("Someone")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, params=[False, True], ids=["given out", "kept"])
def keeps(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Every rule holds whether the case goes through the dispatcher or stays with the worker."""
    token = driving.keeps.set(request.param)
    yield request.param
    driving.keeps.reset(token)


@pytest.fixture
def billing(scripted: Provider, make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Billing Specialist", description="Invoices and refunds.", queue=queue)


@pytest.fixture
def technical(scripted: Provider, make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Technical Support", queue=queue)


@pytest.fixture
def triage(make_agent: Make[Agent], queue: Queue, billing: Agent, technical: Agent) -> Agent:
    return make_agent("Triage", aop="Pass it on to", mentions=[billing, technical], queue=queue)


@pytest.fixture
def case(make_case: Make[Case], triage: Agent) -> Case:
    return make_case("Refund", data={"message": "Twice!"}, assignee=triage)


def hand_over(target: str, reason: str = "It is about money.", **more: str) -> Call:
    return Call("request_handover", {"target": target, "reason": reason, **more})


def test_a_case_travels_to_the_target(scripted, case, triage, billing, keeps) -> None:
    scripted.answers(
        call("request_handover", target="billing-specialist", reason="Money", note="Be kind"),
        call("complete_case", summary="Refunded"),
    )
    first = work_next()
    case.refresh_from_db()
    assert (first.outcome, first.handover.status) == (Outcome.HANDED_OVER, Handover.Status.APPLIED)
    status = Status.IN_PROGRESS if keeps else Status.PENDING
    assert (case.status, case.assignee, case.hops, case.rank) == (status, billing, 1, Case.Rank.HANDED_OVER)
    second = work_next()
    case.refresh_from_db()
    assert (second.agent, second.trigger, second.outcome) == (billing, "handover", Outcome.CASE_COMPLETED)
    assert (case.status, case.detail) == (Status.COMPLETED, "Refunded")
    assert events(case) == ["created", "started", "handed_over", "started", "completed"]


def test_the_target_sees_the_case_and_why_it_got_it_as_quoted_data(scripted, case) -> None:
    scripted.answers(
        call("request_handover", target="billing-specialist", reason="Money</data>", note="Be kind"),
        call("complete_case", summary="Refunded"),
    )
    work_next()
    work_next()
    told = scripted.requests[1].user_text
    assert "Twice!" in told
    assert "Money\\u003c/data>" in told and "Be kind" in told
    [mark] = set(re.findall(r"</(data-[0-9a-f]+)>", told))
    assert told.count(f"</{mark}>") == told.count(f"<{mark}>") == 2  # nothing inside closes the mark
    assert len(scripted.requests[1].messages) == 1  # no transcript is passed


def test_the_allow_list_is_the_mentions_of_the_revision_that_runs(scripted, case, triage, billing, technical) -> None:
    [claim] = take()
    save_agent(triage, aop=mention("Only", technical))
    scripted.answers(call("request_handover", target="billing-specialist", reason="Money"))
    assert drive(claim).handover.target == billing
    assert scripted.requests[0].targets == ["billing-specialist", "technical-support"]


def test_in_a_case_only_consumers_of_its_queue_are_offered(scripted, case, billing) -> None:
    connect(billing, [])
    scripted.answers(call("request_handover", target="technical-support", reason="Broken"))
    work_next()
    assert scripted.requests[0].targets == ["technical-support"]


def test_without_a_usable_target_the_tool_is_not_offered(scripted, make_agent, make_case, queue) -> None:
    make_case(assignee=make_agent(mentions=[make_agent("Elsewhere")], queue=queue))
    scripted.answers(call("complete_case", summary="Done"))
    work_next()
    assert "request_handover" not in scripted.requests[0].tools
    assert "complete_case" in scripted.requests[0].tools


def test_standalone_a_fresh_run_of_the_target_starts_without_context(scripted, triage, billing, make_run) -> None:
    scripted.answers(call("request_handover", target="billing-specialist", reason="Money", note="Be kind"), say("Fine"))
    source = make_run(triage, input="My secret question")
    run = work_next()
    child = run.handover.next_run
    assert (child.agent, child.input, child.parent, child.root, child.hop) == (billing, "", source, source, 1)
    assert work_next().outcome == Outcome.ANSWERED
    told = scripted.requests[1].user_text
    assert "secret" not in told and "Be kind" not in told
    assert run.handover.note == "Be kind"


def test_same_target_twice_in_a_turn(scripted, case) -> None:
    scripted.answers(calls(hand_over("billing-specialist"), hand_over("billing-specialist")))
    run = work_next()
    assert run.outcome == Outcome.HANDED_OVER
    assert results(run) == ["Recorded.", "Already recorded."]
    assert Handover.objects.count() == 1


def test_two_targets_in_a_turn(scripted, case) -> None:
    both = calls(hand_over("billing-specialist"), hand_over("technical-support"))
    scripted.answers(both, both)
    run = work_next()
    assert (run.status, run.error_code) == (RunStatus.FAILED, "ambiguous_handover")
    assert needs(case) == Reason.AMBIGUOUS_HANDOVER
    assert not Handover.objects.exists()


def test_two_targets_then_one(scripted, case) -> None:
    scripted.answers(
        calls(hand_over("billing-specialist"), hand_over("technical-support")), calls(hand_over("technical-support"))
    )
    assert work_next().handover.target_name == "Technical Support"


def test_two_targets_standalone_fail_the_run(scripted, triage, make_run) -> None:
    make_run(triage)
    both = calls(hand_over("billing-specialist"), hand_over("technical-support"))
    scripted.answers(both, both)
    assert work_next().error_code == "ambiguous_handover"


def test_handover_with_other_tool_calls(scripted, case, keeps) -> None:
    update = Call("update_case", {"labels": ["money"]})
    scripted.answers(calls(hand_over("billing-specialist"), update))
    run = work_next()
    case.refresh_from_db()
    assert (run.outcome, case.labels) == (Outcome.HANDED_OVER, ["money"])
    assert events(case) == ["created", "started", "updated", "handed_over", *(["started"] if keeps else [])]


def test_handover_beside_a_failed_call_is_held_once(scripted, case) -> None:
    update = Call("update_case", {"title": "  "})
    scripted.answers(
        calls(update, hand_over("billing-specialist")), calls(hand_over("billing-specialist", note="Look"))
    )
    run = work_next()
    assert run.outcome == Outcome.HANDED_OVER
    assert "failed in the same turn" in results(run)[1]
    assert run.handover.note.startswith("Look\nupdate_case: Error:")


def test_handover_with_a_closing_text(scripted, case) -> None:
    scripted.answers(calls(hand_over("billing-specialist"), text="I pass this on."))
    run = work_next()
    assert (run.outcome, run.result) == (Outcome.HANDED_OVER, "I pass this on.")


@pytest.mark.parametrize("other", [Call("complete_case", {"summary": "x"}), Call("fail_case", {"reason": "x"})])
def test_handover_with_another_outcome_in_a_turn(scripted, case, other) -> None:
    scripted.answers(calls(hand_over("billing-specialist"), other), call("complete_case", summary="Done"))
    run = work_next()
    assert run.outcome == Outcome.CASE_COMPLETED
    assert all("Choose one" in text for text in results(run)[:2])
    assert not Handover.objects.exists()


def test_target_is_itself(scripted, make_agent, make_case, queue, billing) -> None:
    agent = make_agent("Selfish", queue=queue)
    save_agent(agent, aop=mention("Ask", agent, billing))
    make_case(assignee=agent)
    scripted.answers(call("request_handover", target="Selfish", reason="x"), call("complete_case", summary="x"))
    run = work_next()
    assert scripted.requests[0].targets == ["billing-specialist"]
    assert "You already own this" in results(run)[0]


def test_unknown_target(scripted, case) -> None:
    scripted.answers(call("request_handover", target="nobody", reason="x"), call("complete_case", summary="x"))
    run = work_next()
    assert "billing-specialist, technical-support" in results(run)[0]


def test_a_unique_name_is_accepted_whatever_its_case(scripted, case, billing) -> None:
    scripted.answers(call("request_handover", target="BILLING specialist", reason="x"))
    assert work_next().handover.target == billing


def test_three_unknown_targets_in_a_row(scripted, case) -> None:
    scripted.answers(*[call("request_handover", target="nobody", reason="x")] * 3)
    run = work_next()
    assert run.error_code == "invalid_target"
    assert needs(case) == Reason.INVALID_TARGET


def test_target_deleted_since_the_run_started(scripted, case, billing) -> None:
    [claim] = take()
    scripted.answers(call("complete_case", summary="Myself"))
    run = drive_while(claim, scripted, lambda: delete_agent(billing), calls(hand_over("billing-specialist")))
    assert run.outcome == Outcome.CASE_COMPLETED
    assert "was deleted" in results(run)[0]


def test_target_paused_the_case_waits_for_it(scripted, case, billing) -> None:
    pause_agent(billing)
    scripted.answers(calls(hand_over("billing-specialist")))
    assert work_next().outcome == Outcome.HANDED_OVER
    assert take() == []
    case.refresh_from_db()
    assert (case.status, case.assignee) == (Status.PENDING, billing)


def test_target_at_its_limit_the_case_waits_for_it(scripted, case, billing, make_case, queue) -> None:
    connect(billing, [Consumes(queue.pk, 1)])
    busy = make_case(assignee=billing)
    scripted.answers(calls(hand_over("billing-specialist")))
    claims = take(limit=5)
    drive(next(claim for claim in claims if claim.case_id == case.pk))
    assert take() == []
    moves.complete(busy, "", by=SOMEONE)
    assert [claim.case_id for claim in take()] == [case.pk]


def test_hop_limit(scripted, case, queue) -> None:
    Case.objects.filter(pk=case.pk).update(hops=queue.hop_limit)
    scripted.answers(say("I would hand over"), say("Really"))
    run = work_next()
    assert "request_handover" not in scripted.requests[0].tools
    assert "as often as allowed" in scripted.requests[0].user_text
    assert run.error_code == "hop_limit"
    assert needs(case) == Reason.HOP_LIMIT


def test_ping_pong(scripted, make_agent, make_case, queue) -> None:
    ping, pong = make_agent("Ping", queue=queue), make_agent("Pong", queue=queue)
    save_agent(ping, aop=mention("", pong))
    save_agent(pong, aop=mention("", ping))
    case = make_case(assignee=ping)
    scripted.answers(
        *[call("request_handover", target=to, reason=f"for {to}") for to in ("pong", "ping", "pong")],
    )
    for _ in range(3):
        run = work_next()
    assert run.error_code == "loop"
    assert needs(case) == Reason.LOOP
    assert "for pong" in run.error and "for ping" in run.error


@pytest.mark.parametrize("what", ["note", "data"])
def test_ping_pong_with_something_new_goes_on(scripted, make_agent, make_case, queue, what) -> None:
    ping, pong = make_agent("Ping", queue=queue), make_agent("Pong", queue=queue)
    save_agent(ping, aop=mention("", pong))
    save_agent(pong, aop=mention("", ping))
    case = make_case(assignee=ping)
    scripted.answers(
        call("request_handover", target="pong", reason="a"),
        call("request_handover", target="ping", reason="b"),
        call("request_handover", target="pong", reason="c", note="The customer wrote again" if what == "note" else ""),
    )
    work_next()
    work_next()
    if what == "data":
        changes.change_case(lifecycle.lock(case.pk), data={"new": True})
    assert work_next().outcome == Outcome.HANDED_OVER


def test_standalone_chains_have_the_same_limits(scripted, make_agent, make_run) -> None:
    ping, pong = make_agent("Ping"), make_agent("Pong")
    save_agent(ping, aop=mention("", pong))
    save_agent(pong, aop=mention("", ping))
    root = make_run(ping)
    scripted.answers(*[call("request_handover", target=to, reason="x") for to in ("pong", "ping", "pong")])
    runs = [work_next() for _ in range(3)]
    assert [run.outcome for run in runs] == ["handed_over", "handed_over", ""]
    assert runs[-1].error_code == "loop"
    assert {run.root_id for run in runs[1:]} == {root.pk}
    last = make_run(ping, hop=8)
    scripted.answers(say("Done myself"))
    assert work_next().pk == last.pk
    assert "request_handover" not in scripted.requests[-1].tools


def test_only_writing_of_a_transfer_hands_nothing_over(scripted, case) -> None:
    scripted.answers(say("I'll transfer you to billing-specialist."), say("Transferred!"))
    run = work_next()
    assert run.error_code == "no_outcome"
    assert needs(case) == Reason.NO_OUTCOME
    assert len(scripted.requests) == 2


def test_one_corrective_turn_can_save_it(scripted, case) -> None:
    scripted.answers(say("I'll transfer you."), calls(hand_over("billing-specialist")))
    assert work_next().outcome == Outcome.HANDED_OVER


def test_a_request_to_a_person_is_open(scripted, case) -> None:
    scripted.answers(calls(Call("ask_person", {"question": "Which?"}), hand_over("billing-specialist")))
    run = work_next()
    assert run.status == RunStatus.WAITING
    assert results(run) == ["A request to a person is open. Decide when it is answered."]
    assert needs(case) == Reason.QUESTION


def test_the_target_works_with_the_revision_that_is_live_when_it_begins(scripted, case, billing, keeps) -> None:
    scripted.answers(calls(hand_over("billing-specialist")), call("complete_case", summary="x"))
    work_next()
    save_agent(billing, aop="The newest procedure")
    run = work_next()
    # What is kept has begun before that was saved.
    assert (run.agent, run.revision.number) == (billing, 1 if keeps else 2)
    assert ("The newest procedure" in scripted.requests[1].system) != keeps


def test_stop_pressed_before_the_commit(scripted, case, member) -> None:
    [claim] = take()
    stopper = Run.objects.get(pk=claim.run_id)
    run = drive_while(
        claim,
        scripted,
        lambda: moves.stop_run(stopper, by=SOMEONE),
        calls(hand_over("billing-specialist")),
    )
    assert run.status == RunStatus.STOPPED
    assert needs(case) == Reason.RUN_STOPPED


def results(run: Run) -> list[str]:
    return [step.data["content"] for step in run.steps.filter(kind="tool_result")]


def needs(case: Case) -> str:
    case.refresh_from_db()
    assert case.status == Status.NEEDS_INPUT
    return case.reason
