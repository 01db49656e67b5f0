"""Starting a standalone run, by hand or by the API."""

from django.db import transaction

from builder.models import Agent, Revision
from builder.targets import check_may_start
from teams import bell, live
from teams.actors import Actor
from teams.text import prose

from .models import Run

INPUT_LIMIT = 100_000


@transaction.atomic
def start_run(
    agent: Agent, *, input: str = "", by: Actor, trigger: Run.Trigger, revision: Revision | None = None
) -> Run:
    """A run of the agent's live revision, or of another one of its own. Refused when the agent may not start."""
    check_may_start(agent)
    run = Run.objects.create(
        team_id=agent.team_id,
        agent=agent,
        revision=revision or agent.live_revision,
        input=prose(input, "input", INPUT_LIMIT),
        trigger=trigger,
        started_by=by.user,
    )
    live.announce(run.team_id, "run", run.pk)
    bell.ring()
    return run
