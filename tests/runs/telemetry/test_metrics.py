import asyncio
import os
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings

from cases.models import Case, CaseMessage
from channels.models import Arrival, Source
from runs.models import HumanRequest, Run
from runs.record.lifecycle import lose
from runs.telemetry import counters
from runs.workers.shift import Shift
from tests import children
from tests.driving import drive
from tests.fixtures import Make, take
from tests.provider import Provider, fail, router, say

type Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(client: Client | None = None, **headers: str) -> Samples:
    response = (client or Client()).get("/metrics", headers=headers)
    assert response.status_code == 200, response.content
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> Any:
    """A number, or nothing if it is not exposed."""
    return samples.get((name, frozenset(labels.items())))


# --- Who may ask -----------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_this_machine_may_ask(address: str):
    assert Client(REMOTE_ADDR=address).get("/metrics").status_code == 200


@pytest.mark.parametrize("address", ["203.0.113.9", "10.0.0.1", "", "testclient"])
def test_other_machines_may_not(address: str):
    assert Client(REMOTE_ADDR=address).get("/metrics").status_code == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_one_who_comes_through_a_proxy_on_this_machine_may_not(header: str):
    assert Client().get("/metrics", headers={header: "127.0.0.1"}).status_code == 403


@pytest.mark.django_db
def test_the_token_opens_from_everywhere(settings: Settings):
    settings.METRICS_TOKEN = "a long token"
    far = Client(REMOTE_ADDR="203.0.113.9")

    def status(authorization: str) -> int:
        return far.get("/metrics", headers={"Authorization": authorization}).status_code

    assert status("Bearer a long token") == 200
    assert status("bearer a long token") == 200
    assert [status(wrong) for wrong in ("Bearer a long", "Bearer ", "Basic a long token", "Bearer ünïcode")] == [
        403
    ] * 4


def test_an_empty_token_opens_nothing():
    far = Client(REMOTE_ADDR="203.0.113.9")
    assert far.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 403


# --- States, from the database ---------------------------------------------------------------


@pytest.mark.django_db
def test_queues_tell_their_depth_and_the_oldest_wait(make_queue: Make, make_case: Make, team):
    queue, empty = make_queue('Say "hi"\\'), make_queue("Empty")
    make_case(in_queue=queue)
    old = make_case(in_queue=queue)
    Case.objects.filter(pk=old.pk).update(moved_at=timezone.now() - timedelta(seconds=90))

    samples = scrape()

    assert value(samples, "baton_queue_depth", team=team.slug, queue=queue.name) == 2
    assert 90 <= value(samples, "baton_queue_oldest_waiting_seconds", team=team.slug, queue=queue.name) < 100
    assert value(samples, "baton_queue_depth", team=team.slug, queue=empty.name) == 0


@pytest.mark.django_db
def test_mailboxes_and_messages_are_told(team, queue, make_case: Make) -> None:
    case = make_case()
    for name, problem in (("Sales", ""), ("Support", "cannot be reached"), ("Support", "")):
        state = {"problem": problem}
        source = Source.objects.create(
            team=team, queue=queue, kind="imap", name=name, token=f"{name}{problem}", state=state
        )
    Arrival.objects.create(team=team, source=source, status="waiting", content="{}")
    CaseMessage.objects.create(team=team, case=case, direction="out", status="queued", message_id="<1@x>")

    samples = scrape()

    assert value(samples, "baton_mailbox_up", team=team.slug, source="Sales") == 1
    assert value(samples, "baton_mailbox_up", team=team.slug, source="Support") == 0
    assert value(samples, "baton_emails_waiting") == value(samples, "baton_messages_queued") == 1


@pytest.mark.django_db
def test_live_runs_and_open_questions_are_counted(make_run: Make):
    make_run()
    run = make_run(status="waiting")
    HumanRequest.objects.create(team_id=run.team_id, run=run, call_id="1", kind="question", question="Well?")

    samples = scrape()

    statuses = ("queued", "running", "waiting")
    assert [value(samples, "baton_runs", status=status) for status in statuses] == [1, 0, 1]
    assert value(samples, "baton_human_requests_open", kind="question") == 1
    assert value(samples, "baton_human_requests_open", kind="approval") == 0


@pytest.mark.django_db
def test_more_rows_cost_no_more_queries(make_queue: Make, make_case: Make, django_assert_max_num_queries):
    for _ in range(10):
        make_case(in_queue=make_queue())
    with django_assert_max_num_queries(7):
        scrape()


# --- Counters --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_handover_is_counted_and_timed(
    scripted: Provider, make_agent: Make, make_case: Make, queue, django_capture_on_commit_callbacks
):
    billing = make_agent("Billing", queue=queue)
    make_agent("Triage", queue=queue, mentions=[billing])
    Case.objects.filter(pk=make_case("Refund").pk).update(assignee=None)
    queue.first_agent = queue.team.agents.get(name="Triage")
    queue.save()
    scripted.script = router({"refund": "billing"})

    with django_capture_on_commit_callbacks(execute=True):
        assert drive(take()[0]).outcome == "handed_over"
        assert drive(take()[0]).outcome == "case_completed"

    samples = scrape()
    assert value(samples, "baton_handovers_total") == 1
    assert value(samples, "baton_handover_seconds_count") == 1
    assert 0 < value(samples, "baton_handover_seconds_sum") < 60
    assert value(samples, "baton_runs_ended_total", status="completed", outcome="handed_over", error="") == 1
    assert value(samples, "baton_model_requests_total", provider="openai-chat") == 2
    assert value(samples, "baton_model_tokens_total", provider="openai-chat", direction="input") == 22
    assert value(samples, "baton_model_request_seconds_count", provider="openai-chat") == 2


@pytest.mark.django_db
def test_errors_of_providers_are_counted(scripted: Provider, make_run: Make):
    make_run()
    scripted.answers(fail(529))
    drive(take()[0])

    samples = scrape()
    assert value(samples, "baton_provider_errors_total", provider="openai-chat", error="model_unavailable") == 1
    assert value(samples, "baton_model_request_seconds_count", provider="openai-chat") == 1


@pytest.mark.django_db
def test_lost_leases_are_counted(make_run: Make, django_capture_on_commit_callbacks):
    make_run()
    [claim] = take()
    with django_capture_on_commit_callbacks(execute=True):
        lose(Run.objects.get(pk=claim.run_id))
    assert value(scrape(), "baton_lease_losses_total") == 1


@pytest.mark.django_db
def test_what_never_happened_is_zero():
    samples = scrape()
    assert value(samples, "baton_handovers_total") == 0
    assert value(samples, "baton_handover_seconds_bucket", le="+Inf") == 0


@pytest.mark.django_db
def test_buckets_are_cumulative():
    for seconds in (0.05, 0.3, 0.3, 2000):
        counters.observe("handover_seconds", seconds)
    samples = scrape()
    found = [value(samples, "baton_handover_seconds_bucket", le=le) for le in ("0.05", "0.25", "0.5", "600.0", "+Inf")]
    assert found == [1, 1, 3, 3, 4]
    assert value(samples, "baton_handover_seconds_sum") == pytest.approx(2000.65)


@pytest.mark.django_db
def test_many_processes_count_together():
    program = "import django; django.setup(); from runs.telemetry import counters\n"
    program += "for _ in range(50): counters.count('handovers')"
    environment = {**os.environ, "REDIS_URL": django_settings.REDIS_URL, "DJANGO_SETTINGS_MODULE": "config.settings"}
    several = [children.start([sys.executable, "-c", program], env=environment) for _ in range(2)]
    assert [process.wait() for process in several] == [0, 0]
    assert value(scrape(), "baton_handovers_total") == 100


@pytest.mark.django_db
def test_without_redis_nothing_fails_and_nothing_is_lost(settings: Settings):
    there = settings.REDIS_URL
    settings.REDIS_URL = "unix:///nowhere"
    counters.count("handovers")
    samples = scrape()
    assert value(samples, "baton_counters_up") == 0
    assert value(samples, "baton_handovers_total") is None

    settings.REDIS_URL = there
    counters.count("handovers")
    samples = scrape()
    assert value(samples, "baton_counters_up") == 1
    assert value(samples, "baton_handovers_total") == 2


@pytest.mark.django_db
def test_a_child_does_not_count_again_what_its_parent_keeps(settings: Settings):
    there = settings.REDIS_URL
    settings.REDIS_URL = "unix:///nowhere"
    counters.count("handovers")
    settings.REDIS_URL = there
    if (child := os.fork()) == 0:
        counters.add()
        os._exit(0)
    os.waitpid(child, 0)
    counters.add()
    assert value(scrape(), "baton_handovers_total") == 1


@pytest.mark.django_db(transaction=True)
def test_a_shift_leaves_its_counts_behind(scripted: Provider, make_run: Make):
    make_run()
    scripted.answers(say("Done."))
    asyncio.run(Shift("test/1", 1, linger=0).run())
    assert value(scrape(), "baton_model_requests_total", provider="openai-chat") == 1
    assert value(scrape(), "baton_runs_ended_total", status="completed", outcome="answered", error="") == 1
