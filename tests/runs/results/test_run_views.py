"""The page of one run beyond its first words: again, who stopped it, long texts, and the picture of its chain."""

import json

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from builder.agents.agents import delete_agent, save_agent
from builder.models import Agent
from cases.models import Case, Queue
from runs.models import Run, Step
from runs.people import moves
from runs.results import chain, queries
from runs.results.conversation import SHORT, beginning
from teams.audit.actors import Actor, program
from teams.keys.api_keys import create_key
from teams.models import Member, Team
from tests.driving import work_next
from tests.fixtures import Make, mention, take
from tests.provider import Provider, call, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def triage(scripted: Provider, make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Triage", queue=queue)


def page(client: Client, run: Run, **headers: str) -> str:
    response = client.get(reverse("run", args=[run.pk]), headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def again(client: Client, run: Run, **data: str) -> Run:
    response = client.post(reverse("run_again", args=[run.pk]), data)
    new = Run.objects.exclude(pk=run.pk).get()
    assert response.headers["Location"] == reverse("run", args=[new.pk])
    return new


@pytest.mark.parametrize(("role", "may"), [(Member.Role.OPERATOR, False), (Member.Role.BUILDER, True)])
def test_a_test_of_a_run_is_offered_to_those_who_build(
    signed_in: Client, member: Member, scripted: Provider, triage: Agent, make_run: Make[Run], role: str, may: bool
) -> None:
    make_run(triage, input="Charged twice")
    run = work_next()
    Member.objects.update(role=role)
    assert (reverse("run_test", args=[run.pk]) in page(signed_in, run)) is may


# --- Again -----------------------------------------------------------------------------------


@pytest.fixture
def old(triage: Agent, make_run: Make[Run]) -> Run:
    """A run whose revision was replaced since."""
    run = make_run(triage, input="Charged twice", status="stopped")
    save_agent(triage, aop="Do it another way.")
    return run


def test_run_again_keeps_the_revision(signed_in: Client, old: Run) -> None:
    new = again(signed_in, old)
    assert (new.revision, new.input, new.trigger) == (old.revision, old.input, Run.Trigger.MANUAL)


def test_run_again_with_the_latest_revision(signed_in: Client, old: Run, triage: Agent) -> None:
    assert "Run with the latest revision" in page(signed_in, old)
    new = again(signed_in, old, revision="latest")
    assert (new.revision, new.input) == (triage.live_revision, old.input)


def test_there_is_one_way_to_run_again_while_the_revision_is_live(
    signed_in: Client, triage: Agent, make_run: Make[Run]
) -> None:
    html = page(signed_in, make_run(triage, status="stopped"))
    assert "Run again" in html and "latest revision" not in html


def test_an_old_revision_that_mentions_a_deleted_agent_is_not_run_again(
    signed_in: Client, triage: Agent, make_agent: Make[Agent], make_run: Make[Run]
) -> None:
    gone = make_agent("Gone")
    save_agent(triage, aop=mention("Ask", gone))
    old = make_run(triage, revision=triage.live_revision, status="stopped")
    save_agent(triage, aop="Ask nobody.")
    delete_agent(gone)
    response = signed_in.post(reverse("run_again", args=[old.pk]))
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        f"Revision {old.revision.number} mentions @Gone, now deleted. Use the latest revision."
    ]
    assert Run.objects.count() == 1


def test_a_parked_case_is_sent_again_from_its_run(
    signed_in: Client, triage: Agent, make_case: Make[Case], someone: Actor
) -> None:
    case = make_case("Printer", assignee=triage)
    [claim] = take()
    run = Run.objects.get(pk=claim.run_id)
    moves.stop_run(run, someone)
    assert reverse("case_retry", args=[case.pk]) in page(signed_in, run)
    moves.complete(case, "", someone)
    assert reverse("case_retry", args=[case.pk]) not in page(signed_in, run)


# --- Who stopped it --------------------------------------------------------------------------


def test_a_run_says_which_person_stopped_it(signed_in: Client, old: Run, triage: Agent, make_run: Make[Run]) -> None:
    run = make_run(triage)
    signed_in.post(reverse("run_stop", args=[run.pk]))
    run.refresh_from_db()
    member = Member.objects.get()
    assert run.stopped_by == str(member.user)
    assert f"{member.user} stopped the run." in page(signed_in, run)


def test_a_run_says_which_key_stopped_it(signed_in: Client, team: Team, triage: Agent, make_run: Make[Run]) -> None:
    key, secret = create_key(team, "Nightly")
    run = make_run(triage)
    headers = {"Authorization": f"Bearer {secret}"}
    address = f"/api/v1/runs/{run.pk}/stop"
    stopped = signed_in.post(address, headers=headers, content_type="application/json").json()
    assert stopped["stopped_by"] == program(key).label == "API key Nightly"
    assert stopped["stopped_because"] == "API key Nightly stopped the run."
    assert "API key Nightly stopped the run." in page(signed_in, run)


def test_a_run_says_who_ended_its_case(signed_in: Client, triage: Agent, make_case: Make[Case], someone: Actor) -> None:
    case = make_case(assignee=triage)
    [claim] = take()
    moves.complete(case, "Done by hand", someone)
    run = Run.objects.get(pk=claim.run_id)
    assert (run.stopped_by, run.stopped_because) == (someone.label, f"{someone.label} completed the case.")
    assert run.stopped_because in page(signed_in, run)


def test_a_stop_is_confirmed_only_when_something_was_done(
    signed_in: Client, scripted: Provider, triage: Agent, make_run: Make[Run], make_case: Make[Case]
) -> None:
    assert 'id="stop-run"' not in page(signed_in, make_run(triage))
    take()
    make_case(assignee=triage)
    [claim] = take()
    assert 'id="stop-run"' in page(signed_in, Run.objects.get(pk=claim.run_id))


# --- Long texts ------------------------------------------------------------------------------

LONG = "Some **words**.\n\n" * 4_000


def text(client: Client, run: Run, of: str, what: str) -> str:
    response = client.get(reverse("run_text", args=[run.pk]), {"of": of, "what": what}, headers={"HX-Request": "true"})
    assert response.status_code == 200
    return response.content.decode()


def test_a_long_answer_shows_its_beginning_and_the_rest_on_demand(
    signed_in: Client, scripted: Provider, triage: Agent, make_run: Make[Run]
) -> None:
    scripted.answers(say(LONG))
    make_run(triage)
    run = work_next()
    html = page(signed_in, run)
    assert (
        len(html) < 60_000 and "<strong>words</strong>" in html and f"Show all {len(run.result):,} characters" in html
    )
    assert text(signed_in, run, "run", "answer").count("<strong>words</strong>") == 4_000
    assert text(signed_in, run, "2-0", "text").count("<strong>words</strong>") == 4_000


def test_long_arguments_results_and_prompts_are_fetched_when_opened(
    signed_in: Client, triage: Agent, make_run: Make[Run]
) -> None:
    run = make_run(triage, input="Input! " * 1_000)
    steps = [
        ("prompt", {"instructions": "Told! " * 1_000, "prompt": "Asked! " * 1_000}),
        (
            "response",
            {"parts": [{"part_kind": "tool-call", "tool_name": "t", "args": {"a": LONG}, "tool_call_id": "c"}]},
        ),
        ("tool_result", {"tool": "t", "call_id": "c", "content": "Back! " * 100_000, "ok": True}),
    ]
    for seq, (kind, data) in enumerate(steps, 1):
        Step.objects.create(team_id=run.team_id, run=run, seq=seq, kind=kind, data=data)
    html = page(signed_in, run)
    assert len(html) < 50_000
    assert not any(word in html for word in ("Input!", "Told!", "Asked!", "Back!", "Some **words"))
    assert text(signed_in, run, "run", "input").count("Input!") >= 1_000
    assert text(signed_in, run, "1", "instructions").count("Told!") >= 1_000
    assert text(signed_in, run, "1", "text").count("Asked!") >= 1_000
    assert text(signed_in, run, "2-0", "result").count("Back!") >= 100_000
    assert json.dumps(LONG)[:200] in text(signed_in, run, "2-0", "arguments").replace("&quot;", '"')


@pytest.mark.parametrize(("of", "what"), [("9", "text"), ("1-0", "pk"), ("run", "error"), ("x", "text"), ("²", "text")])
def test_there_is_no_other_text(signed_in: Client, triage: Agent, make_run: Make[Run], of: str, what: str) -> None:
    address = reverse("run_text", args=[make_run(triage).pk])
    assert signed_in.get(address, {"of": of, "what": what}).status_code == 404


def test_a_text_begins_with_whole_paragraphs() -> None:
    assert beginning("a" * 1_500 + "\n\n" + "b" * 1_500) == "a" * 1_500
    assert len(beginning("a" * 5_000)) == SHORT


def test_a_page_of_a_hundred_steps_is_light(signed_in: Client, triage: Agent, make_run: Make[Run]) -> None:
    run = make_run(triage)
    Step.objects.bulk_create(
        Step(
            team_id=run.team_id,
            run=run,
            seq=seq,
            kind="response" if seq % 2 else "tool_result",
            data={"parts": [{"part_kind": "tool-call", "tool_name": "t", "args": {}, "tool_call_id": f"c{seq}"}]}
            if seq % 2
            else {"tool": "t", "call_id": f"c{seq - 1}", "content": "Much to say. " * 20_000, "ok": True},
        )
        for seq in range(1, 101)
    )
    assert len(page(signed_in, run)) < 150_000


# --- The chain -------------------------------------------------------------------------------


def handed_over(count: int, first: Run, make_agent: Make[Agent], make_run: Make[Run]) -> list[Run]:
    runs = [first]
    for hop in range(1, count):
        runs.append(make_run(make_agent(f"Agent of hop {hop}"), parent=runs[-1], root=first, hop=hop))
    return runs


def test_the_chain_is_a_picture_with_this_run_marked(
    signed_in: Client, scripted: Provider, make_agent: Make[Agent], make_run: Make[Run]
) -> None:
    billing = make_agent("Billing")
    make_run(make_agent("Front desk", mentions=[billing]), input="Charged twice")
    scripted.answers(call("request_handover", target="billing", reason="Money"), say("Paid"))
    first, second = work_next(), work_next()
    html = page(signed_in, second)
    svg = html[html.index('<svg class="chain"') :].partition("</section>")[0]
    assert reverse("run", args=[first.pk]) in svg and "Front desk" in svg and "hop 1" in svg
    assert svg.count('aria-current="true"') == 1 and "Answered · this run" in svg
    assert f"{reverse('runs')}?chain={first.pk}" in html


def test_a_long_chain_leaves_a_gap(triage: Agent, make_agent: Make[Agent], make_run: Make[Run]) -> None:
    runs = handed_over(12, make_run(triage), make_agent, make_run)
    drawn = chain.picture(runs[5], queries.details(runs[5]).chain)
    assert drawn
    assert [link.hop for link in drawn.links] == [0, None, 3, 4, 5, 6, 7, None, 11]
    assert [link.skipped for link in drawn.links] == [0, 2, 0, 0, 0, 0, 0, 3, 0]
    assert [link.is_here for link in drawn.links].index(True) == 4
    drawn = chain.picture(runs[4], queries.details(runs[4]).chain)
    assert drawn and [link.skipped for link in drawn.links] == [0, 0, 0, 0, 0, 0, 0, 4, 0]


def test_a_run_that_stands_alone_has_no_picture(triage: Agent, make_run: Make[Run]) -> None:
    run = make_run(triage)
    assert chain.picture(run, queries.details(run).chain) is None


def test_a_failure_leads_to_what_helps(signed_in: Client, triage: Agent, make_run: Make[Run]) -> None:
    failed = make_run(triage, status="failed", error_code="no_outcome", error="It called nothing.")
    html = page(signed_in, failed)
    assert f'href="{reverse("agent", args=[triage.pk])}#procedure"' in html and "Edit the procedure of Triage" in html


def test_a_run_links_to_the_revision_it_followed(signed_in: Client, old: Run, triage: Agent) -> None:
    assert reverse("revision", args=[triage.pk, old.revision.number]) in page(signed_in, old)
