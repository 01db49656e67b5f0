"""Which sentence of a procedure sent a case."""

import json
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.text import slugify

from builder.agents.agents import delete_agent, save_agent
from builder.agents.connections import Consumes, connect
from builder.agents.saving import freeze
from builder.models import Agent
from builder.procedures.mentions import token
from cases.models import Case, Queue
from runs.models import Handover, Run
from runs.results.schemas import run_out, with_details
from teams.groups import groups
from teams.groups.groups import GroupFields
from teams.models import Member
from tests.driving import drive_all, work_next
from tests.fixtures import Make, take
from tests.provider import Provider, Reply, Request, call

pytestmark = pytest.mark.django_db

TOPICS = ["refunds", "invoices", "crashes", "sign-in", "contracts", "deliveries"]


@pytest.fixture
def targets(scripted: Provider, make_agent: Make[Agent], queue: Queue) -> list[Agent]:
    return [make_agent(name, queue=queue) for name in ("Billing", "Support", "Sales")]


@pytest.fixture
def triage(make_agent: Make[Agent], queue: Queue, targets: list[Agent]) -> Agent:
    """Two sentences for each target, in prose and in a list, with others around them."""
    pairs = [(topic, targets[number % 3]) for number, topic in enumerate(TOPICS)]
    prose = [f"Be kind. All {topic} go to {token(to.pk, to.name)}." for topic, to in pairs[:3]]
    items = [f"{number}. About {topic}: {token(to.pk, to.name)}" for number, (topic, to) in enumerate(pairs[3:], 1)]
    aop = " ".join(prose) + "\n\n" + "\n".join(items)
    return save_agent(make_agent("Triage", queue=queue), aop=aop)


def sentence(topic: str, name: str) -> str:
    return f"All {topic} go to @{name}." if topic in TOPICS[:3] else f"About {topic}: @{name}"


def cite(request: Request) -> Reply:
    """Hand over by the sentence that names the topic of the case, with the mark that stands in it."""
    if "You are Triage" not in request.system:
        return call("complete_case", summary="Done")
    topic = next(topic for topic in TOPICS if f"Case about {topic}" in request.user_text)
    marks = r"\((?:request_handover )?target: ([a-z]+), (?:because: )?(m\d)\)"
    found = re.search(rf"{topic}[^@]*@\w+ {marks}", request.system)
    assert found
    return call("request_handover", target=found[1], reason="It is so.", because=found[2])


def test_a_handover_opens_the_sentence_that_the_model_cited_also_five_revisions_later(
    scripted: Provider, triage: Agent, queue: Queue, make_case: Make[Case], signed_in: Client
) -> None:
    scripted.script = cite
    connect(triage, [Consumes(queue.pk, 60)])
    cases = [(topic, make_case(f"Case about {topic}", assignee=triage)) for topic in TOPICS * 10]
    drive_all(take(limit=60))
    ran = [(topic, case.runs.get(agent=triage)) for topic, case in cases]
    old = triage.live_revision
    for number in range(5):
        save_agent(triage, aop=f"Revision {number} begins again.\n{old.aop}")

    names = ["Billing", "Support", "Sales"]
    for topic, run in ran:
        shown = run_out(with_details(Run.objects.filter(pk=run.pk)).get()).handover
        assert shown and shown.passage
        said = sentence(topic, names[TOPICS.index(topic) % 3])
        assert (shown.passage.text, shown.passage.revision_id) == (said, old.pk)
        assert shown.passage.revision_number == old.number

    page = signed_in.get(reverse("run_why", args=[ran[3][1].pk]), follow=True)
    marked = re.search(r'<mark id="passage"[^>]*>(.*?)</mark>', page.content.decode(), re.DOTALL)
    assert marked and "About sign-in" in marked[1]
    assert page.redirect_chain[0][0].endswith("#passage")


def test_because_is_offered_only_where_a_target_is_mentioned_more_than_once(
    scripted: Provider, triage: Agent, targets: list[Agent], make_case: Make[Case]
) -> None:
    scripted.answers(
        call("request_handover", target="billing", reason="x", because="m1"),
        call("complete_case", summary="Done"),
        call("request_handover", target="sales", reason="x"),
    )
    make_case("One", assignee=triage)
    work_next()
    work_next()
    [tool] = [tool for tool in scripted.requests[0].body["tools"] if tool["function"]["name"] == "request_handover"]
    assert tool["function"]["parameters"]["properties"]["because"]["enum"] == ["m1", "m2", "m3", "m4", "m5", "m6"]

    save_agent(triage, aop=" ".join(f"{agent.name} stuff: {token(agent.pk, agent.name)}." for agent in targets))
    make_case("Two", assignee=triage)
    run = work_next()
    request = json.dumps(scripted.requests[2].body)
    assert "because" not in request and "m1" not in request
    assert (run.handover.passage_start, run.handover.passage_end) == _place(run, "Sales stuff")


def _place(run: Run, beginning: str) -> tuple[int, int]:
    start = run.revision.aop.index(beginning)
    return start, run.revision.aop.index(".", start + len(beginning)) + 1


def test_citing_a_sentence_makes_no_request_longer_by_more_than_two_percent(
    scripted: Provider, triage: Agent, targets: list[Agent], make_case: Make[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    handing, completing = call("request_handover", target="billing", reason="x"), call("complete_case", summary="Done")
    scripted.answers(handing, completing, handing)
    sizes = []
    for is_cited in (True, False):
        if not is_cited:
            monkeypatch.setattr("builder.procedures.passages.marks", lambda aop, target_ids: {})
            monkeypatch.setattr("runs.prompts.prompts._key", lambda key, said: f"request_handover target: {key}")
        make_case("A case", assignee=triage)
        work_next()
        sizes.append(len(json.dumps(scripted.requests[-1].body)))
        if is_cited:
            work_next()
    assert sizes[0] <= sizes[1] * 1.02


def test_without_a_citation_two_sentences_for_one_target_leave_it_open(
    scripted: Provider, triage: Agent, make_case: Make[Case]
) -> None:
    scripted.answers(call("request_handover", target="billing", reason="x"))
    make_case("One", assignee=triage)
    run = work_next()
    assert run.handover.passage_start is None
    assert run_out(with_details(Run.objects.filter(pk=run.pk)).get()).handover.passage is None


def marked(client: Client, address: str) -> str:
    """The sentence that stands marked where the address leads."""
    page = client.get(address, follow=True).content.decode()
    found = re.search(r'<mark id="passage"[^>]*>(.*?)</mark>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", "", found[1]).split()) if found else ""


def whys(client: Client, page: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r'href="(/runs/[0-9a-f-]+/why/)"', client.get(page).content.decode())))


def test_a_handover_to_people_opens_its_sentence_from_the_inbox_and_the_timeline(
    scripted: Provider, make_agent: Make[Agent], queue: Queue, make_case: Make[Case], member: Member, signed_in: Client
) -> None:
    group = groups.create_group(member.team, GroupFields("Finance", [member.user.uuid]))
    to_ada, to_group = token(member.user.uuid, "Ada", "person"), token(group.pk, "Finance", "group")
    aop = f"Refunds go to {to_ada}. Big refunds go to {to_group}. Fines go to {to_ada}."
    triage = save_agent(make_agent("Triage", queue=queue), aop=aop)
    own = slugify(str(member.user))
    keys = {"Refunds": (own, "m1"), "Big refunds": ("finance", "m2"), "Fines": (own, "m3")}
    for said, (key, mark) in keys.items():
        scripted.answers(call("request_handover", target=key, reason="So it is.", because=mark))
        case = make_case(said, assignee=triage)
        work_next()
        [why] = whys(signed_in, reverse("case", args=[case.pk]))
        assert marked(signed_in, why).startswith(f"{said} go to")
        assert why in whys(signed_in, f"{reverse('inbox')}?show=cases&at={case.pk}")
    save_agent(triage, aop="All is new.")
    assert marked(signed_in, why).startswith("Fines go to")


def test_a_handover_that_was_not_applied_and_one_to_a_deleted_agent_open_their_sentences(
    scripted: Provider, triage: Agent, targets: list[Agent], make_case: Make[Case], signed_in: Client
) -> None:
    scripted.answers(call("request_handover", target="billing", reason="So it is.", because="m4"))
    make_case("Gone", assignee=triage)
    run = work_next()
    Handover.objects.update(status="cancelled")
    page = reverse("run", args=[run.pk])
    assert [marked(signed_in, why) for why in whys(signed_in, page)] == ["About sign-in: Billing"]
    for agent in (targets[0], triage):
        delete_agent(agent)
    assert marked(signed_in, reverse("run_why", args=[run.pk])).startswith("About sign-in:")


def test_the_text_of_a_try_or_test_that_was_never_saved_opens_with_its_sentence(
    scripted: Provider, triage: Agent, make_case: Make[Case], signed_in: Client
) -> None:
    scripted.answers(call("request_handover", target="billing", reason="So it is.", because="m1"))
    make_case("Tried", assignee=triage)
    run = work_next()
    live = triage.live_revision
    tried = freeze(triage, f"Only tried. {live.aop}", live.model)
    Run.objects.update(revision=tried)
    Handover.objects.update(passage_start=0, passage_end=11)
    page = reverse("run", args=[run.pk])
    assert [marked(signed_in, why) for why in {*whys(signed_in, page)}] == ["Only tried."]
    other = reverse("revision", args=[triage.pk, live.number])
    assert signed_in.get(f"{other}?tried={run.pk}").status_code == 404


def test_a_question_of_the_stand_in_opens_the_sentence_that_came_closest(
    make_agent: Make[Agent], queue: Queue, make_case: Make[Case], signed_in: Client
) -> None:
    billing = make_agent("Billing", queue=queue)
    triage = make_agent("Triage", queue=queue)
    tech = make_agent("Tech", queue=queue)
    aop = f"Double charges go to {token(billing.pk, 'Billing')}. Parcels go to {token(tech.pk, 'Tech')}."
    save_agent(triage, aop=aop, model="offline")
    make_case("My parcel was charged to a neighbour", assignee=triage)
    assert work_next().status == "waiting"
    [why] = whys(signed_in, reverse("inbox"))
    assert marked(signed_in, why) == "Parcels go to Tech ."
