"""The stages of a case as its page shows them. Nothing here asks the database."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from builder.models import Agent
from cases.models import Case, Queue, Reason, Status
from cases.timeline.stages import Stop, stops
from cases.timeline.timeline import Stage

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
TRIAGE, BILLING = Agent(name="Triage"), Agent(name="Billing")
AGENTS = {agent.pk: agent for agent in (TRIAGE, BILLING)}


def stage(**fields: Any) -> Stage:
    late = AT + timedelta(seconds=3)
    return Stage(TRIAGE.pk, "Triage", uuid4(), 2, waiting_since=AT, started_at=late, **fields)


def route(*stages: Stage, **fields: Any) -> list[Stop]:
    case = Case(queue=Queue(name="Support"), moved_at=AT, **fields)
    return stops(stages, case, AGENTS, case.assignee)


def test_a_handover_is_followed_by_the_agent_that_is_next() -> None:
    done = stage(ended_at=AT + timedelta(seconds=5), outcome="handed_over", text="About money.", note="Invoice 12")
    first, then = route(done, assignee=BILLING)
    assert (first.name, first.words, first.quote, first.note) == ("Triage", "Handed over", "About money.", "Invoice 12")
    assert (first.waited, first.worked, first.since) == (3, 2, None)
    assert (then.name, then.words, then.run_id, then.since) == ("Billing", "Next", None, AT)


def test_a_new_case_shows_who_is_next() -> None:
    [stop] = route()
    assert (stop.name, stop.agent, stop.words) == ("Any agent of Support", None, "Next")


def test_the_stage_that_lasts_counts_on() -> None:
    [stop] = route(stage(), status=Status.IN_PROGRESS)
    assert (stop.state, stop.words, stop.since) == ("running", "Works on it", AT + timedelta(seconds=3))


def test_an_agent_that_asked_waits_for_a_person() -> None:
    [stop] = route(stage(), status=Status.NEEDS_INPUT, reason=Reason.QUESTION)
    assert (stop.state, stop.words) == ("waiting", "Waits for a person")


def test_a_parked_stage_says_why() -> None:
    [stop] = route(
        stage(ended_at=AT, outcome="needs_input", reason="run_failed", text="No key."),
        status=Status.NEEDS_INPUT,
        reason=Reason.RUN_FAILED,
    )
    assert (stop.words, stop.aside, stop.quote) == ("Needed a person", "The run failed.", "")


def test_a_postponed_case_goes_on_with_the_same_agent() -> None:
    first, then = route(stage(ended_at=AT, outcome="postponed"), status=Status.POSTPONED, due_at=AT, assignee=TRIAGE)
    assert (first.words, then.words, then.agent) == ("Postponed", "Next, when it is due", TRIAGE)


def test_an_agent_nobody_knows_any_more_keeps_its_name() -> None:
    [stop] = stops([stage()], Case(queue=Queue(name="Support"), status=Status.IN_PROGRESS), {}, None)
    assert (stop.name, stop.agent) == ("Triage", None)
