"""The API of what people and programs do to cases, and so to the runs that work them."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from ninja import Router
from ninja import Status as Answer
from pydantic import Field, model_validator

from builder.models import Agent
from cases.models import Case
from cases.work.api import read_case
from cases.work.api import router as cases_router
from cases.work.people import People
from cases.work.schemas import CaseDetails
from data.errors import Refused
from teams.audit.actors import program
from teams.keys.api import KeyRequest, RequestBody, Scope, TeamKey, get_row
from teams.keys.fields import Email, Moment, Prose
from teams.models import Member, Team, User

from . import moves
from .briefing import Given

router = Router()


Fields = Annotated[
    dict[str, str | int | float | bool | None],
    Field(max_length=100, description="What the agent needs, by name: see `needs` of the agent."),
]
WithoutFields = Annotated[
    str, Field(max_length=1000, description="Why fields that it needs are left out. It is kept in the case’s event.")
]


class Send(RequestBody):
    assignee_id: Annotated[
        UUID | None,
        Field(description="An agent that consumes the queue; else any does. If it is paused, the case waits for it."),
    ] = None
    note: Annotated[Prose, Field(description="For the agent that takes it.")] = ""
    fields: Fields = {}
    without_fields_reason: WithoutFields = ""


class Assign(RequestBody):
    """One of `agent_id`, `user_id`, `group_id` and `nobody`."""

    agent_id: Annotated[UUID | None, Field(description="An agent that consumes the queue.")] = None
    user_id: Annotated[UUID | None, Field(description="A member of the team, who has the case then.")] = None
    group_id: Annotated[UUID | None, Field(description="A group, of whom someone takes the case.")] = None
    nobody: Annotated[bool, Field(description="Any agent of the queue may take it.")] = False
    note: Annotated[Prose, Field(description="For who takes it.")] = ""
    fields: Fields = {}
    without_fields_reason: WithoutFields = ""

    @model_validator(mode="after")
    def _to_one(self) -> "Assign":
        if [bool(self.agent_id), bool(self.user_id), bool(self.group_id), self.nobody].count(True) != 1:
            raise ValueError("Give exactly one of agent_id, user_id, group_id and nobody.")
        return self


class TakeOver(RequestBody):
    member: Annotated[Email | None, Field(description="Email address of the member who has it then.")] = None
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
def reprocess_case(request: KeyRequest, case_id: UUID, wanted: Send | None = None) -> CaseDetails:
    """Use assign."""
    return _send(request, case_id, wanted, _verb(_case(request, case_id)))


@_act("assign", "Assign a case")
def assign_case(request: KeyRequest, case_id: UUID, wanted: Assign) -> CaseDetails:
    """To an agent, to a member, to a group, or to any agent of the queue. Its run stops; a closed case is reopened for
    an agent.
    """
    case = _case(request, case_id)
    if wanted.user_id or wanted.group_id:
        moves.assign_to_people(case, program(request.auth), _people(request.auth.team, wanted), wanted.note)
        return read_case(request.auth.team, case_id)
    send = Send(
        assignee_id=wanted.agent_id,
        note=wanted.note,
        fields=wanted.fields,
        without_fields_reason=wanted.without_fields_reason,
    )
    return _send(request, case_id, send, _verb(case), "agent_id")


def _people(team: Team, wanted: Assign) -> People:
    if wanted.group_id:
        return People(group=get_row(team.groups.live(), wanted.group_id, "group_id"))
    member = Member.objects.filter(team=team, user__uuid=str(wanted.user_id)).select_related("user").first()
    if member is None:
        message = "There is no such member of the team."
        raise Refused(message, "not_found", {"user_id": message})
    if not member.user.is_active or member.role == Member.Role.VIEWER:
        message = f"{member.user} cannot work cases: the account is deactivated, or the role is Viewer."
        raise Refused(message, "invalid", {"user_id": message})
    return People(owner=member.user)


def _verb(case: Case) -> Callable[..., Case]:
    return moves.reopen if case.is_closed else moves.reassign


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


def _send(
    request: KeyRequest, case_id: UUID, wanted: Send | None, verb: Callable[..., Case], field: str = "assignee_id"
) -> CaseDetails:
    case, wanted, agents = _case(request, case_id), wanted or Send(), request.auth.team.agents.live()
    to: Agent | None = get_row(agents, wanted.assignee_id, field) if wanted.assignee_id else None
    try:
        verb(case, program(request.auth), to, wanted.note, Given(wanted.fields, wanted.without_fields_reason))
    except Refused as refusal:
        refusal.fields = {field if name == "assignee_id" else name: said for name, said in refusal.fields.items()}
        raise
    return read_case(request.auth.team, case_id)


def _case(request: KeyRequest, case_id: UUID) -> Case:
    return get_row(request.auth.team.cases.present(), case_id)
