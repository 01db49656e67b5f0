"""What a change would have done to the last runs that decided."""

import html
import re
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from builder.agents.agents import save_agent
from builder.agents.connections import Consumes, connect
from builder.models import Agent
from builder.procedures.mentions import token
from cases.models import Case, Queue
from data.redis.redis_pool import quick_redis
from routes.impact import impacts, told
from routes.impact import recorded as recorded_runs
from routes.impact.recorded import Chosen
from routes.lane.lane import LANE
from routes.models import Impact, Trial
from runs.models import Run
from runs.offline import embeddings
from runs.providers.providers import OFFLINE
from teams.audit.actors import BATON, Actor
from tests.driving import drive_all, work_next
from tests.fixtures import Make, take
from tests.provider import Answer, Request, call
from tests.receiver import receiver
from tests.routes.conftest import Desk, oracle, work_tests
from tests.routes.impact.conftest import replay, titles
from tests.tool_server import tool_server

__all__ = ["receiver", "tool_server"]
pytestmark = pytest.mark.django_db


def test_impact_lists_exactly_the_cases_that_a_change_moves(desk: Desk, recorded: Make[None], someone: Actor) -> None:
    recorded("A refund", "An outage", "A late refund", "A greeting")
    same = replay(desk, someone, aop="Be kind.\n" + desk.triage.live_revision.aop)
    assert (len(same.replayed), same.changed, same.divergent) == (4, [], [])
    late = replay(desk, someone, aop=desk.aop(late=desk.tech, refund=desk.billing, outage=desk.tech))
    assert titles(late.changed) == ["A late refund"]
    to = {"decision": "hand_over", "agent_id": str(desk.tech.pk)}
    assert (late.changed[0].before["agent_id"], late.changed[0].after) == (str(desk.billing.pk), to)
    assert [(cell.is_changed, len(cell.replays)) for cell in late.matrix] == [
        (True, 1),
        (False, 1),
        (False, 1),
        (False, 1),
    ]
    everything = replay(desk, someone, aop="- A: ask")
    assert len(everything.changed) == 4


def test_of_fifty_cases_exactly_those_that_an_edit_moves_are_listed(
    desk: Desk, make_case: Make[Case], make_queue: Make[Queue], someone: Actor
) -> None:
    """Twelve of them look something up first."""

    def looks_up(request: Request) -> Answer:
        reads = '"title": "Read' in request.user_text and not request.results
        return call("list_cases", queue="Side", limit=5) if reads else oracle(request)

    desk.provider.script = looks_up
    connect(desk.triage, [Consumes(desk.queue.pk, 50)], [make_queue("Side").pk])
    rules: dict[str, Agent | str] = {"refund": desk.billing, "outage": desk.tech}
    save_agent(desk.triage, aop=desk.aop(**rules))
    names = ["refund 0", *(f"refund late {number}" for number in range(7)), *(f"refund {n}" for n in range(8, 40))]
    names += [f"outage {number}" for number in range(10)]
    for number, name in enumerate(names):
        make_case(f"Read {name}" if number % 4 == 3 else name, assignee=desk.triage)
    drive_all(take(limit=50))

    def moved(routes: dict[str, Agent | str]) -> list[str]:
        found = replay(desk, someone, aop=desk.aop(**routes))
        assert (len(found.replayed), found.divergent) == (50, [])
        return sorted(title.removeprefix("Read ") for title in titles(found.changed))

    assert moved({"greeting": "ask", **rules}) == []
    assert moved({"refund 0": desk.tech, **rules}) == ["refund 0"]
    assert moved({"late": desk.tech, **rules}) == sorted(names[1:8])
    assert moved({"refund": "ask", "outage": "ask"}) == sorted(names)


def test_the_stand_in_answers_without_runs_and_says_why(
    make_agent: Make[Agent], make_case: Make[Case], queue: Queue, signed_in: Client
) -> None:
    billing, tech = make_agent("Billing", queue=queue), make_agent("Tech", queue=queue)
    triage = make_agent("Triage", queue=queue)
    aop = f"1. Refunds and double charges: {token(billing.pk, 'Billing')}\n2. Outages: {token(tech.pk, 'Tech')}"
    save_agent(triage, aop=aop, model=OFFLINE)
    for title in ("I was charged twice, please refund me", "The site is down: an outage"):
        make_case(title, assignee=triage)
        work_next()
        Case.objects.update(status="completed")
    runs = Run.objects.count()
    assert quick_redis().llen(f"baton:e5-last:{triage.pk}") == 2
    embeddings.forget()  # as another process, which reads nothing again
    assert len(recorded_runs.recorded([triage.pk], Chosen(seconds=0.04))) == 2
    typed = {"aop": aop.replace("Billing", "Tech").replace(str(billing.pk), str(tech.pk)), "model": OFFLINE}
    as_part = {"HX-Request": "true", "HX-Target": "div#impact-live"}

    shown = signed_in.post(f"/agents/{triage.pk}/impact/?auto=1", typed, headers=as_part)

    impact = Impact.objects.get()
    assert str(impact.pk) in shown.content.decode()
    LANE.claim("test/1", 8)
    impact.refresh_from_db()
    found = told.told(impact)
    assert (impact.status, titles(found.changed)) == ("done", ["I was charged twice, please refund me"])
    why = found.changed[0].why
    assert why.startswith("Matches “") and why.endswith("in step 1")
    assert Run.objects.count() == runs
    assert 'data-moved="1" data-of="2"' in signed_in.get(f"/impacts/{impact.pk}/", headers=as_part).content.decode()
    assert why in html.unescape(signed_in.get(f"/impacts/{impact.pk}/").content.decode())


def test_the_stand_in_hands_over_only_what_the_receiver_needs_to_know(
    make_agent: Make[Agent], make_case: Make[Case], queue: Queue, signed_in: Client
) -> None:
    """As in a run: without a field of the receiver it asks a person."""
    billing, tech = make_agent("Billing", queue=queue), make_agent("Tech", queue=queue)
    triage = make_agent("Triage", queue=queue)
    aop = f"1. Refunds and double charges: {token(billing.pk, 'Billing')}\n2. Outages: {token(tech.pk, 'Tech')}"
    save_agent(triage, aop=aop, model=OFFLINE)
    for title, data in {
        "I was charged twice, please refund me": {},
        "A refund of a double charge": {"order_no": 7},
    }.items():
        make_case(title, data=data, assignee=triage)
        work_next()
        Case.objects.update(status="completed")
    save_agent(billing, aop="NEEDS\n- order no: number")
    typed = {"aop": f"Refund it.\n{aop}", "model": OFFLINE}
    as_part = {"HX-Request": "true", "HX-Target": "div#impact-live"}
    signed_in.post(f"/agents/{triage.pk}/impact/?auto=1", typed, headers=as_part)
    LANE.claim("test/1", 8)
    [changed] = told.told(Impact.objects.get()).changed
    assert titles([changed]) == ["I was charged twice, please refund me"]
    assert changed.why == "Billing needs more to take over. “order no” (number) is missing."


def test_a_file_is_replayed_from_the_preview_of_its_import_also_with_an_agent_that_is_new(
    desk: Desk, recorded: Make[None], signed_in: Client
) -> None:
    recorded("A refund", "An outage")
    live = desk.triage.live_revision
    aop = f"- refund: {token(uuid4(), 'Newcomer')}\n- outage: {token(desk.tech.pk, 'Tech')}"
    files = f"---\nname: Triage\n---\n{aop}", "---\nname: Newcomer\n---\nPay."
    sent = [SimpleUploadedFile(f"{number}.md", text.encode()) for number, text in enumerate(files)]
    preview = signed_in.post("/agents/import/", {"uploads": sent, "text": ""})["Location"]
    page = signed_in.get(preview).content.decode()
    [address] = re.findall(r'formaction="([^"]*)"', page)
    [seen] = re.findall(r'name="seen" value="([^"]*)"', page)
    asked = {"seen": seen, "impact_of": str(desk.triage.pk)}

    shown = signed_in.post(address, asked)

    impact = Impact.objects.get()
    assert shown["Location"] == f"/impacts/{impact.pk}/"
    impacts.confirm(impact, Decimal(1), BATON)
    work_tests()
    found = told.told(Impact.objects.get())
    assert [one.run.case.title for one in found.changed if one.run.case] == ["A refund"]
    assert found.changed[0].after == {"decision": "complete"}  # the new agent takes no cases from the queue
    assert not Agent.objects.filter(name="Newcomer").exists()
    assert Agent.objects.get(pk=desk.triage.pk).live_revision == live
    assert signed_in.get(shown["Location"]).status_code == 200
    assert signed_in.post(address, {**asked, "seen": "another"})["Location"] == preview
    assert signed_in.post(address, {"seen": seen, "impact_of": "x"}).status_code == 404


def test_only_as_many_runs_are_replayed_by_themselves_as_can_be_read_in_the_time(
    desk: Desk, recorded: Make[None], someone: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded("A refund", "An outage", data="word " * 400)
    assert titles(replay(desk, someone, Chosen(seconds=0.08), aop="- A: ask").replayed) == ["An outage"]
    monkeypatch.setattr(embeddings, "known", set)  # all of them
    assert len(replay(desk, someone, Chosen(seconds=0.08), aop="- A: ask").replayed) == 2


def test_only_the_last_runs_that_fit_are_replayed(desk: Desk, recorded: Make[None], someone: Actor) -> None:
    recorded("A refund", "An outage")
    recorded("A big refund", labels=["vip"])
    assert titles(replay(desk, someone, Chosen(last=2)).replayed) == ["A big refund", "An outage"]
    assert titles(replay(desk, someone, Chosen(label="vip")).replayed) == ["A big refund"]
    assert replay(desk, someone, Chosen(only_corrected=True)).count == 0
    Run.objects.update(created_at="2026-01-01T00:00Z")
    assert replay(desk, someone, Chosen(days=7)).count == 0


def test_reading_tools_are_answered_from_the_recording_and_other_calls_diverge(
    desk: Desk, recorded: Make[None], make_queue: Make[Queue], someone: Actor
) -> None:
    def looks_up(request: Request) -> Answer:
        if "You are Triage" in request.system and not request.results:
            return call("list_cases", queue="Side", limit=5 if "old" in request.system else 6)
        return oracle(request)

    desk.provider.script = looks_up
    connect(desk.triage, [Consumes(desk.queue.pk, 5)], [make_queue("Side").pk])
    save_agent(desk.triage, aop="old\n" + desk.aop(refund=desk.billing))
    recorded("A refund")
    same = replay(desk, someone, aop="old\n" + desk.aop(refund=desk.tech))
    assert (titles(same.changed), same.divergent) == (["A refund"], [])
    other = replay(desk, someone, aop="new\n" + desk.aop(refund=desk.tech))
    assert (other.changed, len(other.divergent), other.matrix) == ([], 1, [])
    assert (other.divergent[0].after or {})["call"].startswith("list_cases")


def test_the_description_of_a_target_replays_the_runs_of_agents_that_mention_it(
    desk: Desk, recorded: Make[None], someone: Actor
) -> None:
    recorded("A refund")
    impact = impacts.start(desk.billing, {"description": "Money"}, Chosen(), someone, Decimal(1))
    work_tests()
    agents = {one.run.agent_id for one in told.told(impact).replayed}
    assert agents == {desk.triage.pk, desk.billing.pk}


def test_what_could_not_be_asked_is_not_told_as_unchanged(
    desk: Desk, recorded: Make[None], someone: Actor, signed_in: Client
) -> None:
    recorded("A refund", "An outage")
    impact = impacts.start(
        desk.triage, {"aop": desk.aop(refund=desk.billing, outage=desk.tech) + " "}, Chosen(), someone
    )

    def shown() -> str:
        impacts.follow(impact)
        return re.sub(r"\s+", " ", signed_in.get(f"/impacts/{impact.pk}/").content.decode())

    impacts.confirm(impact, Decimal(1), someone)
    waiting = Trial.objects.filter(key__in=impact.cases.values("key"))
    first, second = waiting.order_by("created_at", "id")
    waiting.filter(pk=first.pk).update(status=Trial.Status.FAILED, error="No key.", question={})
    assert "1 of 2 replayed" in shown()
    waiting.filter(pk=second.pk).update(status=Trial.Status.FAILED, error="No key.", question={})
    assert "None of the 2 could be replayed to the end" in shown()
    decision = impact.cases.get(key=second.key).before
    waiting.filter(pk=second.pk).update(status=Trial.Status.DECIDED, decision=decision, error="")
    page = shown()
    assert "1 of 2 would be decided the same way" in page and "1 could not be asked: No key." in page
