"""What webhooks report about runs, their handovers and the questions they wait for."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from runs.models import Handover, HumanRequest, Run, Status
from teams.audit.actors import signature
from teams.webhooks import outbox

_ENDS = {Status.COMPLETED: "run.completed", Status.FAILED: "run.failed"}


def moved(run: Run) -> None:
    # Receivers act on events, and a try must have no effects.
    if not run.has_no_effect and (name := _ENDS.get(Status(run.status))):
        outbox.add_message(run.team_id, name, partial(_ended, run))


def handed_over(handover: Handover, run: Run) -> None:
    outbox.add_message(run.team_id, "handover.applied", partial(_handed_over, handover, run))


def asked(requests: Iterable[HumanRequest], run: Run) -> None:
    _tell("human_request.opened", requests, run)


def answered(request: HumanRequest, run: Run) -> None:
    _tell("human_request.answered", [request], run)


def closed(requests: Iterable[HumanRequest], run: Run) -> None:
    _tell("human_request.closed", requests, run)


def _tell(name: str, requests: Iterable[HumanRequest], run: Run) -> None:
    if not run.has_no_effect:
        outbox.tell_all(run.team_id, [(name, partial(_request, request, run)) for request in requests])


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.pk,
        "status": run.status,
        "agent": {"id": run.agent_id, "name": run.agent.name},
        "case_id": run.case_id,
        "trigger": run.trigger,
        "url": outbox.link("run", run.pk),
    }


def _ended(run: Run) -> dict[str, Any]:
    error = {"code": run.error_code, "message": run.error[:500]} if run.status == Status.FAILED else None
    return {"run": {**_run(run), "outcome": run.outcome or None, "error": error}}


def _handed_over(handover: Handover, run: Run) -> dict[str, Any]:
    # The run completes in this transaction too, a moment later: its status now would say nothing.
    source = {name: value for name, value in _run(run).items() if name != "status"}
    return {
        "run": source,
        "target": _target(handover),
        "reason": handover.reason[:500],
        "case_id": run.case_id,
        "next_run_id": handover.next_run_id,
    }


def _target(handover: Handover) -> dict[str, Any]:
    """Return who it went to, with the id of that kind: of an agent, a member or a group."""
    person = handover.person.uuid if handover.person else None
    found = {"agent": handover.target_id, "person": person, "group": handover.group_id}
    kind, id = next(((kind, id) for kind, id in found.items() if id), ("agent", None))
    return {"id": id, "name": handover.target_name, "kind": kind}


def _request(request: HumanRequest, run: Run) -> dict[str, Any]:
    return {
        "human_request": {
            "id": request.pk,
            "kind": request.kind,
            "status": request.status,
            "question": request.question[:500],
            "approved": request.approved,
            **signature(request.actor, request.answered_by),
            "closed_because": request.closed_because or None,
            "url": outbox.link("run", run.pk),
        },
        "run": {"id": run.pk, "agent": {"id": run.agent_id, "name": run.agent.name}, "case_id": run.case_id},
    }
