"""Questions that a run waits for a person to answer."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from pydantic_ai.messages import ToolCallPart

from cases import lifecycle as case_lifecycle
from cases.models import Reason
from teams import live
from teams.actors import Actor
from teams.errors import Refused
from teams.text import prose

from . import lifecycle
from .endings import lock_both
from .journal import Work, append
from .models import HumanRequest, Run, Status, Step

ANSWER_LIMIT = 10_000


@transaction.atomic
def ask(work: Work, asks: Sequence[tuple[ToolCallPart, Any]], entries: Sequence[Any]) -> None:
    """Opens the questions of a turn; the run waits without a worker until all are answered."""
    run, case = lock_both(work.claim)
    append(work, *entries)
    HumanRequest.objects.bulk_create(
        HumanRequest(
            team_id=run.team_id,
            run=run,
            call_id=call.tool_call_id,
            kind=HumanRequest.Kind.QUESTION,
            question=arguments.question,
            choices=arguments.choices,
        )
        for call, arguments in asks
    )
    if case is not None:
        question = asks[0][1].question
        case_lifecycle.ask(case, Reason.QUESTION, question, agent_id=run.agent_id, run_id=run.pk)
        run.case_fence = case.fence
        run.save(update_fields=["case_fence"])
    lifecycle.wait(run)


@transaction.atomic
def answer(request: HumanRequest, text: str, by: Actor) -> HumanRequest:
    """Gives the answer to the run; with its last open question answered the run goes on."""
    text = prose(text, "answer", ANSWER_LIMIT).strip()
    if not text:
        raise Refused("Please write an answer.", "invalid", {"answer": "Please write an answer."})
    case_id = Run.objects.values_list("case_id", flat=True).get(pk=request.run_id)
    case = case_lifecycle.lock(case_id) if case_id else None
    run = Run.objects.select_for_update(no_key=True).get(pk=request.run_id)
    answered = HumanRequest.objects.filter(pk=request.pk, status=HumanRequest.Status.OPEN).update(
        status=HumanRequest.Status.ANSWERED,
        answer=text,
        answered_by=by.user,
        actor=by.label[:100],
        answered_at=timezone.now(),
    )
    if not answered or run.status != Status.WAITING:
        raise Refused("This question was answered or closed in the meantime.", "already_answered")
    _write_result(run, request, text)
    live.announce(run.team_id, "run", run.pk)
    if not run.human_requests.filter(status=HumanRequest.Status.OPEN).exists():
        if case is not None:
            case_lifecycle.resume(case, text, by=by, agent_id=run.agent_id, run_id=run.pk)
            run.case_fence = case.fence
            run.save(update_fields=["case_fence"])
        lifecycle.wake(run)
    request.refresh_from_db()
    return request


def _write_result(run: Run, request: HumanRequest, text: str) -> None:
    last = run.steps.order_by("-seq").values_list("seq", flat=True).first() or 0
    data = {"tool": "ask_person", "call_id": request.call_id, "content": text, "ok": True, "code": "answered"}
    Step.objects.create(team_id=run.team_id, run=run, seq=last + 1, kind=Step.Kind.TOOL_RESULT, data=data)
