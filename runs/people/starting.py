"""Starting a standalone run, by hand or by the API."""

from django.db import transaction

from builder.models import Agent, Revision
from builder.procedures.targets import DELETED, check_may_start, targets
from data.errors import Refused
from data.redis import bell
from data.texts.text import prose
from runs.models import Run
from teams.access import live
from teams.audit import audit
from teams.audit.actors import Actor

INPUT_LIMIT = 100_000


@transaction.atomic
def start_run(
    agent: Agent, *, input: str = "", by: Actor, trigger: Run.Trigger, revision: Revision | None = None
) -> Run:
    """Start a run of the agent's live revision, or of another one of its own. Refused if the agent may not start."""
    check_may_start(agent)
    if revision is not None:
        _check_mentions(agent, revision)
    run = Run.objects.create(
        team_id=agent.team_id,
        agent=agent,
        revision=revision or agent.live_revision,
        input=prose(input, "input", INPUT_LIMIT),
        trigger=trigger,
        started_by=by.user,
    )
    if by.is_outside:
        audit.record(run.team_id, "run_started", f"Run of {agent.name}", by=by, of=run)
    live.announce(run.team_id, "run", run.pk)
    bell.ring()
    return run


def start_again(run: Run, by: Actor, *, latest: bool = False) -> Run:
    """Start a standalone run again on the same input, with the same revision or the agent's latest."""
    if run.case_id:
        raise Refused("A run on a case is not repeated. Send the case again instead.", "on_case")
    if run.is_test:
        raise Refused("A run of a routing test is not repeated. Run the test instead.", "is_test")
    revision = None if latest else run.revision
    return start_run(run.agent, input=run.input, by=by, trigger=Run.Trigger.MANUAL, revision=revision)


def _check_mentions(agent: Agent, revision: Revision) -> None:
    """Check the mentions of an older text, which may name agents that have been deleted since."""
    if gone := [f"@{target.agent.name}" for target in targets(agent, revision) if target.status == DELETED]:
        message = f"Revision {revision.number} mentions {', '.join(gone)}, now deleted. Use the latest revision."
        raise Refused(message, "deleted_target")
