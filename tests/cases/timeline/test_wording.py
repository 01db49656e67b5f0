"""The sentences of a timeline. Nothing here asks the database."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from builder.models import Agent
from cases.models import CaseEvent, Kind, Reason
from cases.timeline.field_changes import Change
from cases.timeline.sentences import listed, say
from cases.timeline.wording import Line, lines

TRIAGE, BILLING = Agent(name="Triage"), Agent(name="Billing Specialist")
TO_BILLING = {"target_id": str(BILLING.pk), "target_name": "Billing"}
AGENTS = {agent.pk: agent for agent in (TRIAGE, BILLING)}
AT = datetime(2026, 11, 22, 15, 47, 12, tzinfo=UTC)


def event(kind: str, **fields: Any) -> CaseEvent:
    return CaseEvent(kind=kind, at=AT, **{"seq": 1, "data": {}, **fields})


def tell(kind: str, **fields: Any) -> Line:
    [line] = lines([event(kind, **fields)], AGENTS)
    return line


@pytest.mark.parametrize(
    ("kind", "fields", "sentence"),
    [
        (Kind.CREATED, {}, "The case was added"),
        (Kind.CREATED, {"actor": "Ada"}, "Ada added the case"),
        (Kind.CREATED, {"agent_id": TRIAGE.pk}, "Triage added the case"),
        (Kind.STARTED, {"agent_id": TRIAGE.pk}, "Triage started work"),
        (Kind.STARTED, {"agent_id": uuid4(), "data": {"agent_name": "Gone"}}, "Gone started work"),
        (Kind.RELEASED, {"agent_id": TRIAGE.pk}, "The case went back to its queue"),
        (Kind.DUE, {}, "The time it was postponed to has come"),
        (
            Kind.POSTPONED,
            {"actor": "Ada", "data": {"until": AT.isoformat()}},
            "Ada postponed the case until 22 Nov 2026, 15:47 UTC",
        ),
        (Kind.ASKED, {"agent_id": TRIAGE.pk}, "Triage asked"),
        (Kind.ANSWERED, {"agent_id": TRIAGE.pk, "actor": "Ada"}, "Ada answered Triage"),
        (Kind.COMPLETED, {"agent_id": TRIAGE.pk}, "Triage completed the case"),
        (Kind.COMPLETED, {"actor": "API key shop"}, "API key shop completed the case"),
        (Kind.FAILED, {"agent_id": TRIAGE.pk}, "Triage marked the case as failed"),
        (
            Kind.CREATED,
            {"actor": "Ada", "data": {"until": "2026-11-22T15:47:00+00:00"}},
            "Ada added the case, postponed until 22 Nov 2026, 15:47 UTC",
        ),
        (
            Kind.CREATED,
            {"data": {"until": "2026-11-22T15:47:00+00:00"}},
            "The case was added, postponed until 22 Nov 2026, 15:47 UTC",
        ),
        (Kind.REASSIGNED, {"actor": "Ada"}, "Ada reassigned the case to any agent of its queue"),
        (Kind.REASSIGNED, {"actor": "Ada", "data": TO_BILLING}, "Ada reassigned the case to Billing Specialist"),
        (
            Kind.REASSIGNED,
            {"actor": "Ada", "data": TO_BILLING | {"is_retry": True}},
            "Ada asked Billing Specialist to try again",
        ),
        (Kind.REOPENED, {"actor": "Ada", "data": {"was_closed": True}}, "Ada reopened the case"),
        (
            Kind.REOPENED,
            {"actor": "Ada", "data": TO_BILLING | {"was_closed": True}},
            "Ada reopened the case for Billing Specialist",
        ),
        (
            Kind.REOPENED,
            {"actor": "Ada", "data": TO_BILLING | {"was_closed": True, "is_retry": True}},
            "Ada reopened the case and asked Billing Specialist to try again",
        ),
        (
            Kind.STALE_WRITE_REFUSED,
            {"agent_id": TRIAGE.pk},
            "A late write of Triage was refused: the case had moved on",
        ),
        (Kind.PARKED, {"agent_id": TRIAGE.pk, "reason": Reason.RUN_FAILED}, "A person is needed: the run failed"),
        (
            Kind.PARKED,
            {"actor": "Ada", "reason": Reason.RUN_STOPPED, "text": "Ada stopped the run."},
            "Ada stopped the run",
        ),
        (Kind.DELETED, {"actor": "Ada"}, "Ada deleted the case"),
        ("invented_later", {"actor": "Ada"}, "Ada: invented later"),
    ],
)
def test_an_event_is_a_sentence(kind: str, fields: dict[str, Any], sentence: str) -> None:
    assert str(tell(kind, **fields).words) == sentence


@pytest.mark.parametrize("kind", Kind.values)
def test_every_kind_has_words_of_its_own(kind: str) -> None:
    line = tell(kind, agent_id=TRIAGE.pk, actor="Ada")
    assert line.icon != "circle"
    assert "{" not in str(line.words)


def test_a_handover_names_both_agents_its_reason_and_its_note() -> None:
    told = {"target_id": str(BILLING.pk), "target_name": "As it was called then", "note": "Invoice 12"}
    line = tell(Kind.HANDED_OVER, agent_id=TRIAGE.pk, text="It is about money.", data=told)
    assert str(line.words) == "Triage handed over to Billing Specialist"
    assert [piece.agent for piece in line.words if piece.agent] == [TRIAGE, BILLING]
    assert (line.quote, line.note, line.text) == ("It is about money.", "Invoice 12", "")


def test_a_cancelled_handover_says_why() -> None:
    told = {"target_id": str(uuid4()), "target_name": "Old Desk"}
    line = tell(Kind.HANDOVER_CANCELLED, agent_id=TRIAGE.pk, text="Old Desk was deleted.", data=told)
    assert str(line.words) == "Triage wanted to hand over to Old Desk, which was not done"
    assert line.aside == "Old Desk was deleted."


def test_a_sentence_leads_to_its_run_once() -> None:
    run = uuid4()
    started = event(Kind.STARTED, agent_id=TRIAGE.pk, run_id=run, data={"revision": 4})
    completed = event(Kind.COMPLETED, agent_id=TRIAGE.pk, run_id=run)
    told = [(line.run_id, line.revision) for line in lines([started, completed], AGENTS)]
    assert told == [(run, 4), (None, None)]


def changed(run_id: UUID, **changes: tuple[Any, Any]) -> CaseEvent:
    data = {"changes": {name: {"old": old, "new": new} for name, (old, new) in changes.items()}}
    return event(Kind.UPDATED, agent_id=TRIAGE.pk, run_id=run_id, data=data)


def test_changes_tell_each_field_before_and_after() -> None:
    [line] = lines(
        [
            changed(
                uuid4(),
                title=("Help", "Refund"),
                priority=(0, 2),
                labels=([], ["billing", "mail"]),
                data=({"plan": "Team", "seats": 3}, {"plan": "Solo", "seats": 3, "due_date": "1 May"}),
            )
        ],
        AGENTS,
    )
    assert str(line.words) == "Triage changed the title, the details, the priority and the labels"
    assert line.changes == (
        Change("Title", "Help", "Refund"),
        Change("Plan", "Team", "Solo"),
        Change("Due date", "", "1 May"),
        Change("Priority", "none", "high"),
        Change("Labels", "", "billing, mail"),
    )


def test_changes_in_a_row_are_told_as_one_from_the_first_to_the_last() -> None:
    run = uuid4()
    [line] = lines([changed(run, priority=(0, 1)), changed(run, priority=(1, 2), title=("a", "b"))], AGENTS)
    assert line.changes == (Change("Title", "a", "b"), Change("Priority", "none", "high"))


def test_changes_of_different_runs_are_told_apart() -> None:
    assert len(lines([changed(uuid4(), priority=(0, 1)), changed(uuid4(), priority=(1, 2))], AGENTS)) == 2


def test_many_and_long_changes_are_cut() -> None:
    [line] = lines([changed(uuid4(), data=({}, {f"field {n}": "x" * 500 for n in range(30)}))], AGENTS)
    assert len(line.changes) == 8
    assert line.more_changes == 22
    assert line.changes[0].new == "x" * 120 + "…"


def test_names_with_braces_stay_names() -> None:
    assert str(say("{who} goes", who="{who} {0}")) == "{who} {0} goes"


@pytest.mark.parametrize(
    ("words", "told"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (list("abc"), "a, b and c")]
)
def test_words_are_listed(words: list[str], told: str) -> None:
    assert listed(words) == told
