"""People and groups as targets, each test named after its rule."""

import json

import pytest

from builder.agents.agents import save_agent
from builder.files.exporting import as_file
from builder.files.exporting import with_queues as exported
from builder.models import Agent
from builder.procedures import mentions
from cases.models import Case, Queue, Reason, Status
from cases.timeline.replay import replay
from cases.timeline.timeline import stages
from cases.timeline.wording import lines
from data.errors import Refused
from runs.models import Handover, Outcome, RequestEmail, Run
from runs.people import moves
from runs.results.schemas import run_out, with_details
from runs.trying.trying import try_agent
from teams.audit.actors import Actor
from teams.groups import groups
from teams.groups.groups import GroupFields
from teams.models import Group, Member, Team, User
from teams.webhooks import webhooks
from tests.driving import drive_while, work_next
from tests.fixtures import Make, take
from tests.provider import Provider, call, calls, say
from tests.smtp import mail_server
from tests.wire import Call

__all__ = ["mail_server"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(make_member: Make[Member]) -> Member:
    member = make_member(role=Member.Role.OPERATOR)
    User.objects.filter(pk=member.user_id).update(first_name="Ada")
    return Member.objects.select_related("user").get(pk=member.pk)


@pytest.fixture
def finance(team: Team, ada: Member) -> Group:
    return groups.create_group(team, GroupFields("Finance", [ada.user.uuid], due_hours=4))


@pytest.fixture
def text(ada: Member, finance: Group) -> str:
    person = mentions.token(ada.user.uuid, "Somebody", mentions.PERSON)
    return f"Refunds go to {mentions.token(finance.pk, 'Finance', mentions.GROUP)}, quarrels to {person}."


@pytest.fixture
def triage(scripted: Provider, make_agent: Make[Agent], queue: Queue, text: str) -> Agent:
    return make_agent("Triage", aop=text, queue=queue)


@pytest.fixture
def case(make_case: Make[Case], triage: Agent) -> Case:
    return make_case("Charged twice")


def to(target: str) -> Call:
    return Call("request_handover", {"target": target, "reason": "Above 100 euros", "note": "The card ends in 42."})


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def test_they_are_targets_by_their_names_of_today(scripted, case, triage) -> None:
    scripted.answers(call("complete_case", summary="Done"))
    work_next()
    assert scripted.requests[0].targets == ["finance", "ada"]
    assert "@Finance (request_handover target: finance)" in json.dumps(scripted.requests[0].body)
    assert "@[Ada](person:" in triage.live_revision.aop


def test_a_case_handed_to_a_group_waits_for_someone_of_it(mail_server, scripted, case, finance, ada) -> None:
    scripted.answers(calls(to("finance")))
    run = work_next()
    case = fresh(case)
    assert (run.outcome, run.handover.status, run.handover.group) == (Outcome.HANDED_OVER, "applied", finance)
    assert (case.status, case.reason, case.group, case.owner) == (Status.NEEDS_INPUT, Reason.WITH_PEOPLE, finance, None)
    assert case.detail == "Above 100 euros\n\nThe card ends in 42."
    assert case.take_by and take() == []
    assert [email.member for email in RequestEmail.objects.filter(case=case)] == [ada]


def test_a_case_handed_to_a_person_is_theirs(scripted, case, ada) -> None:
    scripted.answers(calls(to("Ada")))
    work_next()
    assert (fresh(case).owner, fresh(case).taken_by, fresh(case).take_by) == (ada.user, "Ada", None)


def test_the_timeline_and_the_api_say_to_whom(scripted, case, finance) -> None:
    scripted.answers(calls(to("finance")))
    run = work_next()
    events = list(case.events.order_by("seq"))
    assert str(lines(events, {})[-1].words) == "An agent handed over to Finance"
    assert [(stage.outcome, stage.handed_to) for stage in stages(events)] == [("handed_over", "Finance")]
    told = run_out(with_details(Run.objects.filter(pk=run.pk)).get()).handover
    assert told and (told.target_agent_id, told.target_group_id) == (None, finance.pk)
    kept = replay(events)
    assert {name: getattr(fresh(case), name) for name in kept if hasattr(case, name)} | {"is_deleted": False} == kept


def test_webhooks_hear_to_whom(scripted, case, make_case, team, finance, ada) -> None:
    hook, _ = webhooks.create_webhook(team, "https://example.com/", ["handover.applied", "case.assigned"])
    scripted.answers(calls(to("finance")), calls(to("ada")))
    work_next()
    make_case()
    work_next()
    told = [(row.event, json.loads(row.body)["data"]) for row in hook.deliveries.order_by("created_at", "id")]
    assert [data["target"] for event, data in told if event == "handover.applied"] == [
        {"id": str(finance.pk), "name": "Finance", "kind": "group"},
        {"id": str(ada.user.uuid), "name": "Ada", "kind": "person"},
    ]
    cases = [data["case"] for event, data in told if event == "case.assigned"]
    assert [(one["owner"] and one["owner"]["name"], one["group"] and one["group"]["name"]) for one in cases] == [
        (None, "Finance"),
        ("Ada", None),
    ]


def test_the_hop_count_starts_again(scripted, make_agent, make_case, queue, text, triage) -> None:
    first = make_agent("First", aop="To", mentions=[triage], queue=queue)
    case = make_case(assignee=first)
    scripted.answers(call("request_handover", target="triage", reason="x"), calls(to("ada")))
    work_next()
    assert fresh(case).hops == 1
    work_next()
    assert fresh(case).hops == 0


def test_at_the_last_hop_people_are_withdrawn_too(scripted, case, triage) -> None:
    Case.objects.filter(pk=case.pk).update(hops=case.queue.hop_limit)
    scripted.answers(calls(to("finance")), call("complete_case", summary="Done"))
    work_next()
    assert "request_handover" not in scripted.requests[0].tools
    assert (fresh(case).status, fresh(case).group, Handover.objects.count()) == (Status.COMPLETED, None, 0)


def test_people_hand_it_back_to_an_agent_with_a_note_it_reads(scripted, case, triage, someone) -> None:
    scripted.answers(calls(to("finance")), call("complete_case", summary="Done"))
    work_next()
    moves.hand_back(case, someone, triage, "Refunded by hand.")
    work_next()
    assert "Refunded by hand." in scripted.requests[1].user_text
    assert '"to": "Finance"' in scripted.requests[1].user_text


def test_standalone_runs_cannot_choose_people(scripted, triage, make_run) -> None:
    scripted.answers(say("Fine"))
    make_run(triage, input="Refund me")
    work_next()
    assert "request_handover" not in scripted.requests[0].tools


def test_who_is_gone_since_the_run_started_cannot_take_it(scripted, case, finance) -> None:
    [claim] = take()
    scripted.answers(call("complete_case", summary="Myself"))
    run = drive_while(claim, scripted, lambda: groups.delete_group(finance), calls(to("finance")))
    assert run.outcome == Outcome.CASE_COMPLETED
    assert not Handover.objects.exists()


def test_a_try_may_choose_people_and_nothing_comes_of_it(scripted, case, triage, someone: Actor) -> None:
    scripted.answers(calls(to("finance")))
    moves.take_over(case, someone)
    try_agent(triage, by=someone, text="Charged twice", sample=case)
    run = work_next()
    assert run.handover.status == Handover.Status.RECORDED


def test_people_of_other_teams_cannot_be_mentioned(make_agent, make_member, make_team) -> None:
    stranger = make_member(of=make_team())
    with pytest.raises(Refused, match="is not a person of this team"):
        make_agent(aop=mentions.token(stranger.user.uuid, "Stranger", mentions.PERSON))


def test_a_badge_is_red_when_they_are_gone_and_amber_without_a_queue(
    triage, make_agent, text, ada, finance, signed_in
) -> None:
    alone = make_agent("Alone", aop=text)
    page = signed_in.get(f"/agents/{alone.pk}/mentions/?ids={ada.user.uuid},{finance.pk}").json()["agents"]
    assert {row["status"] for row in page} == {"unavailable"}
    groups.delete_group(finance)
    ada.delete()
    page = signed_in.get(f"/agents/{triage.pk}/mentions/?ids={ada.user.uuid},{finance.pk}").json()["agents"]
    assert {row["name"]: row["status"] for row in page} == {"Ada": "deleted", "Finance": "deleted"}
    save_agent(triage, aop=text + " Else complete it.")  # a mention of who is gone stands in the way of nothing


def test_the_menu_lists_agents_people_and_groups(triage, make_agent, queue, ada, signed_in) -> None:
    make_agent("Adagio", queue=queue)
    rows = signed_in.get(f"/agents/{triage.pk}/mentions/?q=a").json()["agents"]
    assert [(row["kind"], row["name"]) for row in rows if row["name"].startswith(("Ad", "Fi"))] == [
        *(("agent", "Adagio"), ("person", "Ada"), ("group", "Finance")),
    ]


def test_an_export_keeps_the_mentions_with_their_names(triage, finance, ada) -> None:
    [saved] = exported(Agent.objects.filter(pk=triage.pk))
    assert f"@[Ada](person:{ada.user.uuid})" in as_file(saved).aop
