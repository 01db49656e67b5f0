"""Opening a claimed run: its agent, revision and case, the targets frozen for it, and its first step."""

from builder.models import Agent, QueueConnection, Revision
from cases.models import Case, Queue, QueueQuerySet
from data import rows
from data.texts.text import storable
from runs.models import Handover, HumanRequest, Run, Step
from runs.prompts import prompts, quoting
from runs.providers import tool_calling
from runs.record.claims import Claim, LostRun
from runs.record.steps import Work
from runs.tools import server_tools
from teams.models import Team

from . import samples, targets
from .surroundings import Surroundings, surroundings


def open_work(claim: Claim, made: Run | None = None) -> Work:
    """Open a claimed run. `made`: the run with its agent, revision and case, if the worker that claims it has just made
    it.
    """
    run = made or _read(claim)
    samples.name_agent(run)
    case = (run.case_id, run.queue_id if run.case is None else run.case.queue_id)
    asked = surroundings(run.agent_id, run.team_id, *case, revision_id=run.revision_id)
    earlier, *found = rows.read(Handover.applied_on(run.case_id), *asked)
    return work_of(claim, run, Surroundings.of(found, Handover.applied(earlier)))


def work_of(claim: Claim, run: Run, around: Surroundings) -> Work:
    # Its targets are frozen with its first step.
    steps = [] if run.targets is None else list(run.steps.all())
    work = Work(
        claim,
        run,
        run.agent,
        run.revision,
        run.case or samples.case_of(run),
        may_hand_over=targets.hops_left(run, run.case) > 0 and not (run.sample or {}).get("last_hop"),
        may_decline=targets.may_decline(run, around.earlier) or (run.sample or {}).get("may_decline", False),
        produces=list(_produces(run.agent)) if around.produces else [],
        server_tools=list(server_tools.tools_of(run.agent)) if around.has_server_tools else [],
        by_schema=tool_calling.by_schema(run.team_id, _models(run.revision)) if around.has_call_styles else frozenset(),
        steps=steps,
        approved=_approved_calls(run) if steps else {},
        keys=around.keys,
    )
    if not work.steps:
        _begin(work, run.case, around)
    return work


def _models(revision: Revision) -> set[str]:
    return {revision.model, revision.fallback}


def _approved_calls(run: Run) -> dict[str, str]:
    """Return the calls of tools of MCP servers that people approved, by id, with what they said."""
    approved = run.human_requests.filter(status=HumanRequest.Status.ANSWERED, approved=True).exclude(tool="")
    return dict(approved.values_list("call_id", "answer"))


def _produces(agent: Agent) -> QueueQuerySet:
    role = QueueConnection.Role.PRODUCER
    return Queue.objects.live().filter(connections__agent=agent, connections__role=role).order_by("name")


_ALL = """
    from runs_run run
    join builder_agent agent on agent.id = run.agent_id
    join teams_team team on team.id = run.team_id
    join builder_revision revision on revision.id = run.revision_id
    left join cases_case the_case on the_case.id = run.case_id
    left join cases_queue queue on queue.id = coalesce(the_case.queue_id, run.queue_id)
    where run.id = %s and run.fence = %s
"""


def _read(claim: Claim) -> Run:
    """Return the run with its agent, team, revision, case and queue."""
    tables = {"run": Run, "agent": Agent, "team": Team, "revision": Revision, "the_case": Case, "queue": Queue}
    if not (found := rows.join(_ALL, [claim.run_id, claim.fence], **tables)):
        raise LostRun
    [(run, run.agent, run.agent.team, run.revision, run.case, queue)] = found
    if run.case:
        run.case.queue = queue
    elif run.queue_id:
        run.queue = queue
    return run  # type: ignore[no-any-return]


# --- The first step --------------------------------------------------------------------------


def _begin(work: Work, case: Case | None, around: Surroundings) -> None:
    """Freeze the targets and the prompt, so that a run taken up again sees what it saw at first. Not written yet."""
    run = work.run
    before = Handover.objects.before(run, around.earlier)
    work.handed_over_at = before.applied_at if before else None
    if run.targets is None:  # a try has them from its start: those of the sample case's queue
        run.targets = targets.target_rows(around.mentioned, around.people, case)
    if run.sample:
        data = samples.first_step(work)
    else:
        mark = quoting.new_mark()
        last_hop = bool(run.targets) and not work.may_hand_over
        data = {
            "mark": mark,
            "instructions": prompts.instructions(run, work.revision.aop, work.targets),
            "prompt": prompts.prompt(run, case, around.earlier, around.notes, last_hop=last_hop, mark=mark),
        }
    work.unwritten = [Step(team_id=run.team_id, run=run, seq=1, kind=Step.Kind.PROMPT, data=storable(data))]
    work.steps = [*work.unwritten]
