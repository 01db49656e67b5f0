"""Spans of runs for OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT names a collector.

Named and attributed as the conventions for generative AI say, without contents: no prompts, answers or arguments.
A run is one trace, however many workers it has and however often it is taken up. The ids of its trace and of its
`invoke_agent` span are made of the run's own id, so that every process knows them, and a run that was handed to links
to the one before.
"""

import logging
import os
import threading
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from django.conf import settings
from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from pydantic_ai.messages import ModelResponse, ToolCallPart

from data.network.identity import VERSION
from runs.models import Handover, Run, Status, Step

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

logger = logging.getLogger(__name__)

_SPAN_BITS = 2**64 - 1
# The conventions' names of providers, where ours differ.
_PROVIDERS = {"openai-chat": "openai", "google": "gcp.gemini"}


class Worked(Protocol):
    """A run in hand, as far as spans tell of it."""

    run: Run
    steps: list[Step]

    @property
    def model(self) -> str: ...


type _Attributes = Mapping[str, str | int | Sequence[str]]

# --- Setting up ------------------------------------------------------------------------------

_lock = threading.Lock()
_made: "tuple[int, TracerProvider | None]" = (0, None)
_run_of_root: ContextVar[int | None] = ContextVar("run_of_root", default=None)


def load() -> None:
    """Import what spans need, once, before a worker forks."""
    if settings.TRACES:
        _import()


def _provider() -> "TracerProvider | None":
    """Return this process's own provider, as its thread does not outlive a fork; None if spans are off."""
    global _made  # noqa: PLW0603
    if not settings.TRACES:
        return None
    if _made[0] != os.getpid():
        with _lock:
            if _made[0] != os.getpid():
                _made = (os.getpid(), _make())
    return _made[1]


def _import() -> bool:
    try:
        import opentelemetry.exporter.otlp.proto.http.trace_exporter
        import opentelemetry.sdk.trace.export  # noqa: F401
    except ImportError:
        logger.warning("There will be no spans: the extra “telemetry” is not installed.")
        return False
    return True


def _make() -> "TracerProvider | None":
    if not _import():
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class RunIds(RandomIdGenerator):
        def generate_trace_id(self) -> int:
            return _run_of_root.get() or super().generate_trace_id()

        def generate_span_id(self) -> int:
            run = _run_of_root.get()
            return run & _SPAN_BITS if run else super().generate_span_id()

    named = {"service.version": VERSION}
    if not os.environ.get("OTEL_SERVICE_NAME"):
        named["service.name"] = "baton"
    made = TracerProvider(resource=Resource.create(named), id_generator=RunIds(), shutdown_on_exit=False)
    # Spans go out from a thread of the processor, and are dropped when the collector cannot keep up.
    delay = float(os.environ.get("OTEL_BSP_SCHEDULE_DELAY", "1000"))
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=delay))
    return made


def send(seconds: float = 1) -> None:
    """Send what has not been sent yet, for at most this long."""
    pid, provider = _made
    if provider and pid == os.getpid():
        sending = threading.Thread(target=provider.force_flush, daemon=True)
        sending.start()
        sending.join(seconds)


# --- Spans -----------------------------------------------------------------------------------


async def chat(work: Worked, answer: Awaitable[ModelResponse]) -> ModelResponse:
    """Write a span for the answer of the run's model."""
    model = work.model
    attributes = {"gen_ai.operation.name": "chat", **_ids(work.run), **_of_model(model)}
    with _child(work.run, f"chat {_bare(model)}", SpanKind.CLIENT, attributes) as span:
        response = await answer
        span.set_attributes(
            {
                "gen_ai.usage.input_tokens": response.usage.input_tokens,
                "gen_ai.usage.output_tokens": response.usage.output_tokens,
                "gen_ai.usage.cache_read.input_tokens": response.usage.cache_read_tokens,
                "gen_ai.response.model": response.model_name or _bare(model),
                "gen_ai.response.finish_reasons": [response.finish_reason or "unknown"],
            }
        )
        if response.provider_response_id:
            span.set_attribute("gen_ai.response.id", response.provider_response_id)
        return response


@contextmanager
def tool_calls(work: Worked, calls: Sequence[ToolCallPart]) -> Iterator[None]:
    """Write a span for each of the calls while they are executed."""
    if _provider() is None:
        yield
        return
    spans = {call.tool_call_id: _start_tool(work.run, call) for call in calls}
    try:
        yield
    except BaseException as error:
        for span in spans.values():
            _set_error(span, error)
        raise
    finally:
        for step in work.steps:
            if step.kind == Step.Kind.TOOL_RESULT and not step.data["ok"] and step.data["call_id"] in spans:
                _set_error(spans[step.data["call_id"]], step.data["code"] or "tool_error")
        for span in spans.values():
            span.end()


def _start_tool(run: Run, call: ToolCallPart) -> Span:
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": call.tool_name,
        "gen_ai.tool.call.id": call.tool_call_id,
        "gen_ai.tool.type": "function",
        **_ids(run),
    }
    return _start(run, f"execute_tool {call.tool_name}", SpanKind.INTERNAL, attributes)


def run_ended(run: Run) -> None:
    """The span of the whole run, with all waiting in between; written when it is over, no matter who ended it."""
    provider = _provider()
    if provider is None or run.ended_at is None:
        return
    before = Handover.objects.before(run)
    links = [Link(_context_of(provider, before.source_id), {"baton.link": "handover"})] if before else []
    token = _run_of_root.set(run.pk.int)
    try:
        span = provider.get_tracer("baton").start_span(
            f"invoke_agent {run.agent.name}",
            Context(),
            SpanKind.INTERNAL,
            _of_run(run),
            links,
            _nanoseconds(run.started_at or run.created_at),
        )
    finally:
        _run_of_root.reset(token)
    if run.status == Status.FAILED:
        _set_error(span, run.error_code)
    span.end(_nanoseconds(run.ended_at))


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000


@contextmanager
def _child(run: Run, name: str, kind: SpanKind, attributes: _Attributes) -> Iterator[Span]:
    span = _start(run, name, kind, attributes)
    try:
        yield span
    except BaseException as error:
        _set_error(span, error)
        raise
    finally:
        span.end()


def _start(run: Run, name: str, kind: SpanKind, attributes: _Attributes) -> Span:
    provider = _provider()
    if provider is None:
        return INVALID_SPAN
    parent = set_span_in_context(NonRecordingSpan(_context_of(provider, run.pk)), Context())
    return provider.get_tracer("baton").start_span(name, parent, kind, attributes)


def _context_of(provider: "TracerProvider", run_id: UUID) -> SpanContext:
    """Return the context of the run's own span, whether or not it is written yet."""
    decision = provider.sampler.should_sample(Context(), run_id.int, "invoke_agent").decision
    flags = TraceFlags(TraceFlags.SAMPLED if decision == decision.RECORD_AND_SAMPLE else TraceFlags.DEFAULT)
    return SpanContext(run_id.int, run_id.int & _SPAN_BITS, is_remote=True, trace_flags=flags)


def _set_error(span: Span, error: BaseException | str) -> None:
    """Set the kind of the error only: its message may quote what the run is about."""
    kind = error if isinstance(error, str) else getattr(error, "code", type(error).__name__)
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)


# --- Attributes ------------------------------------------------------------------------------


def _of_run(run: Run) -> _Attributes:
    return {
        "gen_ai.operation.name": "invoke_agent",
        # Of an agent's own span only: the conventions have it neither for requests to models nor for tools.
        "gen_ai.agent.id": str(run.agent_id),
        "gen_ai.agent.name": run.agent.name,
        "gen_ai.agent.version": str(run.revision.number),
        "gen_ai.usage.input_tokens": run.input_tokens,
        "gen_ai.usage.output_tokens": run.output_tokens,
        "baton.run.status": run.status,
        "baton.run.trigger": run.trigger,
        **({"baton.run.outcome": run.outcome} if run.outcome else {}),
        **_ids(run),
        **_of_model(run.revision.model),
    }


def _ids(run: Run) -> _Attributes:
    return {
        "gen_ai.conversation.id": str(run.case_id or run.root_id or run.pk),
        "baton.run.id": str(run.pk),
        "baton.team.id": str(run.team_id),
        **({"baton.case.id": str(run.case_id)} if run.case_id else {}),
    }


def _of_model(name: str) -> _Attributes:
    kind = name.partition(":")[0]
    return {"gen_ai.provider.name": _PROVIDERS.get(kind, kind), "gen_ai.request.model": _bare(name)}


def _bare(model: str) -> str:
    return model.partition(":")[2] or model
