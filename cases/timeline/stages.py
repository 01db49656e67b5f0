"""The route of a case as pages show it: the stages it went through, and who is next. Pure: it asks no database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from builder.models import Agent
from cases.models import Case, Status

from .event_texts import reason_label
from .timeline import Stage
from .wording import Agents


@dataclass(frozen=True)
class Stop:
    """A stage in words. `state` is one that `{% status %}` draws; `since` counts on while it lasts; seconds else."""

    name: str
    agent: Agent | None
    state: str
    words: str
    quote: str = ""
    note: str = ""
    aside: str = ""
    waited: float | None = None
    worked: float | None = None
    since: datetime | None = None
    run_id: UUID | None = None
    revision: int | None = None
    corrected: str = ""


# What a stage's outcome is called, and the state that draws it.
_OUTCOMES: Mapping[str, tuple[str, str]] = {
    "handed_over": ("handed_over", "Handed over"),
    "declined": ("declined", "Declined"),
    "completed": ("completed", "Completed"),
    "failed": ("failed", "Failed"),
    "postponed": ("postponed", "Postponed"),
    "needs_input": ("needs_input", "Needed a person"),
    "taken_over": ("taken_over", "Taken over by a person"),
    "released": ("withdrawn", "Given back"),
    "stopped": ("stopped", "Stopped"),
}


def stops(stages: Iterable[Stage], case: Case, agents: Agents, taker: Agent | None) -> list[Stop]:
    """Return the stops in order. The last one is still to come when the case waits for an agent: `taker`, or any of its
    queue.
    """
    return [_stop(stage, case, agents) for stage in stages] + _next(case, taker)


def _stop(stage: Stage, case: Case, agents: Agents) -> Stop:
    agent = agents.get(stage.agent_id) if stage.agent_id else None
    state, words = _OUTCOMES[stage.outcome] if stage.outcome else _open(case)
    return Stop(
        agent.name if agent else stage.agent_name,
        agent,
        state,
        words,
        quote=stage.text if stage.outcome in ("handed_over", "declined") else "",
        note=stage.note,
        aside=reason_label(stage.reason) if stage.outcome == "needs_input" else "",
        waited=stage.waited_s,
        worked=stage.worked_s,
        since=None if stage.ended_at else stage.started_at,
        run_id=stage.run_id,
        revision=stage.revision,
        corrected="" if stage.corrected_to is None else f"Should have been {stage.corrected_to or 'a person'}",
    )


def _open(case: Case) -> tuple[str, str]:
    return ("waiting", "Waits for a person") if case.status == Status.NEEDS_INPUT else ("running", "Works on it")


def _next(case: Case, taker: Agent | None) -> list[Stop]:
    if case.status not in (Status.PENDING, Status.POSTPONED):
        return []
    name = taker.name if taker else f"Any agent of {case.queue.name}"
    if case.status == Status.POSTPONED:
        return [Stop(name, taker, "postponed", "Next, when it is due")]
    return [Stop(name, taker, "pending", "Next", since=case.moved_at)]
