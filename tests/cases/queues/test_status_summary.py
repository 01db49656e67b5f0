"""Where a case is now, what helps, and what keeps a queue from moving. Nothing here asks the database."""

from datetime import UTC, datetime
from typing import Any

import pytest

from builder.models import Agent
from cases.models import Case, CaseEvent, Kind, Queue, Reason, Status
from cases.queues.consumers import Consumer
from cases.queues.status_summary import Now, counted, now, problems

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TRIAGE, BILLING = Agent(name="Triage"), Agent(name="Billing")
PAUSED = Agent(name="Paused", paused_at=NOON)


def about(consumers: list[Consumer] | None = None, queue: dict[str, Any] | None = None, **fields: Any) -> Now:
    case = Case(queue=Queue(name="Support", **(queue or {})), **fields)
    return now(case, [Consumer(TRIAGE, 2)] if consumers is None else consumers, [], {})


def test_a_pending_case_goes_to_the_next_free_agent() -> None:
    said = about()
    assert str(said.words) == "Waits for the next free agent of Support."
    assert not said.is_trouble


def test_a_pending_case_of_a_free_agent_is_next() -> None:
    assert str(about(assignee=TRIAGE).words) == "Triage takes it next."


@pytest.mark.parametrize(("limit", "words"), [(1, "1 case"), (2, "2 cases")])
def test_a_busy_agent_says_its_limit(limit: int, words: str) -> None:
    said = about([Consumer(TRIAGE, limit, load=limit)], assignee=TRIAGE)
    assert str(said.words) == f"Waits for Triage, which is at its limit of {words} at once."
    assert not said.is_trouble


def test_all_busy_agents_are_no_trouble() -> None:
    said = about([Consumer(TRIAGE, 1, load=1), Consumer(PAUSED, 1)])
    assert str(said.words) == "Waits: every agent of Support is at its limit."


def test_a_case_of_a_paused_agent_can_be_sent_elsewhere() -> None:
    said = about([Consumer(PAUSED, 1)], assignee=PAUSED)
    assert str(said.words) == "Waits for Paused, which is paused."
    assert (said.is_trouble, said.acts, said.agent) == (True, ("agent", "reassign"), PAUSED)


def test_a_case_of_an_agent_that_is_blocked_leads_to_its_procedure() -> None:
    said = about([Consumer(TRIAGE, 1, blocked=True)], assignee=TRIAGE)
    assert str(said.words) == "Waits for Triage, which starts nothing new: its procedure mentions a deleted agent."
    assert said.acts[0] == "agent"


def test_a_case_of_an_agent_that_left_the_queue_says_so() -> None:
    said = about([Consumer(BILLING, 1)], assignee=TRIAGE)
    assert str(said.words) == "Waits for Triage, which no longer works Support."
    assert said.acts[0] == "reassign"


def test_a_case_of_a_deleted_agent_is_given_to_any() -> None:
    said = about(assignee=Agent(name="Gone", deleted_at=NOON))
    assert str(said.words) == "Was waiting for Gone, which has been deleted. In a moment any agent can take it."


def test_a_paused_queue_can_be_resumed() -> None:
    said = about(queue={"paused_at": NOON})
    assert str(said.words) == "Waits: the queue Support is paused."
    assert said.acts == ("resume_queue",)


def test_a_queue_without_agents_says_what_to_do() -> None:
    said = about([])
    assert str(said.words) == "Waits. No agent works Support."
    assert said.acts == ("connect", "queue")
    assert "Connect an agent" in said.help


def test_someone_works_on_it() -> None:
    assert str(about(status=Status.IN_PROGRESS, assignee=TRIAGE).words) == "Triage is working on it."


def test_a_postponed_case_says_until_when_and_who_is_next() -> None:
    said = about(status=Status.POSTPONED, due_at=NOON)
    assert str(said.words) == "Waits until 22 Nov 2026, 12:00 UTC, then goes to any agent of the queue."


def test_a_question_is_answered_below() -> None:
    said = about(status=Status.NEEDS_INPUT, reason=Reason.QUESTION, detail="Which one?", assignee=TRIAGE)
    assert str(said.words) == "Triage asks a question and waits for the answer."
    assert said.help == "Answer it below, and Triage continues."


def test_a_case_that_was_taken_over_says_who_has_it() -> None:
    said = about(status=Status.NEEDS_INPUT, reason=Reason.TAKEN_OVER, taken_by="Ada")
    assert (str(said.words), said.acts) == ("Ada has taken it over.", ("hand_back", "complete"))
    said = about(status=Status.POSTPONED, due_at=NOON, taken_by="Ada")
    assert str(said.words).endswith(", then comes back to Ada.")


@pytest.mark.parametrize("reason", sorted(set(Reason) - {Reason.TAKEN_OVER}))
def test_every_reason_has_a_sentence_and_a_way_out(reason: str) -> None:
    said = about(status=Status.NEEDS_INPUT, reason=reason, detail="Why", assignee=TRIAGE)
    assert said.help
    assert "{" not in said.help
    assert said.is_trouble
    assert said.acts or "below" in said.help


def test_the_reason_in_words_is_not_said_twice() -> None:
    label = Reason.RUN_LOST.label
    assert about(status=Status.NEEDS_INPUT, reason=Reason.RUN_LOST, detail=label).aside == ""
    assert about(status=Status.NEEDS_INPUT, reason=Reason.RUN_LOST, detail="Three times.").aside == "Three times."


def test_nobody_is_led_to_the_page_of_a_deleted_agent() -> None:
    gone = Agent(name="Gone", deleted_at=NOON)
    assert "agent" not in about(status=Status.NEEDS_INPUT, reason=Reason.NO_OUTCOME, assignee=gone).acts


def ended(status: Status, kind: Kind, **by: Any) -> Now:
    case = Case(queue=Queue(name="Support"), status=status, detail="Paid back.")
    return now(case, [], [CaseEvent(kind=kind, **by)], {TRIAGE.pk: TRIAGE})


def test_a_closed_case_says_who_closed_it_and_how() -> None:
    assert str(ended(Status.COMPLETED, Kind.COMPLETED, agent_id=TRIAGE.pk).words) == "Completed by Triage."
    assert str(ended(Status.COMPLETED, Kind.COMPLETED, actor="Ada").words) == "Completed by Ada."
    assert ended(Status.COMPLETED, Kind.COMPLETED, actor="Ada").text == "Paid back."
    failed = ended(Status.FAILED, Kind.FAILED, agent_id=TRIAGE.pk)
    assert str(failed.words) == "Marked as failed by Triage."
    assert failed.acts == ("reassign",)


def trouble(*consumers: Consumer) -> list[str]:
    return [problem.words for problem in problems(Queue(name="Support"), consumers)]


def test_a_queue_is_fine_while_one_agent_may_take_cases() -> None:
    assert trouble(Consumer(TRIAGE, 1), Consumer(PAUSED, 1), Consumer(BILLING, 1, blocked=True)) == []


def test_a_new_case_waits_for_the_first_agent_of_its_queue() -> None:
    queue = {"first_agent": TRIAGE}
    assert str(about(queue=queue).words) == "Triage takes it next."
    busy = about([Consumer(TRIAGE, 1, load=1), Consumer(BILLING, 1)], queue=queue)
    assert str(busy.words) == "Waits for Triage, which is at its limit of 1 case at once."
    later = about(queue=queue, status=Status.POSTPONED, due_at=NOON)
    assert str(later.words) == "Waits until 22 Nov 2026, 12:00 UTC, then goes to Triage."


def test_a_first_agent_that_left_the_queue_keeps_no_case() -> None:
    said = about([Consumer(BILLING, 1)], queue={"first_agent": TRIAGE})
    assert str(said.words) == "Waits for the next free agent of Support."


def test_a_queue_whose_first_agent_rests_says_that_new_cases_wait() -> None:
    def first(consumer: Consumer) -> list[str]:
        queue = Queue(name="Support", first_agent=consumer.agent)
        return [problem.words for problem in problems(queue, [consumer, Consumer(BILLING, 1)])]

    assert first(Consumer(TRIAGE, 1)) == []
    assert first(Consumer(PAUSED, 1)) == ["New cases wait for Paused, which is paused."]
    assert first(Consumer(TRIAGE, 1, blocked=True)) == [
        "New cases wait for Triage, which starts nothing new: its procedure mentions a deleted agent."
    ]


def test_a_queue_says_why_nobody_takes_its_cases() -> None:
    assert trouble() == ["No agent works Support."]
    assert trouble(Consumer(PAUSED, 1)) == ["Nobody takes cases: Paused is paused."]
    assert trouble(Consumer(TRIAGE, 1, blocked=True)) == ["Nobody takes cases: Triage starts nothing new."]
    assert trouble(Consumer(TRIAGE, 1, blocked=True), Consumer(PAUSED, 1)) == [
        "Nobody takes cases: every agent is paused or blocked by a mention of a deleted agent."
    ]


def test_cases_are_counted_in_words() -> None:
    assert counted("pending", 3) == "3 pending"
    assert counted("in_progress", 1) == "1 in progress"
    assert (counted("needs_input", 1), counted("needs_input", 2)) == ("1 needs input", "2 need input")
