"""Opening a claimed run: its agent, revision and case, the targets frozen for it, and its first step."""

from builder.models import Agent, QueueConnection, Revision
from cases.models import Case, Queue, QueueQuerySet
from data import rows
from data.texts.text import storable
from runs.models import Handover, Run, Step
from runs.prompts import prompts, quoting
from runs.providers import tool_calling
from runs.record.claims import Claim, LostRun
from runs.record.steps import Work
from runs.tools import server_tools
from teams.models import Team

from . import handovers, human_requests


def open_work(claim: Claim) -> Work:
    run, produces, has_server_tools, has_call_styles = _read(claim)
    # Its targets are frozen with its first step.
    steps = [] if run.targets is None else list(run.steps.all())
    work = Work(
        claim,
        run,
        run.agent,
        run.revision,
        run.case,
        may_hand_over=handovers.hops_left(run, run.case) > 0,
        produces=list(_produces(run.agent)) if produces else [],
        server_tools=list(server_tools.tools_of(run.agent)) if has_server_tools else [],
        by_schema=tool_calling.by_schema(run.team_id, _models(run.revision)) if has_call_styles else frozenset(),
        steps=steps,
        approved=human_requests.approved_calls(run) if steps else {},
    )
    if not work.steps:
        _begin(work, run.case)
    return work


_ALL = """
    from runs_run run
    join builder_agent agent on agent.id = run.agent_id
    join teams_team team on team.id = run.team_id
    join builder_revision revision on revision.id = run.revision_id
    left join cases_case the_case on the_case.id = run.case_id
    left join cases_queue queue on queue.id = the_case.queue_id
    where run.id = %s and run.fence = %s
"""
_PRODUCES = "exists (select from builder_queueconnection where agent_id = agent.id and role = 'producer')"
_HAS_CALL_STYLES = "exists (select from runs_toolcalling where team_id = run.team_id)"
_HAS_SERVER_TOOLS = "exists (select from builder_toolconnection where agent_id = agent.id)"


def _models(revision: Revision) -> set[str]:
    return {revision.model, revision.fallback}


def _read(claim: Claim) -> tuple[Run, bool, bool, bool]:
    """The run with its agent, team, revision, case and queue; whether its agent produces, and has tools of servers;
    and whether its team says of any model how it calls tools.
    """
    found = rows.join(
        _ALL,
        [claim.run_id, claim.fence],
        **{"run": Run, "agent": Agent, "team": Team, "revision": Revision, "the_case": Case, "queue": Queue},
        produces=_PRODUCES,
        has_server_tools=_HAS_SERVER_TOOLS,
        has_call_styles=_HAS_CALL_STYLES,
    )
    if not found:
        raise LostRun
    [(run, run.agent, run.agent.team, run.revision, run.case, queue, *has)] = found
    produces, has_server_tools, has_call_styles = has
    if run.case:
        run.case.queue = queue
    return run, produces, has_server_tools, has_call_styles


def _produces(agent: Agent) -> QueueQuerySet:
    role = QueueConnection.Role.PRODUCER
    return Queue.objects.live().filter(connections__agent=agent, connections__role=role).order_by("name")


def _begin(work: Work, case: Case | None) -> None:
    """Freezes the targets and the prompt, so that a run taken up again sees what it saw at first. Not written yet."""
    run = work.run
    earlier = Handover.objects.applied_on(case.pk) if case else []
    before = Handover.objects.before(run, earlier)
    work.handed_over_at = before.applied_at if before else None
    # A try has them from its start: those of the sample case's queue.
    targets = handovers.frozen_targets(work.agent, work.revision, case) if run.targets is None else run.targets
    run.targets = targets
    mark = quoting.new_mark()
    data = {
        "mark": mark,
        "instructions": prompts.instructions(run, work.revision.aop, work.targets),
        "prompt": prompts.prompt(run, case, earlier, last_hop=bool(targets) and not work.may_hand_over, mark=mark),
    }
    work.unwritten = [Step(team_id=run.team_id, run=run, seq=1, kind=Step.Kind.PROMPT, data=storable(data))]
    work.steps = [*work.unwritten]
