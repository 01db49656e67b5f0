"""Cases that are with people: whom they are with, how someone takes them, and that none is left lying."""

import json
import random
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from builder.models import Agent
from cases.models import Case, Queue, Reason, Status
from cases.search.filters import CaseFilter, find_cases, read_filter
from cases.timeline.replay import replay
from cases.timeline.wording import lines
from cases.work.people import People
from data.errors import Refused
from runs.models import RequestEmail
from runs.notifications import mailer
from runs.people import moves
from runs.people.absences import pass_on_what_is_left, tell_what_nobody_took
from runs.people.inbox_views import find_cases as inbox_cases
from runs.workers.clock import sweep
from teams.audit.actors import Actor, person
from teams.groups import groups
from teams.groups.groups import GroupFields
from teams.groups.hours import OPENINGS
from teams.models import Group, Member, Team
from teams.webhooks import webhooks
from tests.fixtures import Make, events, sign_in, take
from tests.smtp import MailServer, mail_server, text_of

__all__ = ["mail_server"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Triage", queue=queue)


@pytest.fixture
def case(make_case: Make[Case], agent: Agent) -> Case:
    return make_case("Charged twice")


@pytest.fixture
def ada(make_member: Make[Member]) -> Member:
    return make_member(role=Member.Role.OPERATOR)


@pytest.fixture
def finance(team: Team, ada: Member) -> Group:
    return groups.create_group(team, GroupFields("Finance", [ada.user.uuid], due_hours=4))


@pytest.fixture
def given(case: Case, finance: Group, someone: Actor) -> Case:
    return moves.assign_to_people(case, someone, People(group=finance), "Please refund.")


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def where(case: Case) -> tuple[object, ...]:
    case = fresh(case)
    return case.reason, case.taken_by and case.owner, case.group


def is_replayed(case: Case) -> bool:
    kept = replay(case.events.order_by("seq"))
    return {name: getattr(fresh(case), name) for name in kept if hasattr(case, name)} | {"is_deleted": False} == kept


def test_a_case_with_a_group_leaves_the_dispatcher_and_has_a_due_time(given, finance) -> None:
    assert where(given) == (Reason.WITH_PEOPLE, "", finance)
    assert given.take_by and timedelta(hours=3, minutes=59) < given.take_by - timezone.now() <= timedelta(hours=4)
    assert take() == []
    assert str(lines(given.events.all(), {})[-1].words).endswith("assigned the case to Finance")
    assert is_replayed(given)


def test_of_two_who_take_the_same_case_one_gets_it(given, ada, finance, someone) -> None:
    moves.take_over(given, person(ada.user))
    assert where(given) == (Reason.WITH_PEOPLE, ada.user, finance)
    with pytest.raises(Refused, match="has taken this case over"):
        moves.take_over(given, someone)
    assert fresh(given).take_by is None
    assert is_replayed(given)


def test_who_has_it_gives_it_back_to_the_group(given, ada, finance) -> None:
    moves.take_over(given, person(ada.user))
    moves.release(given, person(ada.user))
    assert where(given) == (Reason.WITH_PEOPLE, "", finance)


def test_it_is_handed_back_to_an_agent_with_a_note(given, ada, agent) -> None:
    moves.hand_back(given, person(ada.user), agent, "Refunded by hand.")
    assert where(given) == ("", "", None)
    assert fresh(given).assignee == agent
    assert is_replayed(given)


def test_an_assignment_to_people_can_be_undone(given, someone) -> None:
    moves.undo(given, fresh(given).last_seq, someone)
    assert (fresh(given).status, where(given)) == (Status.PENDING, ("", "", None))


def test_undoing_a_completion_brings_the_case_back_to_its_group(given, finance, someone) -> None:
    due = fresh(given).take_by
    moves.complete(given, "", someone)
    moves.undo(given, fresh(given).last_seq, someone)
    assert (where(given), fresh(given).take_by) == ((Reason.WITH_PEOPLE, "", finance), due)
    assert is_replayed(given)


def test_a_postponed_case_comes_back_to_its_group_with_a_new_due_time(given, finance, someone) -> None:
    moves.postpone(given, timezone.now() + timedelta(hours=1), someone)
    assert fresh(given).take_by is None
    Case.objects.filter(pk=given.pk).update(due_at=timezone.now())
    sweep()
    assert where(given) == (Reason.WITH_PEOPLE, "", finance)
    assert fresh(given).take_by


def test_what_nobody_took_in_time_goes_to_the_administrators_once(mail_server, given, member, ada) -> None:
    Case.objects.filter(pk=given.pk).update(take_by=timezone.now())
    tell_what_nobody_took()
    tell_what_nobody_took()
    assert events(given)[-1] == "overdue"
    assert events(given).count("overdue") == 1
    reminded = RequestEmail.objects.filter(case=given, why=RequestEmail.Why.REMINDER)
    assert [email.member for email in reminded] == [member], "Finance has no administrators, so the team's are told"
    assert list(find_cases(given.team, read_filter({"overdue": "1"}, ada))) == [given]


@pytest.mark.parametrize("why", ["removed", "deactivated", "away", "a viewer"])
def test_the_cases_of_who_is_gone_pass_to_their_group_with_an_event(given, ada, finance, make_member, why) -> None:
    moves.take_over(given, person(ada.user))
    finance.members.add(make_member(), through_defaults={"team_id": given.team_id})
    match why:
        case "removed":
            ada.delete()
        case "deactivated":
            type(ada.user).objects.filter(pk=ada.user.pk).update(is_active=False)
        case "away":
            Member.objects.filter(pk=ada.pk).update(away_until=timezone.now() + timedelta(days=3))
        case _:
            Member.objects.filter(pk=ada.pk).update(role=Member.Role.VIEWER)
    pass_on_what_is_left()
    pass_on_what_is_left()
    assert where(given) == (Reason.WITH_PEOPLE, "", finance)
    assert events(given)[-2:] == ["taken_over", "assigned_to_people"]


@pytest.mark.parametrize("act", ["deleted", "emptied"])
def test_the_cases_of_a_group_that_is_gone_pass_to_the_team(given, finance, member, act) -> None:
    if act == "deleted":
        groups.delete_group(finance)
    else:
        groups.change_group(finance, GroupFields("Finance"))
    pass_on_what_is_left()
    pass_on_what_is_left()
    assert where(given) == (Reason.WITH_PEOPLE, "", None)
    due = fresh(given).take_by
    assert due and timedelta(hours=23) < due - timezone.now() <= timedelta(days=1)
    assert list(inbox_cases(member)) == [given]


def test_a_case_always_has_one_place(case, agent, ada, finance, someone) -> None:
    """An agent, an owner (perhaps for a group), a group, or any agent, whatever is done one after the other."""
    acts = [
        lambda: moves.reassign(case, someone, agent),
        lambda: moves.assign_to_people(case, someone, People(group=finance)),
        lambda: moves.take_over(case, person(ada.user)),
        lambda: moves.release(case, person(ada.user)),
        lambda: moves.assign_to_people(case, someone, People(owner=ada.user)),
        lambda: moves.hand_back(case, person(ada.user), agent),
        lambda: moves.take_over(case, someone),
        lambda: moves.reassign(case, someone),
    ]
    found = []
    for act in acts:
        act()
        row = fresh(case)
        assert not row.assignee or not (row.owner or row.group)
        found.append(row.assignee or row.owner or row.group)
    assert found == [agent, finance, ada.user, finance, ada.user, agent, someone.user, None]


def test_the_inbox_holds_what_is_mine_or_my_groups(given, ada, member) -> None:
    assert (list(inbox_cases(ada)), list(inbox_cases(member))) == ([given], [])
    moves.take_over(given, person(member.user))
    assert (list(inbox_cases(ada)), list(inbox_cases(member))) == ([], [given])


def test_webhooks_say_who_has_it_and_what_nobody_took(case, finance, ada, team, someone) -> None:
    hook, _ = webhooks.create_webhook(team, "https://example.com/", ["case.assigned", "case.overdue"])
    moves.assign_to_people(case, someone, People(group=finance))
    Case.objects.filter(pk=case.pk).update(take_by=timezone.now())
    tell_what_nobody_took()
    moves.assign_to_people(case, someone, People(owner=ada.user))
    told = [(row.event, json.loads(row.body)["data"]) for row in hook.deliveries.order_by("created_at", "id")]
    group = {"id": str(finance.pk), "name": "Finance"}
    owner = {"id": str(ada.user.uuid), "name": str(ada.user), "email": ada.user.email}
    assert [(event, data["case"]["owner"], data["case"]["group"], data.get("goal")) for event, data in told] == [
        ("case.assigned", None, group, None),
        ("case.overdue", None, group, "take"),
        ("case.assigned", owner, None, None),
    ]


def test_lists_filter_by_owner_and_group(given, ada, finance, make_case) -> None:
    make_case("Another")
    moves.take_over(given, person(ada.user))
    for wanted in (CaseFilter(owner=ada.user.uuid), CaseFilter(group=finance.pk)):
        assert list(find_cases(given.team, wanted)) == [given]


def test_each_person_is_emailed_once(mail_server: MailServer, given, ada) -> None:
    mailer.deliver()
    mailer.deliver()
    [message] = mail_server.got
    assert (message["To"], message["Subject"]) == (ada.user.email, "[Ours] For Finance: #1 Charged twice")
    assert "> Please refund." in text_of(message) and "Please take it by" in text_of(message)


def test_no_email_is_sent_of_what_someone_took_first(mail_server: MailServer, given, member) -> None:
    moves.take_over(given, person(member.user))
    mailer.deliver()
    assert mail_server.got == []


def test_the_inbox_page_assigns_a_case_to_oneself(given, client: Client, ada) -> None:
    sign_in(client, ada.user)
    page = client.get("/inbox/?show=cases").content.decode()
    assert "Charged twice" in page and "For Finance" in page
    client.post(f"/cases/{given.pk}/take-over/", {"next": "/inbox/?show=cases"})
    assert "Unassign" in client.get("/inbox/?show=cases").content.decode()
    client.post(f"/cases/{given.pk}/release/")
    assert fresh(given).taken_by == ""


def test_the_page_of_a_case_assigns_it_to_a_group_or_a_member(case, finance, ada, signed_in) -> None:
    signed_in.post(f"/cases/{case.pk}/reassign/", {"assignee_id": f"group:{finance.pk}", "note": "Yours"})
    assert where(case) == (Reason.WITH_PEOPLE, "", finance)
    signed_in.post(f"/cases/{case.pk}/hand-back/", {"assignee_id": f"member:{ada.user.uuid}"})
    assert where(case) == (Reason.WITH_PEOPLE, ada.user, None)


def test_one_is_away_until_a_date(signed_in, member) -> None:
    signed_in.post("/settings/notifications/", {"bell_kinds": "assigned", "away_until": "2999-01-01T09:00"})
    member.refresh_from_db()
    assert member.away_until == datetime.fromisoformat("2999-01-01T09:00Z")


def test_whatever_people_do_each_case_has_a_person_or_a_dated_reason(
    mail_server: MailServer, team, make_member, make_case, someone
) -> None:
    """200 cases of groups with hours of their own, while members come and go and the clock jumps."""
    drawn = random.Random(19)
    members = [make_member(role=Member.Role.OPERATOR) for _ in range(4)]
    week = [{"days": ["mon", "wed", "sat"], "from": "09:00", "to": "17:00"}]
    made = [
        groups.create_group(
            team,
            GroupFields(
                f"Group {number}",
                [member.user.uuid for member in drawn.sample(members, 2)],
                time_zone=drawn.choice(["Europe/Berlin", "America/New_York", "Pacific/Auckland"]),
                hours=OPENINGS.validate_python(drawn.choice([week, []])),
                due_hours=drawn.randint(1, 30),
            ),
        )
        for number in range(3)
    ]
    cases = [moves.assign_to_people(make_case(), someone, People(group=drawn.choice(made))) for _ in range(200)]

    def act() -> None:
        match drawn.randrange(5):
            case 0:
                with suppress(Refused):
                    moves.take_over(drawn.choice(cases), person(drawn.choice(members).user))
            case 1:
                away = timezone.now() + timedelta(days=drawn.choice([-1, 2]))
                Member.objects.filter(pk=drawn.choice(members).pk).update(away_until=away)
            case 2:
                jump = timedelta(hours=drawn.randint(1, 60))
                Case.objects.filter(take_by__isnull=False).update(take_by=F("take_by") - jump)
            case 3:
                role = drawn.choice([Member.Role.VIEWER, Member.Role.OPERATOR])
                Member.objects.filter(pk=drawn.choice(members).pk).update(role=role)
            case _:
                group = drawn.choice(made)
                fields = GroupFields(
                    group.name, [member.user.uuid for member in drawn.sample(members, drawn.randint(0, 2))]
                )
                groups.change_group(group, fields)

    for _ in range(20):
        act()
        sweep_people()
        mailer.deliver()
    for case in Case.objects.filter(pk__in=[case.pk for case in cases]):
        here = Member.objects.filter(team=team, user=case.owner_id, user__is_active=True).exclude(role="viewer")
        is_theirs = here.exclude(away_until__gt=timezone.now()).exists()
        assert case.reason == Reason.WITH_PEOPLE
        assert is_theirs or (case.owner_id is None and case.take_by)
        assert not (case.take_by and case.take_by < timezone.now() and case.overdue_at is None)
    ids = [message["Message-ID"] for message in mail_server.got]
    assert ids and len(ids) == len(set(ids))


def sweep_people() -> None:
    tell_what_nobody_took()
    pass_on_what_is_left()
