"""When a target cannot take it, each test named after its rule."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from builder.agents.agents import delete_agent, pause_agent, resume_agent, save_agent
from builder.availability.rules import Receiver, WhenUnavailable
from builder.models import Agent
from builder.usage import usage
from builder.usage.limits import change_budget
from builder.usage.usage import Amount
from cases.models import Case, Kind, Queue, Reason, Status
from cases.timeline.replay import replay
from cases.timeline.wording import lines
from data.errors import Refused
from runs.models import Handover
from runs.people import briefing
from runs.people.rerouting import reroute_what_waits_too_long
from teams.groups import groups
from teams.groups.groups import GroupFields
from teams.models import Group, Member, Team
from teams.settings.budgets import Budget
from tests.driving import work_next
from tests.fixtures import Make, events, mention, take
from tests.provider import Provider, call

pytestmark = pytest.mark.django_db


@pytest.fixture
def billing(scripted: Provider, make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Billing", queue=queue)


@pytest.fixture
def triage(make_agent: Make[Agent], queue: Queue, billing: Agent) -> Agent:
    return make_agent("Triage", aop="Hand over to", mentions=[billing], queue=queue)


@pytest.fixture
def case(scripted: Provider, make_case: Make[Case], triage: Agent, billing: Agent) -> Case:
    """Handed over to Billing, which is paused."""
    case = make_case("Refund", assignee=triage)
    scripted.answers(call("request_handover", target="billing", reason="Money"))
    pause_agent(billing)
    work_next()
    return case


@pytest.fixture
def finance(team: Team, make_member: Make[Member]) -> Group:
    return groups.create_group(team, GroupFields("Finance", [make_member().user.uuid]))


def wait(case: Case, minutes: int = 31) -> Case:
    Case.objects.filter(pk=case.pk).update(moved_at=timezone.now() - timedelta(minutes=minutes))
    reroute_what_waits_too_long()
    return Case.objects.get(pk=case.pk)


def give(agent: Agent, rule: str, target: Receiver | None = None, **fields: Any) -> None:
    save_agent(agent, when_unavailable=WhenUnavailable(rule=rule, target=target, **fields))


def said(case: Case) -> tuple[str, str]:
    line = lines(case.events.order_by("seq"), {})[-1]
    return str(line.words), line.aside


def is_replayed(case: Case) -> bool:
    kept = replay(case.events.order_by("seq"))
    return {name: getattr(case, name) for name in kept if hasattr(case, name)} | {"is_deleted": False} == kept


def test_a_case_waits_unless_the_agent_has_a_rule(case, billing) -> None:
    assert (wait(case).assignee, wait(case).status) == (billing, Status.PENDING)


def test_it_waits_for_the_time_of_the_rule_first(case, billing) -> None:
    give(billing, "park", after_minutes=30)
    assert wait(case, 29).status == Status.PENDING
    assert wait(case, 31).reason == Reason.TARGET_UNAVAILABLE


def test_it_goes_to_a_fallback_and_the_timeline_says_which_rule_acted_and_why(case, billing, make_agent, queue) -> None:
    other = make_agent("Second", queue=queue)
    give(billing, "fallback", Receiver(agent_id=other.pk))
    case = wait(case)
    assert (case.assignee, case.rank) == (other, Case.Rank.HANDED_OVER)
    assert case.events.get(kind=Kind.REROUTED).data["rule"] == "fallback"
    assert said(case) == (
        "The case moved on to Second, as Billing could not take it",
        "Billing is paused. It waited 30 min for it.",
    )
    assert is_replayed(case)
    assert len(take()) == 1


def test_it_goes_to_a_group(case, billing, finance) -> None:
    give(billing, "fallback", Receiver(group_id=finance.pk))
    case = wait(case)
    assert (case.reason, case.group, case.assignee) == (Reason.WITH_PEOPLE, finance, None)
    assert is_replayed(case)


def test_it_goes_back_to_the_sender_once(case, billing, triage, scripted) -> None:
    give(billing, "return")
    case = wait(case)
    assert case.assignee == triage
    scripted.answers(call("request_handover", target="billing", reason="Money", note="Again"))
    work_next()
    case = wait(case)
    assert (case.status, case.reason) == (Status.NEEDS_INPUT, Reason.TARGET_UNAVAILABLE)
    assert case.detail == "Billing is paused. It waited 30 min for it. It went back to a sender once already."
    assert is_replayed(case)


def test_an_agent_at_its_limit_cannot_take_it(case, billing, make_case, queue) -> None:
    resume_agent(billing)
    billing.queue_connections.update(concurrency=1)
    give(billing, "park")
    other = make_case(assignee=billing)
    Case.objects.filter(pk=other.pk).update(status=Status.IN_PROGRESS)
    assert wait(case).detail == "Billing is at its limit of 1. It waited 30 min for it."


def _block(billing: Agent, make_agent: Make[Agent]) -> None:
    gone = make_agent("Gone")
    save_agent(billing, aop=mention("To", gone))
    delete_agent(gone)


def _spend(billing: Agent, make_agent: Make[Agent]) -> None:
    change_budget(billing, Budget(usd_per_day=1))
    usage.add(Agent.objects.select_related("team").get(pk=billing.pk), "m", Amount(cost_usd=Decimal(2)))


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (_block, "Billing starts nothing while its procedure mentions a deleted agent."),
        (_spend, "Billing has spent what it may today."),
    ],
)
def test_an_agent_that_is_blocked_or_over_its_budget_cannot_take_it(case, billing, make_agent, act, why) -> None:
    resume_agent(billing)
    give(billing, "park")
    act(billing, make_agent)
    assert wait(case).detail == f"{why} It waited 30 min for it."


def test_an_agent_that_takes_cases_keeps_them(case, billing) -> None:
    resume_agent(billing)
    give(billing, "park", after_minutes=0)
    assert wait(case).status == Status.PENDING


def test_a_circle_of_fallbacks_ends_at_the_hop_limit(case, billing, make_agent, queue) -> None:
    other = make_agent("Second", queue=queue)
    pause_agent(other)
    give(billing, "fallback", Receiver(agent_id=other.pk))
    give(other, "fallback", Receiver(agent_id=billing.pk))
    Queue.objects.filter(pk=queue.pk).update(hop_limit=3)
    for _ in range(3):
        assert wait(case).status == Status.PENDING
    assert wait(case).reason == Reason.TARGET_UNAVAILABLE
    assert events(case).count("rerouted") == 4


def test_a_fallback_that_is_gone_needs_a_person(case, billing, finance) -> None:
    give(billing, "fallback", Receiver(group_id=finance.pk))
    groups.delete_group(finance)
    assert wait(case).detail.endswith("Its fallback cannot take it either.")


def test_new_cases_of_the_queue_wait(billing, make_case) -> None:
    pause_agent(billing)
    give(billing, "park", after_minutes=0)
    case = make_case(assignee=billing)
    assert wait(case).status == Status.PENDING


def test_a_target_of_another_team_is_refused(billing, make_team) -> None:
    stranger = groups.create_group(make_team(), GroupFields("Finance"))
    for target in (Receiver(group_id=stranger.pk), Receiver(agent_id=billing.pk)):
        with pytest.raises(Refused):
            give(billing, "fallback", target)


def test_the_rule_is_chosen_on_the_page_of_the_agent(billing, finance, signed_in) -> None:
    page = signed_in.get(f"/agents/{billing.pk}/").content.decode()
    assert "When it cannot take a case" in page and "Finance" in page
    sent = {"name": "Billing", "model_kind": "offline", "unavailable-rule": "fallback"}
    assert signed_in.post(f"/agents/{billing.pk}/", sent).status_code == 422
    sent |= {"unavailable-target": f"group:{finance.pk}", "unavailable-after_minutes": "5"}
    assert signed_in.post(f"/agents/{billing.pk}/", sent).status_code == 302
    billing.refresh_from_db()
    assert billing.when_unavailable["target"]["group_id"] == str(finance.pk)
    assert billing.when_unavailable["after_minutes"] == 5


def test_a_fallback_gets_the_case_only_with_what_it_needs(case, billing, make_agent, queue) -> None:
    """Its fields are looked for in the handover and in the details. Without them a person fills them in."""
    backup = make_agent("Backup", aop="NEEDS\n- order number\n- amount: number", queue=queue)
    give(billing, "fallback", Receiver(agent_id=backup.pk))
    Case.objects.filter(pk=case.pk).update(data={"Order_Number": "A-1"})
    parked = wait(case)
    assert (parked.status, parked.reason) == (Status.NEEDS_INPUT, Reason.INCOMPLETE_HANDOVER)
    assert parked.detail.endswith("Backup needs more to take over. “amount” (number) is missing.")
    found = briefing.lacking(parked)
    assert found is not None
    assert [(need.name, value) for need, value, _ in found.needed] == [("order number", "A-1"), ("amount", "")]
    assert is_replayed(parked)


def test_a_fallback_that_was_told_all_it_needs_takes_the_case(case, billing, make_agent, queue) -> None:
    backup = make_agent("Backup", aop="NEEDS\n- order number", queue=queue)
    give(billing, "fallback", Receiver(agent_id=backup.pk))
    Handover.objects.update(fields={"order number": "A-1"})
    assert (wait(case).assignee, wait(case).status) == (backup, Status.PENDING)
