"""The API of runs and of what they ask people."""

from typing import Annotated
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from ninja import Query, Router
from ninja import Status as Answer
from pydantic import Field

from channels.email import replies
from data.errors import Refused
from runs.engine import human_requests
from runs.models import HumanRequest, Outcome, Run, Status
from runs.people import moves
from runs.people.starting import INPUT_LIMIT
from runs.people.starting import start_run as start
from teams.audit.actors import Actor, program
from teams.keys.api import KeyRequest, RequestBody, Scope, TeamKey, example, get_row
from teams.keys.fields import Email, Length, Moment
from teams.keys.paging import Page, Paging, paginate
from teams.models import Member, Team

from .schemas import HumanRequestOut, RunOut, StepOut, human_request_out, run_out, step_out, with_details

router = Router()

Input = Annotated[str, Length(INPUT_LIMIT)]
ContentHash = Annotated[str, Length(32)]
Reply = Annotated[str, Length(human_requests.ANSWER_LIMIT)]
MessageText = Annotated[str, Length(replies.TEXT_LIMIT, 1)]


# --- Runs ------------------------------------------------------------------------------------


class RunIn(RequestBody):
    model_config = example(agent_id="01980f6e-7d2a-7c3e-9a51-3f0c6d1b2a44", input="Sum up the reviews of last week.")

    agent_id: UUID
    input: Input = ""
    revision_id: Annotated[UUID | None, Field(description="Another revision of the agent than the live one.")] = None


class RunFilters(Paging):
    status: Status | None = None
    outcome: Outcome | None = None
    agent_id: UUID | None = None
    queue_id: UUID | None = None
    case_id: UUID | None = None
    trigger: Run.Trigger | None = Field(None, description="Runs of routing tests are left out, unless this is `test`.")
    root_run_id: UUID | None = Field(None, description="Runs that a chain of handovers led to, from this one on.")


@router.get("/runs", response=Page[RunOut], tags=["Runs"], summary="List runs, newest first")
def list_runs(request: KeyRequest, filters: Query[RunFilters]) -> Page[RunOut]:
    wanted = filters.model_dump(exclude={"limit", "cursor"}, exclude_none=True)
    if "root_run_id" in wanted:
        wanted["root"] = wanted.pop("root_run_id")
    runs = request.auth.team.runs.filter(**wanted)
    if filters.trigger is None:
        runs = runs.exclude(trigger=Run.Trigger.TEST)
    found, cursor = paginate(with_details(runs), ["-created_at", "id"], filters)
    return Page[RunOut](items=[run_out(run) for run in found], next_cursor=cursor)


@router.post(
    "/runs", auth=TeamKey(Scope.RUNS), response={202: RunOut}, tags=["Runs"], summary="Start a run without a case"
)
def start_run(request: KeyRequest, wanted: RunIn) -> Answer[RunOut]:
    """It is queued; read it until its status is completed, failed or stopped."""
    team = request.auth.team
    agent = get_row(team.agents.live(), wanted.agent_id, "agent_id")
    revision = get_row(agent.revisions.published(), wanted.revision_id, "revision_id") if wanted.revision_id else None
    run = start(agent, input=wanted.input, by=program(request.auth), trigger=Run.Trigger.API, revision=revision)
    return Answer(202, _read(team, run.pk))


@router.get("/runs/{run_id}", response=RunOut, tags=["Runs"], summary="Read a run")
def get_run(request: KeyRequest, run_id: UUID) -> RunOut:
    return _read(request.auth.team, run_id)


@router.get("/runs/{run_id}/steps", response=Page[StepOut], tags=["Runs"], summary="List the steps of a run, by seq")
def list_steps(request: KeyRequest, run_id: UUID, paging: Query[Paging]) -> Page[StepOut]:
    run = get_row(_runs(request.auth.team), run_id)
    found, cursor = paginate(run.steps.all(), ["seq"], paging)
    return Page[StepOut](items=[step_out(step) for step in found], next_cursor=cursor)


@router.post("/runs/{run_id}/stop", auth=TeamKey(Scope.RUNS), response=RunOut, tags=["Runs"], summary="Stop a run")
def stop_run(request: KeyRequest, run_id: UUID) -> RunOut:
    """A handover that it asked for is cancelled; its case waits for a person."""
    moves.stop_run(get_row(_runs(request.auth.team), run_id), program(request.auth))
    return _read(request.auth.team, run_id)


def _runs(team: Team) -> QuerySet[Run]:
    return team.runs.all()


def _read(team: Team, run_id: UUID) -> RunOut:
    return run_out(get_row(with_details(_runs(team)), run_id))


# --- Questions -------------------------------------------------------------------------------


class HumanRequestFilters(Paging):
    status: HumanRequest.Status | None = None
    kind: HumanRequest.Kind | None = None
    agent_id: UUID | None = None
    case_id: UUID | None = None
    run_id: UUID | None = None
    trigger: Annotated[
        Run.Trigger | None,
        Field(description="What started the run. Requests of tries are left out, unless `try` or their run is given."),
    ] = None


@router.get(
    "/human-requests",
    response=Page[HumanRequestOut],
    tags=["Human requests"],
    summary="List what runs ask people, newest first",
)
def list_human_requests(request: KeyRequest, filters: Query[HumanRequestFilters]) -> Page[HumanRequestOut]:
    wanted = filters.model_dump(exclude={"limit", "cursor"}, exclude_none=True)
    for name in {"agent_id", "case_id", "trigger"} & set(wanted):
        wanted[f"run__{name}"] = wanted.pop(name)
    rows = request.auth.team.human_requests.filter(**wanted).select_related("run", "assignee__user", "answered_by")
    if not filters.trigger and not filters.run_id:
        rows = rows.of_work()
    found, cursor = paginate(rows.defer("run__input", "run__result", "run__targets"), ["-created_at", "id"], filters)
    return Page[HumanRequestOut](items=[human_request_out(row) for row in found], next_cursor=cursor)


class HumanRequestResponse(RequestBody):
    answer: Annotated[Reply | None, Field(description="To a question.")] = None
    approved: Annotated[bool | None, Field(description="To a request for approval.")] = None
    comment: Annotated[Reply, Field(description="To a request for approval.")] = ""
    text: Annotated[
        MessageText | None, Field(description="What is sent to the customer instead of what the agent wrote.")
    ] = None
    content_hash: Annotated[
        ContentHash | None,
        Field(description="Of the request as it was read. If it is another one now: 409, with the request as it is."),
    ] = None


@router.post(
    "/human-requests/{request_id}/respond",
    auth=TeamKey(Scope.ANSWERS),
    response=HumanRequestOut,
    tags=["Human requests"],
    summary="Answer what a run waits for",
)
def respond(request: KeyRequest, request_id: UUID, response: HumanRequestResponse) -> HumanRequestOut:
    rows = request.auth.team.human_requests.select_related("run", "assignee__user", "answered_by")
    try:
        return human_request_out(_respond(get_row(rows, request_id), response, program(request.auth)))
    except human_requests.Changed as changed:
        changed.shows = {"human_request": human_request_out(get_row(rows, request_id)).model_dump(mode="json")}
        raise


def _respond(row: HumanRequest, response: HumanRequestResponse, by: Actor) -> HumanRequest:
    if row.kind == HumanRequest.Kind.APPROVAL:
        if response.approved is None or response.answer is not None:
            message = "This is a request for approval. Send approved, and a comment if you like."
            raise Refused(message, "invalid", {"approved" if response.approved is None else "answer": message})
        shown, text = response.content_hash, response.text
        return human_requests.decide(row, response.approved, response.comment, by, shown=shown, text=text)
    if response.text is not None:
        raise Refused("This is a question. Send an answer.", "invalid", {"text": "Send an answer instead."})
    if response.approved is not None or response.comment:
        message = "This is a question. Send an answer."
        raise Refused(message, "invalid", {"approved" if response.approved is not None else "comment": message})
    return human_requests.answer(row, response.answer or "", by, shown=response.content_hash)


class HumanRequestChanges(RequestBody):
    """What is left out stays as it is."""

    assignee: Annotated[Email | None, Field(description="Email address of the member who has it; null: nobody.")] = None
    due_at: Annotated[Moment | None, Field(description="Until when it is to be answered; null: at any time.")] = None


@router.patch(
    "/human-requests/{request_id}",
    auth=TeamKey(Scope.CASES),
    response=HumanRequestOut,
    tags=["Human requests"],
    summary="Say who answers what a run waits for, and until when",
)
def change_human_request(request: KeyRequest, request_id: UUID, changes: HumanRequestChanges) -> HumanRequestOut:
    """The member is told by email, if they want that. Anyone still may answer."""
    rows = request.auth.team.human_requests.select_related("run", "assignee__user", "answered_by")
    row = get_row(rows, request_id)
    with transaction.atomic():
        if "assignee" in changes.model_fields_set:
            member = _member(request.auth.team, changes.assignee) if changes.assignee else None
            human_requests.assign(row, member, program(request.auth))
        if "due_at" in changes.model_fields_set:
            try:
                human_requests.set_due(row, changes.due_at)
            except Refused as refusal:
                fields = {"due_at": refusal.message} if refusal.fields else None
                raise Refused(refusal.message, refusal.code, fields) from refusal
    return human_request_out(get_row(rows, request_id))


def _member(team: Team, email: str) -> Member:
    found = next((row for row in human_requests.members_of(team) if row.user.email == email.lower()), None)
    if found is None:
        message = "No member of the team who can answer has this address."
        raise Refused(message, "invalid", {"assignee": message})
    return found
