import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from pytest_django.fixtures import Settings

from data.network.identity import VERSION
from runs.people import moves
from runs.telemetry import tracing
from tests.collector import Collector
from tests.driving import drive
from tests.fixtures import Make, take
from tests.provider import Provider, call, calls, fail, router, say
from tests.wire import Call


@pytest.fixture
def collector(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    found = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.address)
    monkeypatch.setattr(tracing, "_made", (0, None))
    settings.TRACES = True
    yield found
    found.close()


def arrived(collector: Collector, number: int) -> list[Span]:
    tracing.send(5)
    return collector.wait_for(number)


def attributes(span: Span) -> dict[str, object]:
    kinds = ("string_value", "int_value")
    return {
        item.key: next((getattr(item.value, kind) for kind in kinds if item.value.HasField(kind)), None)
        for item in span.attributes
    }


@pytest.mark.django_db
def test_a_run_is_one_trace_of_its_requests_and_tools(
    scripted: Provider,
    collector: Collector,
    make_agent: Make,
    make_case: Make,
    queue,
    django_capture_on_commit_callbacks,
):
    agent = make_agent("Triage", queue=queue)
    case = make_case()
    scripted.answers(call("update_case", priority="high"), call("complete_case", summary="Done."))

    with django_capture_on_commit_callbacks(execute=True):
        run = drive(take()[0])
    arrived(collector, 5)

    assert [span.name for span in sorted(collector.spans, key=lambda span: span.start_time_unix_nano)] == [
        "invoke_agent Triage",
        "chat scripted",
        "execute_tool update_case",
        "chat scripted",
        "execute_tool complete_case",
    ]
    assert {span.trace_id for span in collector.spans} == {run.pk.bytes}
    [root] = collector.named("invoke_agent Triage")
    assert not root.parent_span_id
    assert {span.parent_span_id for span in collector.spans if span is not root} == {root.span_id}
    assert all(
        root.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano for span in collector.spans
    )
    said = attributes(root)
    assert (
        said.items()
        >= {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.id": str(agent.pk),
            "gen_ai.agent.name": "Triage",
            "gen_ai.agent.version": "1",
            "gen_ai.conversation.id": str(case.pk),
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "scripted",
            "gen_ai.usage.input_tokens": 22,
            "gen_ai.usage.output_tokens": 14,
            "baton.run.outcome": "case_completed",
            "baton.team.id": str(case.team_id),
        }.items()
    )
    assert root.status.code == 0
    assert collector.services == {("baton", VERSION)}
    assert [span.name for span in collector.spans if "gen_ai.agent.id" in attributes(span)] == ["invoke_agent Triage"]


@pytest.mark.django_db
def test_a_request_tells_its_model_and_tokens(scripted: Provider, collector: Collector, make_run: Make):
    make_run()
    scripted.answers(say("The secret answer.", input_tokens=120, output_tokens=34))
    drive(take()[0])
    [span] = arrived(collector, 1)

    assert span.kind == Span.SPAN_KIND_CLIENT
    assert (
        attributes(span).items()
        >= {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "scripted",
            "gen_ai.response.model": "scripted",
            "gen_ai.usage.input_tokens": 120,
            "gen_ai.usage.output_tokens": 34,
        }.items()
    )


@pytest.mark.django_db
def test_a_tool_call_that_fails_says_so(scripted: Provider, collector: Collector, make_run: Make):
    make_run()
    scripted.answers(call("no_such_tool"), say("Done."))
    drive(take()[0])
    arrived(collector, 3)

    [span] = collector.named("execute_tool no_such_tool")
    assert attributes(span)["error.type"] == "unknown_tool"
    assert span.status.code == 2


@pytest.mark.django_db
def test_each_call_of_a_turn_has_its_span(
    scripted: Provider, collector: Collector, make_agent: Make, make_case: Make, queue
):
    make_agent(queue=queue)
    make_case()
    scripted.answers(calls(Call("complete_case", {"summary": "a"}), Call("complete_case", {"summary": "b"})))
    drive(take()[0])
    arrived(collector, 3)
    spans = collector.named("execute_tool complete_case")
    assert len({attributes(span)["gen_ai.tool.call.id"] for span in spans}) == 2
    assert all(span.status.code == 0 for span in spans)


@pytest.mark.django_db
def test_a_failing_provider_is_an_error_of_the_request(scripted: Provider, collector: Collector, make_run: Make):
    make_run()
    scripted.answers(fail(400, "secret words"))
    drive(take()[0])
    [span] = arrived(collector, 1)
    assert attributes(span)["error.type"] == "model_refused"
    assert span.status.code == 2


@pytest.mark.django_db
def test_a_handover_links_the_next_run_to_the_one_before(
    scripted: Provider,
    collector: Collector,
    make_agent: Make,
    make_case: Make,
    queue,
    django_capture_on_commit_callbacks,
):
    billing = make_agent("Billing", queue=queue)
    queue.first_agent = make_agent("Triage", queue=queue, mentions=[billing])
    queue.save()
    make_case("Refund")
    scripted.script = router({"refund": "billing"})

    with django_capture_on_commit_callbacks(execute=True):
        drive(take()[0])
        drive(take()[0])
    arrived(collector, 6)

    [first], [second] = collector.named("invoke_agent Triage"), collector.named("invoke_agent Billing")
    assert not first.links
    [link] = second.links
    assert (link.trace_id, link.span_id) == (first.trace_id, first.span_id)
    assert second.trace_id != first.trace_id


@pytest.mark.django_db
def test_a_standalone_handover_links_too(
    scripted: Provider, collector: Collector, make_agent: Make, make_run: Make, django_capture_on_commit_callbacks
):
    billing = make_agent("Billing")
    make_run(make_agent("Triage", mentions=[billing]), input="Refund")
    scripted.script = router({"refund": "billing"})
    with django_capture_on_commit_callbacks(execute=True):
        drive(take()[0])
        drive(take()[0])
    arrived(collector, 5)
    [first], [second] = collector.named("invoke_agent Triage"), collector.named("invoke_agent Billing")
    assert second.links[0].span_id == first.span_id


@pytest.mark.django_db
def test_a_run_that_is_stopped_has_its_span_too(
    collector: Collector, make_run: Make, someone, django_capture_on_commit_callbacks
):
    run = make_run()
    with django_capture_on_commit_callbacks(execute=True):
        moves.stop_run(run, someone)
    [span] = arrived(collector, 1)
    assert attributes(span)["baton.run.status"] == "stopped"


@pytest.mark.django_db
def test_no_contents_are_sent(
    scripted: Provider,
    collector: Collector,
    make_agent: Make,
    make_case: Make,
    queue,
    django_capture_on_commit_callbacks,
):
    make_agent("Triage", queue=queue, aop="WORDS of the procedure")
    make_case("WORDS of the case", data={"text": "WORDS"})
    scripted.answers(call("update_case", title="WORDS of a tool"), fail(400, "WORDS of an error"))
    with django_capture_on_commit_callbacks(execute=True):
        drive(take()[0])
    arrived(collector, 4)
    assert not any("WORDS" in str(span) for span in collector.spans)


@pytest.mark.django_db
def test_a_collector_that_is_away_holds_nothing_up(
    scripted: Provider, make_run: Make, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(tracing, "_made", (0, None))
    settings.TRACES = True
    make_run()
    scripted.answers(say("Done."))

    began = time.monotonic()
    run = drive(take()[0])
    tracing.send(0.5)

    assert run.status == "completed"
    assert time.monotonic() - began < 30


@pytest.mark.django_db
def test_spans_of_a_forked_child_arrive(collector: Collector, make_run: Make):
    parent = tracing._provider()
    if (child := os.fork()) == 0:
        provider = tracing._provider()
        provider.get_tracer("baton").start_span("from the child").end()
        tracing.send(5)
        os._exit(0 if provider is not parent else 1)
    assert os.waitpid(child, 0)[1] == 0
    arrived(collector, 1)
    assert len(collector.named("from the child")) == 1


def test_without_an_endpoint_nothing_is_imported():
    # (redis-py itself looks for OpenTelemetry's metrics, where they are installed.)
    program = (
        "import django; django.setup(); import runs.workers.worker, sys;"
        "sys.exit(any(name.startswith(('opentelemetry.sdk.trace', 'opentelemetry.exporter')) for name in sys.modules))"
    )
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OTEL_")},
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    assert subprocess.run([sys.executable, "-c", program], env=environment, check=False).returncode == 0
