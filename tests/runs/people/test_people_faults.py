"""What goes wrong around people and groups with open cases, each test named after its fault."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from builder.agents.agents import pause_agent, save_agent
from builder.agents.connections import connect
from builder.agents.queries import detailed
from builder.availability.rules import FALLBACK, Receiver, WhenUnavailable
from builder.models import Agent
from builder.procedures import mentions
from cases.models import Case, Queue, Reason, Status
from cases.timeline.replay import replay
from cases.work.people import People
from data.errors import Refused
from runs.models import RequestEmail
from runs.people import moves
from runs.people.absences import pass_on_what_is_left
from runs.people.rerouting import reroute_what_waits_too_long
from runs.workers.clock import sweep
from teams.audit.actors import Actor, person
from teams.groups import groups
from teams.groups.groups import GroupFields
from teams.groups.hours import OPENINGS
from teams.models import Group, Member, Team, User
from tests.driving import drive_while, work_next
from tests.fixtures import Make, events, sign_in, take
from tests.provider import Provider, call, calls
from tests.smtp import mail_server

__all__ = ["mail_server"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(make_member: Make[Member]) -> Member:
    return _named(make_member(role=Member.Role.OPERATOR), "Ada")


@pytest.fixture
def finance(team: Team, ada: Member) -> Group:
    return groups.create_group(team, GroupFields("Finance", [ada.user.uuid], due_hours=4))


@pytest.fixture
def case(make_case: Make[Case], someone: Actor, ada: Member) -> Case:
    """It is with Ada, and with no group."""
    return moves.assign_to_people(make_case("Charged twice"), someone, People(ada.user))


def _named(member: Member, name: str) -> Member:
    User.objects.filter(pk=member.user_id).update(first_name=name)
    return Member.objects.select_related("user").get(pk=member.pk)


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def _last_text(case: Case) -> str:
    return case.events.order_by("-seq").values_list("text", flat=True)[0]


def where(case: Case) -> tuple[object, ...]:
    case = fresh(case)
    kept = replay(case.events.order_by("seq"))
    assert {name: getattr(case, name) for name in kept if hasattr(case, name)} | {"is_deleted": False} == kept
    return case.status, case.reason, case.owner, case.group


TEAMS = (Status.NEEDS_INPUT, Reason.WITH_PEOPLE, None, None)


def _remove(ada: Member) -> str:
    ada.delete()
    return "Ada is no longer a member of the team."


def _deactivate(ada: Member) -> str:
    User.objects.filter(pk=ada.user_id).update(is_active=False)
    return "Ada is no longer a member of the team."


def _send_away(ada: Member) -> str:
    until = datetime(2999, 1, 1, 9, tzinfo=UTC)
    Member.objects.filter(pk=ada.pk).update(away_until=until)
    return "Ada is away until 1 Jan 2999"


@pytest.mark.parametrize("act", [_remove, _deactivate, _send_away])
def test_a_member_who_is_removed_deactivated_or_away_leaves_their_case_to_the_team(
    mail_server, case, ada, member, act
) -> None:
    said = act(ada)
    pass_on_what_is_left()
    pass_on_what_is_left()
    assert where(case) == TEAMS
    assert events(case)[-2:] == ["assigned_to_people", "assigned_to_people"], "each once"
    assert _last_text(case).startswith(said)
    asked = RequestEmail.objects.filter(case=case, why=RequestEmail.Why.ASKED)
    assert [email.member for email in asked] == [member]


def test_a_case_that_was_postponed_by_who_left_comes_back_to_the_team(case, ada) -> None:
    moves.postpone(case, timezone.now() + timedelta(hours=1), person(ada.user))
    _remove(ada)
    Case.objects.filter(pk=case.pk).update(due_at=timezone.now())
    sweep()
    sweep()
    assert where(case) == TEAMS


def test_a_member_who_is_renamed_keeps_their_cases_and_can_act_on_them(case, ada, client: Client) -> None:
    ada = _named(ada, "Countess")
    kept = moves.take_over(case, person(ada.user))
    assert (kept.owner, kept.last_seq) == (ada.user, fresh(case).last_seq), "it is theirs, so nothing happens"
    sign_in(client, ada.user)
    for page in (f"/cases/{case.pk}/", "/cases/", "/inbox/?show=cases"):
        text = client.get(page).content.decode()
        assert "Countess" in text and "With Ada" not in text
    with pytest.raises(Refused, match="Countess has taken this case over"):
        moves.take_over(case, Actor("A program"))


def test_a_group_that_is_renamed_keeps_its_cases(case, someone, ada, finance, signed_in) -> None:
    moves.assign_to_people(case, someone, People(group=finance))
    groups.change_group(finance, GroupFields("Accounts", [ada.user.uuid], due_hours=4))
    pass_on_what_is_left()
    assert where(case)[3] == finance
    assert "Accounts" in signed_in.get(f"/cases/{case.pk}/").content.decode()


def _empty(finance: Group) -> str:
    groups.change_group(finance, GroupFields("Finance"))
    return "Finance has no members who may work cases."


def _delete(finance: Group) -> str:
    groups.delete_group(finance)
    return "Finance was deleted."


def _demote(finance: Group) -> str:
    finance.members.update(role=Member.Role.VIEWER)
    return "Finance has no members who may work cases."


@pytest.mark.parametrize("act", [_empty, _delete, _demote])
def test_a_group_that_is_emptied_or_deleted_leaves_its_cases_to_the_team(case, someone, finance, act) -> None:
    moves.assign_to_people(case, someone, People(group=finance))
    said = act(finance)
    pass_on_what_is_left()
    assert where(case) == TEAMS
    assert _last_text(case) == said


def test_who_has_a_case_of_a_deleted_group_keeps_it_and_leaves_it_to_the_team(case, someone, ada, finance) -> None:
    moves.assign_to_people(case, someone, People(group=finance))
    moves.take_over(case, person(ada.user))
    groups.delete_group(finance)
    pass_on_what_is_left()
    assert where(case)[2] == ada.user
    moves.release(case, person(ada.user))
    assert where(case) == TEAMS


def test_a_chain_of_fallbacks_ends_with_people(scripted, make_case, make_agent, queue, finance) -> None:
    """From one agent that cannot take it to the next, to a group, and from the group to the team when it is emptied."""
    second, first = make_agent("Second", queue=queue), make_agent("First", queue=queue)
    triage = make_agent("Triage", aop="To", mentions=[first], queue=queue)
    for agent, target in ((first, Receiver(agent_id=second.pk)), (second, Receiver(group_id=finance.pk))):
        pause_agent(agent)
        save_agent(agent, when_unavailable=WhenUnavailable(rule=FALLBACK, after_minutes=0, target=target))
    case = make_case(assignee=triage)
    scripted.answers(call("request_handover", target="first", reason="Money"))
    work_next()
    reroute_what_waits_too_long()
    reroute_what_waits_too_long()
    assert where(case) == (Status.NEEDS_INPUT, Reason.WITH_PEOPLE, None, finance)
    _empty(finance)
    pass_on_what_is_left()
    assert where(case) == TEAMS
    assert events(case)[-3:] == ["rerouted", "rerouted", "assigned_to_people"]


def test_a_fallback_to_someone_who_is_away_ends_with_the_team(scripted, make_case, make_agent, queue, ada) -> None:
    billing = make_agent("Billing", queue=queue)
    triage = make_agent("Triage", aop="To", mentions=[billing], queue=queue)
    pause_agent(billing)
    target = Receiver(user_id=ada.user.uuid)
    save_agent(billing, when_unavailable=WhenUnavailable(rule=FALLBACK, after_minutes=0, target=target))
    case = make_case(assignee=triage)
    scripted.answers(call("request_handover", target="billing", reason="Money"))
    work_next()
    _send_away(ada)
    sweep()
    sweep()
    assert where(case) == TEAMS


@pytest.fixture
def triage(scripted: Provider, make_agent: Make[Agent], queue: Queue, ada: Member) -> Agent:
    """Its only target is Ada."""
    aop = f"Quarrels go to {mentions.token(ada.user.uuid, 'Ada', mentions.PERSON)}."
    return make_agent("Triage", aop=aop, queue=queue)


def test_a_person_as_only_target_of_an_agent_that_no_longer_consumes_the_queue(
    triage, make_case, make_run, ada, scripted
) -> None:
    """The run that has begun hands over. No other begins, a standalone one can choose nobody; the badge is amber."""
    case = make_case()
    [claim] = take()
    answer = calls(call("request_handover", target="ada", reason="A quarrel").calls[0])
    drive_while(claim, scripted, lambda: connect(triage, []), answer)
    assert where(case) == (Status.NEEDS_INPUT, Reason.WITH_PEOPLE, ada.user, None)
    other = make_case()
    assert take() == [] and fresh(other).status == Status.PENDING
    assert [(one.name, one.status) for one in detailed(triage).people] == [("Ada", "unavailable")]
    make_run(triage)
    work_next()
    assert "request_handover" not in scripted.requests[-1].tools


def test_the_clock_changes_while_a_case_waits_for_a_group(case, someone, team, ada, monkeypatch) -> None:
    """The night in which the clocks go forward has an hour less, so the due time is an hour later on the clock."""
    night = [{"days": ["sat"], "from": "22:00", "to": "24:00"}, {"days": ["sun"], "from": "00:00", "to": "06:00"}]
    hours = OPENINGS.validate_python([*night, {"days": ["mon"], "from": "09:00", "to": "17:00"}])
    fields = GroupFields("Night", [ada.user.uuid], time_zone="Europe/Berlin", hours=hours, due_hours=8)
    group = groups.create_group(team, fields)
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 3, 28, 21, tzinfo=UTC))
    moves.assign_to_people(case, someone, People(group=group))
    assert fresh(case).take_by == datetime(2026, 3, 30, 8, tzinfo=UTC), (
        "Monday at 10:00: seven hours of the night count"
    )
