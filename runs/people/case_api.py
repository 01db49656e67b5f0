"""The API of what people and programs do to cases, and so to the runs that work them."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from ninja import Router
from ninja import Status as Answer
from pydantic import Field

from builder.models import Agent
from cases.models import Case
from cases.work.api import read_case
from cases.work.api import router as cases_router
from cases.work.schemas import CaseDetails
from data.errors import Refused
from teams.audit.actors import program
from teams.keys.api import KeyRequest, Moment, Prose, RequestBody, Scope, TeamKey, get_row
from teams.models import Team, User

from . import moves

router = Router()


class Reprocess(RequestBody):
    assignee_id: Annotated[UUID | None, Field(description="An agent that consumes the queue; else any does.")] = None


class Send(RequestBody):
    assignee_id: Annotated[
        UUID | None,
        Field(description="An agent that consumes the queue; else any does. If it is paused, the case waits for it."),
    ] = None
    note: Annotated[Prose, Field(description="For the agent that takes it.")] = ""


class TakeOver(RequestBody):
    member: Annotated[str | None, Field(description="Email address of the member who has it then.")] = None
    from_another: Annotated[bool, Field(description="Also when another person has it.")] = False


class Complete(RequestBody):
    summary: Prose = ""


class Fail(RequestBody):
    reason: Prose = ""


class Postpone(RequestBody):
    until: Moment


class Undo(RequestBody):
    seq: Annotated[int, Field(ge=1, le=2**31 - 1, description="Of the event that tells of the act.")]


def _act[F: Callable[..., CaseDetails]](name: str, summary: str, *, deprecated: bool = False) -> Callable[[F], F]:
    """An operation on one case that answers with the case as it is then."""
    return router.post(
        f"/cases/{{case_id}}/{name}",
        auth=TeamKey(Scope.CASES),
        response=CaseDetails,
        tags=["Cases"],
        summary=summary,
        deprecated=deprecated,
    )


@cases_router.delete(
    "/cases/{case_id}", auth=TeamKey(Scope.CASES), response={204: None}, tags=["Cases"], summary="Delete a case"
)
def delete_case(request: KeyRequest, case_id: UUID) -> Answer[None]:
    moves.delete(_case(request, case_id), program(request.auth))
    return Answer(204, None)


@_act("reprocess", "Reassign or reopen a case", deprecated=True)
def reprocess_case(request: KeyRequest, case_id: UUID, wanted: Reprocess | None = None) -> CaseDetails:
    """Use reassign for an open case, and reopen for a closed one."""
    verb = moves.reopen if _case(request, case_id).is_closed else moves.reassign
    return _send(request, case_id, Send(assignee_id=wanted.assignee_id if wanted else None), verb)


@_act("reassign", "Reassign an open case")
def reassign_case(request: KeyRequest, case_id: UUID, wanted: Send | None = None) -> CaseDetails:
    """Its run stops. If the agent is paused, the case waits for it."""
    return _send(request, case_id, wanted, moves.reassign)


@_act("take-over", "Take a case from the agents")
def take_over_case(request: KeyRequest, case_id: UUID, wanted: TakeOver | None = None) -> CaseDetails:
    """Its run stops, and no agent gets it until it is handed back."""
    case, wanted = _case(request, case_id), wanted or TakeOver()
    owner = _member(request.auth.team, wanted.member) if wanted.member else None
    by = program(request.auth)
    moves.take_over(case, by, owner=owner, from_another=wanted.from_another)
    return read_case(request.auth.team, case_id)


def _member(team: Team, email: str) -> User:
    found = User.objects.filter(member__team=team, email__iexact=email, is_active=True).first()
    if found is None:
        message = "No member of the team has this address."
        raise Refused(message, "invalid", {"member": message})
    return found


@_act("hand-back", "Hand a case back to agents")
def hand_back_case(request: KeyRequest, case_id: UUID, wanted: Send | None = None) -> CaseDetails:
    """Of a case that someone has taken over."""
    return _send(request, case_id, wanted, moves.hand_back)


@_act("reopen", "Reopen a closed case")
def reopen_case(request: KeyRequest, case_id: UUID, wanted: Send | None = None) -> CaseDetails:
    return _send(request, case_id, wanted, moves.reopen)


@_act("retry", "Retry a case")
def retry_case(request: KeyRequest, case_id: UUID) -> CaseDetails:
    """The agent that worked on it last tries again. Of a case that needs input or failed."""
    moves.retry(_case(request, case_id), program(request.auth))
    return read_case(request.auth.team, case_id)


@_act("complete", "Complete a case")
def complete_case(request: KeyRequest, case_id: UUID, wanted: Complete | None = None) -> CaseDetails:
    moves.complete(_case(request, case_id), wanted.summary if wanted else "", program(request.auth))
    return read_case(request.auth.team, case_id)


@_act("fail", "Fail a case")
def fail_case(request: KeyRequest, case_id: UUID, wanted: Fail | None = None) -> CaseDetails:
    moves.fail(_case(request, case_id), wanted.reason if wanted else "", program(request.auth))
    return read_case(request.auth.team, case_id)


@_act("postpone", "Postpone a case")
def postpone_case(request: KeyRequest, case_id: UUID, wanted: Postpone) -> CaseDetails:
    moves.postpone(_case(request, case_id), wanted.until, program(request.auth))
    return read_case(request.auth.team, case_id)


@_act("undo", "Undo the last act on a case")
def undo_act(request: KeyRequest, case_id: UUID, wanted: Undo) -> CaseDetails:
    """Of a person or program, while nothing else has moved the case. A run that was stopped starts from scratch."""
    moves.undo(get_row(request.auth.team.cases.all(), case_id), wanted.seq, program(request.auth))
    return read_case(request.auth.team, case_id)


def _send(request: KeyRequest, case_id: UUID, wanted: Send | None, verb: Callable[..., Case]) -> CaseDetails:
    case, wanted, agents = _case(request, case_id), wanted or Send(), request.auth.team.agents.live()
    to: Agent | None = get_row(agents, wanted.assignee_id, "assignee_id") if wanted.assignee_id else None
    verb(case, program(request.auth), to, wanted.note)
    return read_case(request.auth.team, case_id)


def _case(request: KeyRequest, case_id: UUID) -> Case:
    return get_row(request.auth.team.cases.present(), case_id)
