"""Those who think that they have a run: they may be right, or late. And all that they could still write."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync
from django.utils import timezone
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart

from builder.models import Agent
from runs.engine import completion, human_requests, turns
from runs.engine.keeping import Keeping, Place
from runs.opening import opening
from runs.record import steps
from runs.record.claims import Claim, LostRun
from runs.record.outcomes import Answered, Broken, CaseCompleted, CaseFailed, CasePostponed, Ending, HandedOver
from runs.record.steps import Work
from runs.tools import decisions, tools
from tests.driving import finish

from .judge import digest, due_runs, held, loads, startable

MODEL = "openai-chat:scripted"

type Call = tuple[str, dict[str, Any]]
type Write = Callable[[], object]


@dataclass
class Holder:
    """`work` is what it knew of the run when it last looked; None before it has opened it."""

    worker: str
    claim: Claim
    work: Work | None = None
    # Whether its worker goes on with what it hands over, where that may be; and with what it has gone on.
    keeps: bool = False
    followed: "Holder | None" = None

    @property
    def has_it(self) -> bool:
        return (self.claim.run_id, self.claim.fence) in held()

    def opened(self) -> Work | None:
        if self.work is None:
            self.write(lambda: setattr(self, "work", opening.open_work(self.claim)), always=False)
        return self.work

    def answer(self, turn: list[Call], text: str = "") -> None:
        """The model's answer is written, but not acted upon."""
        if (work := self.opened()) and not steps.unsettled(work):
            self.write(lambda: _answer(work, _response(turn, text)))

    def take_turn(self, turn: list[Call], text: str = "") -> None:
        """As `answer` and `act`, but what only decides is written together with what comes of it."""
        if work := self.opened():
            response = steps.unsettled(work) or steps.receive(work, _response(turn, text), MODEL)
            self.write(lambda: self._act(work, response))

    def act(self) -> None:
        if (work := self.opened()) and (response := steps.unsettled(work)):
            self.write(lambda: self._act(work, response))

    def _act(self, work: Work, response: ModelResponse) -> None:
        place = Place(self.worker, self.claim, lambda: self.keeps, lambda: True, lambda: None)
        may, had, is_due = startable(), loads(), bool(due_runs())
        kept = async_to_sync(turns.take_turn)(work, response, place)
        if isinstance(kept, Keeping):
            assert kept.claim and kept.work
            target = kept.work.agent.pk
            assert not is_due and target in may and loads()[target] == had.get(target, 0) + 1
            self.followed = Holder(self.worker, kept.claim, kept.work, keeps=True)
            assert self.followed.has_it

    def write(self, write: Write, *, always: bool = True) -> None:
        """The worker that has the run writes; one that is late writes nothing, and learns of it."""
        has, before = self.has_it, digest()
        try:
            write()
        except LostRun:
            assert not has, "it was refused though it has the run"
            assert digest() == before, "it was refused, and wrote something"
            completion.note_refusal(self.claim, self.work.intended if self.work else None)
        else:
            assert has or (not always and digest() == before), "a late write was accepted"

    def write_all_late(self) -> None:
        """Everything that a worker could still write when it has lost its run."""
        before = digest()
        for what, write in [*self._endings(), *self._leaves(), *self._entries()]:
            try:
                write()
            except LostRun:
                continue
            raise AssertionError(f"a late write was accepted: {what}")
        assert digest() == before, "late writes were refused, and wrote something"
        completion.note_refusal(self.claim, self.work.intended if self.work else None)

    def _endings(self) -> list[tuple[str, Write]]:
        other = Agent.objects.live().exclude(runs=self.claim.run_id).first()
        possible: list[Ending] = [Broken("internal_error", "Late")]
        possible += [HandedOver(other, "Late", "Late")] if other else []
        if self.claim.case_id:
            possible += [CaseCompleted("Late"), CaseFailed("Late"), CasePostponed(timezone.now(), "Late")]
        else:
            possible += [Answered("Late")]
        return [(str(ending), partial(finish, self.claim, ending)) for ending in possible]

    def _leaves(self) -> list[tuple[str, Write]]:
        return [
            ("give back", lambda: completion.give_back(self.claim)),
            ("retry later", lambda: completion.retry_later(self.claim, timedelta(), "Late")),
        ]

    def _entries(self) -> list[tuple[str, Write]]:
        if self.work is None:
            return []
        # What it remembers must not change by what is refused.
        work = replace(self.work, run=copy(self.work.run), steps=list(self.work.steps))
        asked = (ToolCallPart("ask_person", {}), decisions.AskPerson(question="Late?"))
        added = ToolCallPart("add_cases", {"queue": "Outbox", "cases": [{"title": "Late"}]})
        labelled = ToolCallPart("update_case", {"labels": ["late"]})
        entries: list[tuple[str, Write]] = [
            ("step", lambda: steps.append(work, steps.note("Late", "late"))),
            ("answer", lambda: _answer(work, _response([], "Late"))),
            ("fallback", lambda: steps.fall_back(work, "Late")),
            ("question", lambda: human_requests.ask(work, [asked], [])),
            ("new case", lambda: tools.execute(work, added)),
            ("turn", lambda: async_to_sync(turns.take_turn)(work, ModelResponse([ToolCallPart("add_cases", {})]))),
        ]
        return [*entries, ("label", lambda: tools.execute(work, labelled))] if work.case else entries


def _answer(work: Work, response: ModelResponse) -> None:
    steps.receive(work, response, MODEL)
    steps.flush(work)


def _response(turn: list[Call], text: str) -> ModelResponse:
    calls = [ToolCallPart(tool, arguments) for tool, arguments in turn]
    return ModelResponse([TextPart(text), *calls], model_name="scripted")
