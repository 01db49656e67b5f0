"""Trying an agent: what it would do, while nothing happens."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from builder.agents.agents import delete_agent, pause_agent, save_agent
from builder.agents.connections import connect
from builder.models import Agent
from cases.models import Case
from data.errors import Refused
from runs.engine import human_requests
from runs.home import views
from runs.models import Handover, HumanRequest, RequestEmail, Run
from runs.notifications import mailer
from runs.people import deadlines
from runs.trying import trying
from teams.audit.actors import Actor
from teams.keys.api_keys import create_key
from teams.models import Member, Team
from teams.webhooks import outbox
from teams.webhooks.webhooks import create_webhook
from tests.driving import work_next
from tests.fixtures import Make, events, mention
from tests.provider import Provider, call, calls, say
from tests.smtp import MailServer, mail_server
from tests.wire import Call

__all__ = ["mail_server"]
pytestmark = pytest.mark.django_db


def test_a_handover_of_a_try_is_recorded_and_starts_nothing(
    scripted: Provider, make_agent: Make[Agent], someone: Actor
) -> None:
    scripted.script = lambda request: call("request_handover", target="billing", reason="It is about money.")
    billing = make_agent("Billing")
    trying.try_agent(make_agent(mentions=[billing]), by=someone, text="A refund, please.")
    run = work_next()
    assert (run.status, run.outcome, run.trigger) == ("completed", "handed_over", "try")
    assert (run.handover.status, run.handover.target) == (Handover.Status.RECORDED, billing)
    assert run.handover.next_run is None and Run.objects.count() == 1


def test_the_text_as_typed_is_frozen_for_the_run_that_follows_it(
    scripted: Provider, make_agent: Make[Agent], someone: Actor
) -> None:
    scripted.script = lambda request: say("Done.")
    agent = make_agent(aop="What is live")
    run = trying.try_agent(agent, by=someone, aop="What is typed", model="openai-chat:scripted")
    save_agent(agent, aop="What came later")
    run = work_next()
    assert (run.revision.aop, run.revision.status, run.result) == ("What is typed", "tried", "Done.")
    assert "What is typed" in run.steps.get(seq=1).data["instructions"]
    assert agent.live_revision.aop == "What came later" and agent.live_revision.number == 2


def test_the_live_text_is_tried_as_the_live_revision(make_agent: Make[Agent], someone: Actor) -> None:
    agent = make_agent(aop="Live")
    run = trying.try_agent(agent, by=someone)
    assert run.revision == agent.live_revision and agent.revisions.count() == 1


def test_a_sample_case_is_not_touched(
    scripted: Provider, make_agent: Make[Agent], make_case: Make[Case], queue, someone: Actor
) -> None:
    scripted.script = lambda request: call("request_handover", target="billing", reason="Money.")
    billing = make_agent("Billing", queue=queue)
    pause_agent(billing)  # so that the case itself stays where it is
    agent = make_agent("Triage", mentions=[billing])
    case = make_case("Refund", data={"amount": 12, "mail": "I was charged twice.\nPlease help."})
    before = Case.objects.filter(pk=case.pk).values().get()
    text = trying.sample_text(case)
    assert text == "Refund\n\nAmount: 12\n\nI was charged twice.\nPlease help."
    trying.try_agent(agent, by=someone, text=text, sample=case)
    run = work_next()
    assert run.case is None and run.outcome == "handed_over"
    assert Case.objects.filter(pk=case.pk).values().get() == before and events(case) == ["created"]


def test_the_targets_are_those_that_could_take_over_the_sample_case(
    scripted: Provider, make_agent: Make[Agent], make_case: Make[Case], queue, someone: Actor
) -> None:
    near, far = make_agent("Near", queue=queue), make_agent("Far")
    pause_agent(near)
    agent = make_agent("Triage", mentions=[near, far])
    alone = trying.try_agent(agent, by=someone)
    on_a_case = trying.try_agent(agent, by=someone, sample=make_case())
    assert [row["key"] for row in alone.targets] == ["far"]
    assert [row["key"] for row in on_a_case.targets] == ["near"]
    alone.delete()
    scripted.script = lambda request: call("request_handover", target="near", reason="It waits there.")
    Agent.objects.filter(pk=agent.pk).update(paused_at=None)
    run = work_next()
    assert run.handover.target == near


def test_tools_with_effects_do_nothing_in_a_try(
    scripted: Provider, make_agent: Make[Agent], queue, someone: Actor
) -> None:
    scripted.answers(
        calls(
            Call("add_cases", {"queue": "Support", "cases": [{"title": "New"}]}),
            Call("list_cases", {"queue": "Support"}),
        ),
        say("Added."),
    )
    agent = make_agent()
    connect(agent, produces=[queue.pk])
    trying.try_agent(agent, by=someone)
    run = work_next()
    results = [step.data["content"] for step in run.steps.filter(kind="tool_result")]
    assert "this is only a try" in results[0] and results[1] == "[]"
    assert not Case.objects.exists()


def test_webhooks_are_not_told_of_a_try(
    scripted: Provider, make_agent: Make[Agent], team: Team, someone: Actor
) -> None:
    scripted.script = lambda request: say("Done.")
    webhook, _ = create_webhook(team, "https://example.com/hook", ["run.completed"])
    trying.try_agent(make_agent(), by=someone)
    assert work_next().outcome == "answered"
    assert not webhook.deliveries.exists()


def test_a_paused_agent_can_be_tried_and_a_deleted_one_not(make_agent: Make[Agent], someone: Actor) -> None:
    agent = make_agent()
    pause_agent(agent)
    assert trying.try_agent(agent, by=someone).status == "queued"
    delete_agent(agent)
    agent.refresh_from_db()
    with pytest.raises(Refused, match="was deleted"):
        trying.try_agent(agent, by=someone)


def test_a_deleted_mention_is_refused_and_a_text_without_it_goes(make_agent: Make[Agent], someone: Actor) -> None:
    gone = make_agent("Gone")
    agent = make_agent(mentions=[gone])
    delete_agent(gone)
    for aop in (None, mention("Still", gone)):
        with pytest.raises(Refused, match="mentions @Gone"):
            trying.try_agent(agent, by=someone, aop=aop)
    assert not agent.revisions.filter(status="tried").exists()
    assert trying.try_agent(agent, by=someone, aop="Fixed").revision.aop == "Fixed"


def test_a_try_is_repeated_with_the_text_it_had(make_agent: Make[Agent], someone: Actor) -> None:
    agent = make_agent(aop="Live")
    first = trying.try_agent(agent, by=someone, aop="Typed", text="A mail")
    again = trying.try_again(first, someone)
    assert (again.revision, again.input, again.is_try) == (first.revision, "A mail", True)


# --- Pages -----------------------------------------------------------------------------------


def panel(agent: Agent) -> str:
    return reverse("agent_try", args=[agent.pk])


PART = {"HX-Request": "true"}


def test_the_panel_offers_the_cases_of_the_agents_queues(
    signed_in: Client, make_agent: Make[Agent], make_case: Make[Case], make_queue, queue
) -> None:
    mine, other = make_case("Mine"), make_case("Other", in_queue=make_queue())
    agent = make_agent(queue=queue)
    text = signed_in.get(panel(agent), headers={"HX-Target": "div#try-body"}).content.decode()
    assert str(mine.pk) in text and str(other.pk) not in text and "<html" not in text
    assert str(other.pk) in signed_in.get(panel(make_agent())).content.decode()


def test_a_chosen_case_fills_the_field(signed_in: Client, make_agent: Make[Agent], make_case: Make[Case]) -> None:
    case, agent = make_case("Refund", data="<b>Twice</b>"), make_agent()
    address = reverse("agent_try_sample", args=[agent.pk])
    text = signed_in.get(address, {"sample": str(case.pk)}).content.decode()
    assert "Refund\n\n&lt;b&gt;Twice&lt;/b&gt;</textarea>" in text
    assert "></textarea>" in signed_in.get(address, {"sample": ""}).content.decode().replace("\n", "")


def test_what_is_typed_is_tried_and_shown_beside_it(signed_in: Client, make_agent: Make[Agent]) -> None:
    agent = make_agent(aop="Live")
    fields = {"what": "typed", "aop": "Typed", "model_kind": "offline", "model": "", "input": "A mail"}
    response = signed_in.post(panel(agent), fields, headers=PART)
    run = Run.objects.get()
    assert response.status_code == 200 and reverse("run_try", args=[run.pk]) in response.content.decode()
    assert (run.revision.aop, run.input, run.trigger) == ("Typed", "A mail", "try")
    signed_in.post(panel(agent), fields | {"what": "live"}, headers=PART)
    assert Run.objects.latest("created_at").revision == agent.live_revision


def test_another_text_than_the_typed_one_is_never_tried_in_its_place(
    signed_in: Client, make_agent: Make[Agent]
) -> None:
    response = signed_in.post(panel(make_agent(aop="Live")), {"what": "typed"}, headers=PART)
    assert response.status_code == 422 and "did not arrive" in response.content.decode()


def test_without_scripts_the_live_text_is_tried_on_the_page_of_the_run(
    signed_in: Client, make_agent: Make[Agent], make_case: Make[Case]
) -> None:
    agent, case = make_agent(aop="Live"), make_case("Refund", data="Twice")
    response = signed_in.post(panel(agent), {"what": "typed", "sample": case.pk, "input": ""})
    run = Run.objects.get()
    assert response["Location"] == reverse("run", args=[run.pk])
    assert (run.input, run.revision) == ("Refund\n\nTwice", agent.live_revision)


def test_a_try_that_is_refused_says_why_and_keeps_what_was_typed(
    signed_in: Client, make_agent: Make[Agent], make_team
) -> None:
    gone = make_agent("Gone")
    agent = make_agent(mentions=[gone])
    delete_agent(gone)
    response = signed_in.post(panel(agent), {"input": "A mail"}, headers=PART)
    assert response.status_code == 422 and "mentions @Gone" in response.content.decode()
    page = signed_in.post(panel(agent), {"input": "A mail"})
    assert page.status_code == 422 and "A mail</textarea>" in page.content.decode()
    theirs = make_agent(of=make_team())
    wrong = signed_in.post(panel(agent), {"aop": mention("", theirs), "what": "typed"}, headers=PART)
    assert "is not an agent of this team" in wrong.content.decode()
    assert not Run.objects.exists()


def test_the_run_says_whom_it_would_hand_over_to_and_why(
    signed_in: Client, scripted: Provider, make_agent: Make[Agent], someone: Actor
) -> None:
    scripted.script = lambda request: call("request_handover", target="billing", reason="About <money>.", note="Hurry")
    trying.try_agent(make_agent(mentions=[make_agent("Billing")]), by=someone)
    run = work_next()
    for name in ("run_try", "run"):
        text = signed_in.get(reverse(name, args=[run.pk])).content.decode()
        for words in ("Would hand over to", "About &lt;money&gt;.", "Hurry", "Billing was not started"):
            assert words in text
    assert "Would hand over to" in signed_in.get(reverse("runs")).content.decode()


def test_a_failed_try_needs_nobodys_attention(signed_in: Client, make_agent: Make[Agent], make_run) -> None:
    make_run(trigger=Run.Trigger.TRY, status="failed", error_code="model_error", error="No answer")
    assert not signed_in.get(reverse("runs"), {"state": "attention"}).context["page"].rows


def test_a_try_is_tried_again_from_its_page(signed_in: Client, make_agent: Make[Agent], someone: Actor) -> None:
    run = trying.try_agent(make_agent(), by=someone, text="A mail")
    Run.objects.filter(pk=run.pk).update(status="stopped")
    assert "Try again" in signed_in.get(reverse("run", args=[run.pk])).content.decode()
    signed_in.post(reverse("run_again", args=[run.pk]))
    assert Run.objects.latest("created_at").is_try and Run.objects.count() == 2


# --- Questions of a try -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "asks",
    [
        call("ask_person", question="Which canary?"),
        call("request_approval", title="Which canary?", details="All of it"),
    ],
    ids=["question", "approval"],
)
def test_what_a_try_asks_stays_on_its_page(
    signed_in: Client,
    scripted: Provider,
    mail_server: MailServer,
    make_agent: Make[Agent],
    make_member: Make[Member],
    member: Member,
    team: Team,
    someone: Actor,
    asks: Any,
) -> None:
    make_member()
    Team.objects.filter(pk=team.pk).update(answer_hours=1)
    webhook, _ = create_webhook(team, "https://example.com/hook", list(outbox.EVENTS))
    scripted.answers(asks, say("Done."))
    trying.try_agent(make_agent(), by=someone)
    run = work_next()
    request = run.human_requests.get()
    # As if it had been made by an older version, with a due time that has passed.
    HumanRequest.objects.update(due_at=timezone.now(), remind_at=timezone.now())
    deadlines.remind_of_what_is_due_soon()
    deadlines.pass_on_what_is_due()
    for refused in (
        lambda: human_requests.assign(request, member, someone),
        lambda: human_requests.set_due(request, timezone.now() + timedelta(hours=1)),
    ):
        with pytest.raises(Refused, match="question of a try"):
            refused()
    signed_in.post(reverse("assign", args=[request.pk]), {"member": member.pk})

    for address in ("inbox", "inbox_count", "home", "palette"):
        for query in ({}, {"show": "mine"}, {"q": "which"}):
            assert "canary" not in signed_in.get(reverse(address), query).text, address
    assert "count-badge" not in signed_in.get(reverse("inbox_count")).text
    assert views.requests(member) == {"mine": 0, "all": 0} and views.waiting(team).count == 0
    assert not signed_in.get(reverse("runs"), {"state": "attention"}).context["page"].rows
    assert 'baton_human_requests_open{kind="question"} 0' in Client().get("/metrics").text
    assert "canary" in signed_in.get(reverse("run", args=[run.pk])).text
    assert "canary" in signed_in.get(reverse("run_try", args=[run.pk])).text

    program = Client(headers={"authorization": f"Bearer {create_key(team, 'Tests')[1]}"})
    found = {
        query: len(program.get(f"/api/v1/human-requests{query}").json()["items"])
        for query in ("", "?status=open", "?trigger=try", f"?run_id={run.pk}", "?trigger=dispatch")
    }
    assert found == {"": 0, "?status=open": 0, "?trigger=try": 1, f"?run_id={run.pk}": 1, "?trigger=dispatch": 0}

    signed_in.post(reverse("answer", args=[request.pk]), {"answer": "Tweety", "decision": "refuse"})
    assert work_next().status == "completed"
    mailer.deliver()
    assert not RequestEmail.objects.exists() and not mail_server.got and not webhook.deliveries.exists()
    assert "canary" not in signed_in.get(reverse("inbox"), {"show": "answered"}).text
    assert HumanRequest.objects.get().assignee is None
