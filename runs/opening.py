"""Opening a claimed run: its agent, revision and case, the targets frozen for it, and its first step."""

from django.db import transaction

from builder.models import Agent, QueueConnection
from cases.models import Case, Queue, QueueQuerySet

from . import handovers, human_requests, journal, prompts, server_tools
from .claims import Claim, LostRun, held
from .journal import Work
from .models import Run, Step


def open_work(claim: Claim) -> Work:
    run = Run.objects.select_related("agent__team", "revision", "case__queue").get(pk=claim.run_id)
    if run.fence != claim.fence:
        raise LostRun
    # Its targets are frozen with its first step.
    steps = [] if run.targets is None else list(run.steps.all())
    work = Work(
        claim,
        run,
        run.agent,
        run.revision,
        run.case,
        may_hand_over=handovers.hops_left(run, run.case) > 0,
        produces=list(_produces(run.agent)),
        server_tools=list(server_tools.tools_of(run.agent)),
        steps=steps,
        approved=human_requests.approved_calls(run) if steps else {},
    )
    if not work.steps:
        _begin(work, run.case)
    return work


def _produces(agent: Agent) -> QueueQuerySet:
    role = QueueConnection.Role.PRODUCER
    return Queue.objects.live().filter(connections__agent=agent, connections__role=role).order_by("name")


def _begin(work: Work, case: Case | None) -> None:
    """Freezes the targets and writes the prompt, so that a run taken up again sees what it saw at first."""
    run = work.run
    # A try has them from its start: those of the sample case's queue.
    targets = handovers.frozen_targets(work.agent, work.revision, case) if run.targets is None else run.targets
    run.targets = targets
    data = {
        "instructions": prompts.instructions(run, work.revision.aop, work.targets),
        "prompt": prompts.prompt(run, case, last_hop=bool(targets) and not work.may_hand_over),
    }
    with transaction.atomic():
        if not held(work.claim).update(targets=targets):
            raise LostRun
        journal.write(work, (Step.Kind.PROMPT, data))
