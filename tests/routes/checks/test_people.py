"""Members and groups as expected decisions."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from builder.agents.agents import save_agent
from builder.procedures import mentions
from cases.models import Case
from data.errors import Refused
from routes.checks import queries
from routes.checks.candidates import check_change
from routes.models import RoutingTest
from routes.routing_tests import decisions, routing_tests
from runs.models import Outcome
from teams.audit.actors import BATON
from teams.groups import groups
from teams.models import Group, Member, Team
from tests.driving import work_next
from tests.fixtures import Make
from tests.routes.conftest import Desk, work_tests

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(make_member: Make[Member]) -> Member:
    return make_member(role=Member.Role.OPERATOR)


@pytest.fixture
def finance(team: Team) -> Group:
    return Group.objects.create(team=team, name="Finance")


@pytest.fixture
def guarded(desk: Desk, ada: Member, finance: Group) -> Desk:
    to_ada = mentions.token(ada.user.uuid, str(ada.user), mentions.PERSON)
    to_finance = mentions.token(finance.pk, finance.name, mentions.GROUP)
    save_agent(desk.triage, aop=f"- refund: {to_ada}\n- audit: {to_finance}")
    about: dict[str, Any] = {
        "agent": desk.triage,
        "queue": desk.queue,
        "data": {},
        "labels": [],
        "priority": Case.Priority.NONE,
    }
    for title, to in {"A refund": {"user_id": ada.user.uuid}, "An audit": {"group_id": finance.pk}}.items():
        expected = [{"decision": "hand_over", **to}]
        routing_tests.add_case_test(title=title, name="", source="typed", by=BATON, expected=expected, **about)
    return desk


def test_a_handover_to_people_is_a_decision_of_its_own(guarded: Desk, ada: Member, finance: Group) -> None:
    other = guarded.triage.live_revision.aop.replace("- refund:", "- refund: ask\n- other:")
    check = check_change(guarded.triage, BATON, aop=other)
    work_tests()
    rows = {row.test.name: row for row in check.results.select_related("test")}
    assert {name: row.verdict for name, row in rows.items()} == {"A refund": "broken", "An audit": "passing"}
    assert rows["A refund"].before == {"decision": "hand_over", "user_id": str(ada.user.uuid)}
    assert rows["An audit"].after == {"decision": "hand_over", "group_id": str(finance.pk)}


def test_a_test_of_a_run_expects_the_people_that_it_handed_over_to(
    guarded: Desk, make_case: Make[Case], finance: Group
) -> None:
    make_case("An audit", assignee=guarded.triage)
    run = work_next()
    assert run.outcome == Outcome.HANDED_OVER
    made = routing_tests.add_test_of_run(run, expected=None, name="", source="case", by=BATON)
    assert made.expected == [{"decision": "hand_over", "group_id": str(finance.pk)}]


def test_a_test_is_void_when_the_people_are_gone(guarded: Desk, ada: Member, finance: Group) -> None:
    ada.user.is_active = False
    ada.user.save()
    groups.delete_group(finance)
    assert queries.void(list(RoutingTest.objects.all())) == set(RoutingTest.objects.values_list("pk", flat=True))


def test_expected_people_must_be_of_the_team(guarded: Desk, make_member: Make[Member], make_team: Make[Team]) -> None:
    strangers = make_team()
    stranger, gone = make_member(of=strangers), make_member()
    gone.user.is_active = False
    gone.user.save()
    viewer = make_member(role=Member.Role.VIEWER)
    theirs = Group.objects.create(team=strangers, name="Finance")
    wrong: list[dict[str, Any]] = [{"user_id": who.user.uuid} for who in (stranger, gone, viewer)]
    for to in [*wrong, {"group_id": theirs.pk}, {"group_id": uuid4()}, {"user_id": "nobody"}]:
        with pytest.raises(Refused) as refused:
            decisions.checked(guarded.triage, "case", [{"decision": "hand_over", **to}])
        assert list(refused.value.fields) == [f"expected.0.{next(iter(to))}"]
    with pytest.raises(Refused, match="Only cases"):
        decisions.checked(guarded.triage, "standalone", [{"decision": "hand_over", "group_id": uuid4()}])


def test_people_can_be_chosen_on_the_page(guarded: Desk, signed_in: Client, ada: Member) -> None:
    address = reverse("test_new", args=[guarded.triage.pk])
    shown = signed_in.get(address)
    near = [box.data["value"] for box in shown.context["form"].near]
    assert f"user:{ada.user.uuid}" in near and f"agent:{guarded.tech.pk}" not in near
    assert f"agent:{guarded.tech.pk}" in shown.text and "does not mention" in shown.text
    signed_in.post(address, {"title": "A strike", "details": "", "expected": [f"user:{ada.user.uuid}"], "name": ""})
    test = RoutingTest.objects.get(name="A strike")
    assert test.expected == [{"decision": "hand_over", "user_id": str(ada.user.uuid)}]
    assert str(ada.user) in signed_in.get(reverse("agent_tests", args=[guarded.triage.pk])).text


def test_before_people_go_one_sees_the_tests_that_they_leave_void(
    guarded: Desk, signed_in: Client, ada: Member, finance: Group
) -> None:
    for id, test in ((ada.user.uuid, "A refund"), (finance.pk, "An audit")):
        shown = signed_in.get(reverse("tests_void", args=[id])).content.decode()
        assert "1 routing test expects only" in shown and test in shown
    assert (
        reverse("tests_void", args=[finance.pk])
        in signed_in.get(reverse("group_edit", args=[finance.pk])).content.decode()
    )
    assert signed_in.get(reverse("tests_void", args=[guarded.billing.pk])).status_code == 404
