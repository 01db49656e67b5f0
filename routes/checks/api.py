"""The API of checks: what a change would do to routing tests."""

from typing import Annotated
from uuid import UUID

from ninja import Router
from ninja import Status as Answer
from pydantic import BaseModel, Field

from builder.agents.schemas import ModelName, Procedure
from routes.models import Check, Verdict
from routes.routing_tests.schemas import Decision
from teams.audit.actors import program
from teams.keys.api import KeyRequest, RequestBody, Scope, TeamKey, get_row
from teams.keys.fields import Name, Words

from . import candidates, checks, results

router = Router(tags=["Routing tests"])


class CheckIn(RequestBody):
    """What would change. Nothing is saved; without any of it what is live is tested."""

    aop: Procedure | None = None
    name: Name | None = None
    description: Words | None = None
    model: ModelName | None = None
    fallback_model: ModelName | None = None
    repetitions: Annotated[int | None, Field(ge=1, le=10, description="As the team's settings say, if left out.")] = (
        None
    )


class CheckStarted(BaseModel):
    id: UUID
    status: Check.Status


class ResultOut(BaseModel):
    test_id: UUID
    agent_id: Annotated[UUID, Field(description="Whose test it is.")]
    name: str
    verdict: Verdict
    before: Decision | None
    after: Decision | None
    run_ids: list[UUID]


class CheckOut(BaseModel):
    id: UUID
    agent_id: UUID
    status: Check.Status
    passed: Annotated[bool | None, Field(description="null until it is done.")]
    counts: dict[str, int]
    results: Annotated[list[ResultOut], Field(description="Those that are known so far.")]


@router.post(
    "/agents/{agent_id}/checks",
    auth=TeamKey(Scope.AGENTS),
    response={202: CheckStarted},
    summary="Check a change against the routing tests",
)
def start_check(request: KeyRequest, agent_id: UUID, wanted: CheckIn) -> Answer[CheckStarted]:
    """All tests that the change concerns run with it and with what is live. Nothing goes live by it.

    Read the check until it is done.
    """
    agent = get_row(request.auth.team.agents.live(), agent_id)
    changes = wanted.model_dump(exclude_none=True, exclude={"repetitions"})
    if "fallback_model" in changes:
        changes["fallback"] = changes.pop("fallback_model")
    check = candidates.check_change(agent, program(request.auth), repetitions=wanted.repetitions, **changes)
    return Answer(202, CheckStarted(id=check.pk, status=Check.Status(check.status)))


@router.get("/checks/{check_id}", response=CheckOut, summary="Read a check")
def get_check(request: KeyRequest, check_id: UUID) -> CheckOut:
    return CheckOut(**results.check_described(get_row(Check.objects.filter(team=request.auth.team), check_id)))


@router.post("/checks/{check_id}/stop", auth=TeamKey(Scope.AGENTS), response=CheckOut, summary="Stop a check")
def stop_check(request: KeyRequest, check_id: UUID) -> CheckOut:
    """Nothing of it goes live."""
    checks.stop(get_row(Check.objects.filter(team=request.auth.team), check_id), program(request.auth))
    return get_check(request, check_id)
