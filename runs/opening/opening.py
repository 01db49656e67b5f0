"""Opening a claimed run: its agent, revision and case, the targets frozen for it, and its first step.

What surrounds a run on its case is read in statements that need nothing but ids. So they go to the database together,
and with others: a handover asks for what surrounds the target's run before there is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from builder.models import Agent, QueueConnection, Revision
from cases.models import Case, CaseEvent, Queue, QueueQuerySet
from cases.timeline import timeline
from data import rows
from data.texts.text import storable
from runs.models import Handover, HumanRequest, Run, Step
from runs.prompts import prompts, quoting
from runs.providers import tool_calling
from runs.record.claims import Claim, LostRun
from runs.record.steps import Work
from runs.tools import people_targets, server_tools
from teams.keys import credentials
from teams.models import Credential, Team

from . import samples, targets

# --- What surrounds a run --------------------------------------------------------------------


@dataclass
class Surroundings:
    """What a run is opened with beside its own rows.

    `mentioned`: the agents that the revision mentions, whether each works the case's queue, and what it needs.
    `people`: the members and groups that it mentions, as JSON. `earlier`: the case's handovers so far. `notes`: what
    people wrote to those who take the case up. `keys`: the team's, by provider.
    """

    mentioned: list[tuple[Agent, bool, str]]
    people: str
    earlier: list[Handover]
    notes: list[CaseEvent]
    keys: dict[str, Credential]
    live_revision_id: UUID | None
    produces: bool
    has_server_tools: bool
    has_call_styles: bool

    @classmethod
    def of(cls, answers: Sequence[list[tuple[Any, ...]]], earlier: list[Handover]) -> "Surroundings":
        mentioned, notes, keys, [(live_revision_id, produces, has_server_tools, has_call_styles, people)] = answers
        return cls(
            mentioned=[(agent, consumes, needs) for agent, consumes, needs in mentioned],
            people=people,
            earlier=earlier,
            notes=[note for (note,) in notes],
            keys={key.provider: key for (key,) in keys},
            live_revision_id=live_revision_id,
            produces=produces,
            has_server_tools=has_server_tools,
            has_call_styles=has_call_styles,
        )


def surroundings(
    agent_id: UUID, team_id: UUID, case_id: UUID | None, queue_id: UUID | None, *, revision_id: UUID | None = None
) -> list[rows.Selected]:
    """Return the statements to read together, beside `Handover.applied_on`; see `Surroundings.of`. Without a revision
    they ask about the agent's live one.
    """
    return [
        targets.mentioned(agent_id, queue_id, revision_id),
        timeline.notes_on(case_id),
        credentials.of_team_at_once(team_id),
        rows.Selected(_HAS, [agent_id, agent_id, agent_id, team_id, revision_id, agent_id]),
    ]


# The agent's live revision, whether it produces, has tools of servers; and whether the team says of any model how it
# calls tools.
_HAS = f"""
    select (select id from builder_revision where agent_id = %s and status = 'live'),
        exists (select from builder_queueconnection where agent_id = %s and role = 'producer'),
        exists (select from builder_toolconnection where agent_id = %s),
        exists (select from runs_toolcalling where team_id = %s),
        {people_targets.MENTIONED}
    from (
        select coalesce(%s::uuid, (select id from builder_revision where agent_id = %s and status = 'live')) as id
    ) wanted
"""  # noqa: S608


# --- The run ---------------------------------------------------------------------------------


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
