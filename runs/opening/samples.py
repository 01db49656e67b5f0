"""Case mode without a case: what a try or a test sees in the place of a case.

A sample holds a case's title, data, labels and priority, and the prompt that a dispatched run would get. It is written
once, so that neither the clock nor what happens to the case later changes it. It is kept on the run as JSON.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from builder.models import Agent
from cases.models import Case, CaseEvent, Queue
from cases.timeline import timeline
from data import rows
from runs.models import Handover, Run, Step
from runs.prompts import prompts, quoting
from runs.record.steps import Work

from . import targets

type Sample = dict[str, Any]

CASE, STANDALONE = "case", "standalone"


def of_case(agent: Agent, case: Case) -> Sample:
    """Return the sample of a case as the dispatcher would give it to the agent now."""
    found, notes = rows.read(Handover.applied_on(case.pk), timeline.notes_on(case.pk))
    earlier, last_hop = Handover.applied(found), targets.hops_left(Run(), case) == 0
    trigger = Run.Trigger.HANDOVER if case.rank == Case.Rank.HANDED_OVER else Run.Trigger.DISPATCH
    may_decline = targets.may_decline(Run(agent=agent, case=case, trigger=trigger), earlier)
    told = _of(agent, case, earlier, [note for (note,) in notes], last_hop=last_hop)
    return {**told, "may_decline": may_decline}


def typed(agent: Agent, queue: Queue, *, title: str, data: Any, labels: Sequence[str], priority: int) -> Sample:
    """Return the sample of a new case of the queue, that nobody had before."""
    # As it would come back from the database, which has an order of its own for the keys of an object.
    [(stored,)] = rows.select("select %s::jsonb", [Jsonb(data)])
    data = json.loads(stored)
    case = Case(team_id=queue.team_id, queue=queue, number=1, title=title, data=data, labels=labels, priority=priority)
    return _of(agent, case, [], [], last_hop=False)


def _of(agent: Agent, case: Case, earlier: list[Handover], notes: list[CaseEvent], *, last_hop: bool) -> Sample:
    run, mark = Run(team_id=agent.team_id, agent=agent), quoting.new_mark()
    return {
        "mode": CASE,
        "number": case.number,
        "title": case.title,
        "data": case.data,
        "labels": list(case.labels),
        "priority": int(case.priority),
        "last_hop": last_hop,
        "mark": mark,
        "prompt": prompts.prompt(run, case, earlier, notes, last_hop=last_hop, mark=mark),
    }


def alone(agent: Agent, text: str) -> Sample:
    """Return the sample of a standalone run with this input."""
    mark = quoting.new_mark()
    run = Run(team_id=agent.team_id, agent=agent, input=text)
    prompt = prompts.prompt(run, None, [], [], last_hop=False, mark=mark)
    return {"mode": STANDALONE, "text": text, "mark": mark, "prompt": prompt}


def of_run(run: Run, first: Step) -> Sample:
    """Return the sample that a run had, with its recorded prompt. `first` is its first step."""
    recorded = {"prompt": first.data["prompt"], "mark": first.data.get("mark", "")}
    if not run.is_on_case:
        return {"mode": STANDALONE, "text": run.input, **recorded}
    told = prompts.told_of_case(first.data["prompt"], recorded["mark"])
    last_hop = prompts.LAST_HOP in first.data["prompt"]
    return {"mode": CASE, **told, "last_hop": last_hop, "may_decline": _could_decline(run), **recorded}


def _could_decline(run: Run) -> bool:
    if run.sample:
        return bool(run.sample.get("may_decline"))
    [earlier] = rows.read(Handover.applied_on(run.case_id))
    return targets.may_decline(run, [row for row in Handover.applied(earlier) if row.source_id != run.pk])


# --- In the place of a case ------------------------------------------------------------------


def case_of(run: Run) -> Case | None:
    """The case that the run sees in its sample. It is no row, and nothing writes it."""
    sample: Mapping[str, Any] = run.sample or {}
    if sample.get("mode") != CASE:
        return None
    told = {name: sample[name] for name in ("number", "title", "data", "labels", "priority")}
    return Case(team_id=run.team_id, queue=run.queue, **told)


def name_agent(run: Run) -> None:
    """Call the agent in this run as the sample says: under a name and a description that are not saved yet."""
    if own := (run.sample or {}).get("own"):
        run.agent.name, run.agent.description = own["name"], own["description"]


def first_step(work: Work) -> dict[str, str]:
    """Return what the run's first step keeps. A sample can bring the instructions too."""
    sample = work.run.sample
    told = sample.get("instructions") or prompts.instructions(work.run, work.revision.aop, work.targets)
    return {"mark": sample["mark"], "instructions": told, "prompt": sample["prompt"]}
