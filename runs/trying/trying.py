"""Tries: runs of an agent's text as typed, or of its live revision, that have no effects.

It works on a text, or sees a sample case exactly as the dispatcher would give it; the case itself is not touched.
Tools that would change something only say so, and the handover that it asks for stays recorded: the page tells what
would have come.
"""

import json
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from builder.agents import agents
from builder.models import Agent, QueueConnection, Revision
from builder.procedures.targets import DELETED, check_limits, targets
from cases.models import Case
from data.errors import Refused
from data.redis import bell
from data.texts.text import prose
from runs.models import Run
from runs.opening import samples
from runs.opening.samples import Sample
from runs.opening.targets import frozen_targets
from runs.people.starting import INPUT_LIMIT
from teams.access import live
from teams.audit.actors import Actor

_SAMPLES = 20
_LONG = 80


@transaction.atomic
def try_agent(
    agent: Agent,
    *,
    by: Actor,
    text: str = "",
    sample: Case | None = None,
    aop: str | None = None,
    model: str = "",
    fallback: str = "",
) -> Run:
    """Try the text `aop` with these models, which is frozen for it, or the live revision.

    Paused agents can be tried too. The run may choose among the targets that `sample` could be handed over to.
    """
    revision = agent.live_revision if aop is None else agents.freeze(agent, aop, model, fallback, by.user)
    text = prose(text, "input", INPUT_LIMIT)
    seen = _seen(agent, sample, text) if sample else None
    queue = sample.queue if sample else None
    among = frozen_targets(agent, revision, sample)
    return _start(agent, revision, text, by, targets=among, sample=seen, queue=queue)


def _seen(agent: Agent, case: Case, text: str) -> Sample:
    """The case as it is, or with another text in the place of its data when someone has changed what it says."""
    if text.strip() in ("", sample_text(case).strip()):
        return samples.of_case(agent, case)
    return samples.typed(agent, case.queue, title=case.title, data=text, labels=case.labels, priority=case.priority)


@transaction.atomic
def try_again(run: Run, by: Actor) -> Run:
    """Try the same revision on the same text, with the same targets."""
    same = {"targets": run.targets, "sample": run.sample, "queue": run.queue}
    return _start(run.agent, run.revision, run.input, by, **same)


def _start(agent: Agent, revision: Revision, text: str, by: Actor, **seen: Any) -> Run:
    if agent.is_deleted:
        raise Refused(f"{agent.name} was deleted.", "agent_deleted")
    if gone := [f"@{target.agent.name}" for target in targets(agent, revision) if target.status == DELETED]:
        raise Refused(f"The text mentions {', '.join(gone)}, now deleted. Fix that first.", "deleted_target")
    check_limits(agent)
    run = Run.objects.create(
        team_id=agent.team_id,
        agent=agent,
        revision=revision,
        input=text,
        trigger=Run.Trigger.TRY,
        started_by=by.user,
        **seen,
    )
    live.announce(run.team_id, "run", run.pk)
    bell.ring()
    return run


def sample_cases(agent: Agent) -> Sequence[Case]:
    """Return the newest cases of the agent's queues, or of any queue if it works none."""
    cases = Case.objects.present().filter(team_id=agent.team_id).select_related("queue").order_by("-number")
    consumed = agent.queue_connections.filter(role=QueueConnection.Role.CONSUMER).values("queue")
    own = list(cases.filter(queue__in=consumed)[:_SAMPLES])
    return own or list(cases[:_SAMPLES])


def sample_text(case: Case) -> str:
    """Return a case as a text for a try."""
    return "\n\n".join(part for part in (case.title, _written(case.data)) if part)


def _written(data: Any) -> str:
    if isinstance(data, dict):
        return "\n".join(_line(str(key), value) for key, value in data.items() if value not in (None, "", [], {}))
    return data if isinstance(data, str) else json.dumps(data, ensure_ascii=False) if data else ""


def _line(key: str, value: Any) -> str:
    """Long texts, such as the body of an email, speak for themselves."""
    words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"\n{words}" if len(words) > _LONG or "\n" in words else f"{key.replace('_', ' ').capitalize()}: {words}"
