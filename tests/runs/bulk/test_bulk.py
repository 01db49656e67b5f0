"""One act on many cases: what is done, what is left alone, and what happens when someone else is quicker."""

import os
import signal
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from builder.agents.agents import delete_agent
from builder.agents.connections import connect
from builder.models import Agent
from cases.models import Case, Queue, Reason, Status
from cases.queues import labels
from cases.search.filters import CaseFilter, find_cases
from cases.work import lifecycle
from data.errors import Refused
from runs.bulk import bulk, processing, progress
from runs.models import BulkAction, BulkItem, Run
from runs.people import moves
from teams.audit.actors import Actor
from teams.groups import groups
from teams.groups.groups import GroupFields
from teams.models import Team
from tests.fixtures import Make, events, take

pytestmark = pytest.mark.django_db


def do(team: Team, by: Actor, verb: str, cases: Any = None, /, **arguments: object) -> BulkAction:
    """The whole action, on all cases of the team or on those that are given."""
    chosen = find_cases(team, CaseFilter())
    if cases is not None:
        chosen = chosen.filter(pk__in=[case.pk for case in cases])
    action = bulk.start(team, verb, arguments, chosen, by)
    processing.process(action.pk, 60)
    action.refresh_from_db()
    return action


def undo(action: BulkAction, by: Actor) -> BulkAction:
    back = bulk.undo(action, by)
    processing.process(back.pk, 60)
    back.refresh_from_db()
    return back


def became(action: BulkAction) -> dict[int, tuple[str, str]]:
    """State and reason by the number of the case."""
    rows = action.items.order_by("case__number").values_list("case__number", "state", "text")
    return {number: (state, text) for number, state, text in rows}


@pytest.fixture
def triage(make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Triage", queue=queue)


def test_each_case_tells_of_it_and_those_with_the_label_are_left_alone(
    team: Team, someone: Actor, make_case: Make[Case]
) -> None:
    first, second = make_case(labels=["vip"]), make_case(labels=["mail"])
    action = do(team, someone, "add_label", label="vip")
    assert action.status == "done"
    assert became(action) == {1: ("skipped", "Has the label already"), 2: ("done", "")}
    second.refresh_from_db()
    assert second.labels == ["mail", "vip"]
    assert (events(first), events(second)) == (["created"], ["created", "updated"])
    assert second.events.get(kind="updated").actor == someone.label


def test_completing_stops_the_run_and_leaves_closed_cases_alone(
    team: Team, someone: Actor, triage: Agent, make_case: Make[Case]
) -> None:
    worked = make_case()
    take()
    closed = make_case()
    moves.fail(closed, "", someone)
    action = do(team, someone, "complete", text="Done by hand")
    worked.refresh_from_db()
    assert (worked.status, worked.detail) == ("completed", "Done by hand")
    assert Run.objects.get().status == "stopped"
    assert became(action)[closed.number] == ("skipped", "Is closed already")


def test_a_preview_says_what_will_be(
    team: Team, someone: Actor, triage: Agent, make_agent: Make[Agent], make_queue: Make[Queue], make_case: Make[Case]
) -> None:
    make_case()
    take()
    moves.complete(make_case(), "", someone)
    make_case(in_queue=make_queue())
    billing = make_agent("Billing", queue=Queue.objects.get(name="Support"))
    found = bulk.preview(team, "assign", {"agent": str(billing.pk)}, find_cases(team, CaseFilter()))
    assert (found.total, found.acts_on, found.working) == (3, 1, 1)
    assert found.left_alone == [("Is closed already", 1), ("Its queue is not worked by this agent", 1)]


@pytest.mark.parametrize(
    ("verb", "arguments", "fields"),
    [
        ("add_label", {"label": "vip"}, {"labels": ["mail"]}),
        ("remove_label", {"label": "mail"}, {"labels": ["mail"]}),
        ("priority", {"priority": 2}, {"priority": 1}),
        ("postpone", {"until": (timezone.now() + timedelta(days=1)).isoformat()}, {"status": "pending"}),
    ],
)
def test_what_can_be_undone_is_as_before(
    team: Team, someone: Actor, make_case: Make[Case], verb: str, arguments: dict[str, Any], fields: dict[str, Any]
) -> None:
    case = make_case(labels=["mail"], priority=1)
    action = do(team, someone, verb, **arguments)
    case.refresh_from_db()
    assert {name: getattr(case, name) for name in fields} != fields
    assert became(undo(action, someone)) == {1: ("done", "")}
    case.refresh_from_db()
    assert {name: getattr(case, name) for name in fields} == fields
    with pytest.raises(Refused, match="already been undone"):
        bulk.undo(action, someone)


def test_undoing_puts_cases_back_where_they_were(
    team: Team, someone: Actor, triage: Agent, make_agent: Make[Agent], queue: Queue, make_case: Make[Case]
) -> None:
    worked = make_case()
    take()
    until = timezone.now() + timedelta(days=2)
    later, parked, plain, moved = make_case(postpone_until=until), make_case(), make_case(), make_case()
    with transaction.atomic():
        lifecycle.park(lifecycle.lock(parked.pk), Reason.LOOP, "Round and round")
    billing = make_agent("Billing", queue=queue)
    action = do(team, someone, "assign", agent=str(billing.pk), name="Billing")
    assert set(Case.objects.values_list("status", "assignee")) == {("pending", billing.pk)}
    moves.complete(moved, "", someone)
    back = undo(action, someone)
    assert became(back)[moved.number] == ("failed", "The case has moved on since, so this cannot be undone.")
    facts = {case.number: case for case in Case.objects.all()}
    assert (facts[worked.number].status, facts[worked.number].assignee) == ("pending", triage)
    assert (facts[later.number].status, facts[later.number].due_at) == ("postponed", until)
    assert (facts[parked.number].reason, facts[parked.number].detail) == ("loop", "Round and round")
    assert (facts[plain.number].status, facts[plain.number].assignee) == ("pending", None)


def test_what_cannot_be_undone_is_refused(team: Team, someone: Actor, make_case: Make[Case]) -> None:
    make_case()
    with pytest.raises(Refused, match="cannot be undone"):
        bulk.undo(do(team, someone, "delete"), someone)
    assert Case.objects.present().count() == 0


def test_sending_again_leaves_alone_what_is_under_way(
    team: Team, someone: Actor, triage: Agent, make_case: Make[Case]
) -> None:
    make_case()
    take()
    make_case()
    failed = make_case()
    moves.fail(failed, "", someone)
    action = do(team, someone, "retry")
    assert [state for state, _ in became(action).values()] == ["skipped", "skipped", "done"]
    failed.refresh_from_db()
    assert failed.status == "pending"


def test_a_case_that_moved_since_it_was_chosen_is_looked_at_again(
    team: Team, someone: Actor, triage: Agent, make_case: Make[Case]
) -> None:
    failed, gone = make_case(), make_case()
    for case in (failed, gone):
        moves.fail(case, "", someone)
    action = bulk.start(team, "retry", {}, find_cases(team, CaseFilter()), someone)
    moves.reopen(failed, someone)
    moves.delete(gone, someone)
    processing.process(action.pk, 60)
    assert became(action) == {
        1: ("skipped", "Waits for an agent already"),
        2: ("skipped", "Has been deleted"),
    }


def test_what_is_refused_fails_for_that_case_alone(team: Team, someone: Actor, make_case: Make[Case]) -> None:
    make_case(labels=[str(number) for number in range(20)])
    make_case()
    action = do(team, someone, "add_label", label="one more")
    assert became(action) == {1: ("failed", "Use at most 20 labels."), 2: ("done", "")}


def test_an_agent_that_is_deleted_in_the_meantime_gets_no_cases(
    team: Team, someone: Actor, triage: Agent, make_case: Make[Case]
) -> None:
    make_case()
    action = bulk.start(team, "assign", {"agent": str(triage.pk)}, find_cases(team, CaseFilter()), someone)
    connect(triage, [])
    delete_agent(triage)
    processing.process(action.pk, 60)
    assert became(action)[1][0] == "skipped"
    assert events(Case.objects.get()) == ["created"]


def test_only_cases_of_the_team_are_touched(
    team: Team, someone: Actor, make_team: Make[Team], make_queue: Make[Queue], make_case: Make[Case]
) -> None:
    theirs = make_case(in_queue=make_queue(of=make_team()))
    action = do(team, someone, "delete")
    theirs.refresh_from_db()
    assert (theirs.deleted_at, action.items.count()) == (None, 0)


def test_a_stopped_action_leaves_the_rest_alone_and_can_be_undone(
    team: Team, someone: Actor, make_case: Make[Case]
) -> None:
    for _ in range(3):
        make_case()
    action = bulk.start(team, "priority", {"priority": 2}, find_cases(team, CaseFilter()), someone)
    processing.process_next(action.pk)
    with pytest.raises(Refused, match="Stop it first"):
        bulk.undo(action, someone)
    bulk.stop(action)
    processing.process(action.pk, 60)
    assert Case.objects.filter(priority=2).count() == 1
    action.refresh_from_db()
    undo(action, someone)
    assert Case.objects.filter(priority=2).count() == 0


def test_too_many_are_refused(
    team: Team, someone: Actor, make_case: Make[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "LIMIT", 2)
    for _ in range(3):
        make_case()
    assert bulk.preview(team, "delete", {}, find_cases(team, CaseFilter())).too_many
    with pytest.raises(Refused, match="more than 2 cases"):
        bulk.start(team, "delete", {}, find_cases(team, CaseFilter()), someone)
    assert not BulkAction.objects.exists()


def test_a_label_is_renamed_on_all_its_cases_and_the_old_one_is_gone(
    team: Team, someone: Actor, make_case: Make[Case]
) -> None:
    for given in (["mail"], ["mail", "post"], ["other"]):
        make_case(labels=given)
    cases = find_cases(team, CaseFilter(label="mail"))
    action = bulk.start(team, "rename_label", {"label": "mail", "to": "post", "forget": True}, cases, someone)
    processing.process(action.pk, 60)
    assert list(Case.objects.order_by("number").values_list("labels", flat=True)) == [["post"], ["post"], ["other"]]
    assert set(labels.colours(team)) == {"post", "other"}


# --- Side by side, and killed ----------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_hands_do_each_case_once(team: Team, someone: Actor, make_case: Make[Case]) -> None:
    for _ in range(30):
        make_case()
    action = bulk.start(team, "priority", {"priority": 2}, find_cases(team, CaseFilter()), someone)

    def hand() -> None:
        processing.process(action.pk, 60)
        connections.close_all()

    hands = [threading.Thread(target=hand) for _ in range(3)]
    for thread in hands:
        thread.start()
    for thread in hands:
        thread.join()
    processing.process(action.pk, 60)
    assert {tuple(events(case)) for case in Case.objects.all()} == {("created", "updated")}
    action.refresh_from_db()
    assert (action.status, progress.progress([action])[action.pk].done) == ("done", 30)


@pytest.mark.django_db(transaction=True)
def test_a_killed_hand_leaves_nothing_half_done(team: Team, someone: Actor, make_case: Make[Case]) -> None:
    for _ in range(10):
        make_case()
    action = bulk.start(team, "complete", {"text": ""}, find_cases(team, CaseFilter()), someone)
    for after in (0, 1, 4):
        connections.close_all()
        child = os.fork()
        if not child:
            _work_and_die(action, after)
        os.waitpid(child, 0)
        done = BulkItem.objects.filter(state="done").count()
        assert Case.objects.filter(status="completed").count() == done
    processing.process_all()
    action.refresh_from_db()
    assert action.status == "done"
    assert {tuple(events(case)) for case in Case.objects.all()} == {("created", "completed")}


def _work_and_die(action: BulkAction, after: int) -> None:
    """Dies between the work on a case and its commit, when so many are done."""
    for _ in range(after):
        processing.process_next(action.pk)
    with transaction.atomic():
        processing.process_next(action.pk)
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.django_db(transaction=True)
def test_a_run_that_ends_in_the_meantime_waits_and_then_loses(
    team: Team, someone: Actor, triage: Agent, make_case: Make[Case]
) -> None:
    """The run's own end and the bulk action want the same case: one comes first, the other finds it so."""
    case = make_case()
    take()
    action = bulk.start(team, "complete", {"text": ""}, find_cases(team, CaseFilter()), someone)
    locked, done = threading.Event(), threading.Event()

    def run_ends() -> None:
        with transaction.atomic():
            row = lifecycle.lock(case.pk)
            run = Run.objects.get()
            lifecycle.fail(row, "No such customer", agent_id=run.agent_id, run_id=run.pk)
            Run.objects.filter(pk=run.pk).update(status="completed", outcome="case_failed", lease_until=None)
            locked.set()
            done.wait(60)
        connection.close()

    thread = threading.Thread(target=run_ends)
    thread.start()
    locked.wait(60)
    threading.Timer(0.2, done.set).start()
    processing.process(action.pk, 60)
    thread.join()
    case.refresh_from_db()
    assert case.status == Status.FAILED
    assert became(action) == {1: ("skipped", "Is closed already")}


def test_an_action_takes_the_same_queries_for_each_case(
    team: Team, someone: Actor, make_case: Make[Case], django_assert_max_num_queries: Any
) -> None:
    make_case()
    action = bulk.start(team, "complete", {"text": ""}, find_cases(team, CaseFilter()), someone)
    with django_assert_max_num_queries(15):
        processing.process_next(action.pk)


def test_many_cases_go_to_a_group_and_back_when_it_is_undone(team, triage, make_case, someone) -> None:
    group = groups.create_group(team, GroupFields("Finance"))
    cases = [make_case() for _ in range(3)]
    action = do(team, someone, BulkAction.Verb.REASSIGN, None, agent=f"group:{group.pk}", name="Finance")
    assert {case.group for case in Case.objects.filter(team=team)} == {group}
    assert {state for state, _ in became(action).values()} == {"done"}
    undo(action, someone)
    assert {(case.group, case.status) for case in Case.objects.filter(pk__in=[case.pk for case in cases])} == {
        (None, Status.PENDING)
    }
