"""Impacts: started for a change that is not saved, answered by the lane of tests, and read while the answers come.

Nothing of it has an effect: the change is saved and undone to see what runs would be told, and the runs that answer are
runs of tests. The state of an impact follows from its answers, so nothing can be lost on the way.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.db.models.functions import Now

from builder.agents.saving import AgentChange, save_agents
from builder.gate.gate import rehearse
from builder.models import Agent, Purpose
from data.errors import Refused
from data.redis import bell
from routes.checks import answers
from routes.checks.questions import Asker, Question
from routes.models import Impact, ImpactCase, Trial
from routes.routing_tests.decisions import DIVERGENT, Decision
from runs.models import Run
from runs.providers.providers import OFFLINE
from teams.access import live
from teams.audit import audit
from teams.audit.actors import Actor

from . import recorded
from .recorded import Chosen, Recorded

WHY_SAVED = "Only to see its impact."


# --- Starting --------------------------------------------------------------------------------


@transaction.atomic
def start(
    agent: Agent,
    changes: dict[str, Any],
    chosen: Chosen,
    by: Actor,
    usd: Decimal | None = None,
    *,
    save: Callable[[], object] | None = None,
) -> Impact:
    """Replay the chosen runs with the changes, which are fields of an `AgentChange`, or with what `save` saves. It
    starts at once where it costs nothing, or no more than `usd`; else when someone confirms what it should cost.
    """
    rows = recorded.recorded(recorded.agents_of(agent, changes), chosen)
    questions = _questions(save or partial(_save, agent, changes), rows)
    asked = _unanswered(agent.team_id, rows, questions)
    costly = [row for row in asked if questions[row.run.pk].told["model"] != OFFLINE]
    impact = Impact.objects.create(
        team_id=agent.team_id,
        agent=agent,
        changes=changes,
        costs=bool(costly),
        estimate_usd=recorded.estimate(costly, {row.run.pk: questions[row.run.pk].told for row in costly}),
        user=by.user,
        actor=by.label[:100],
    )
    ImpactCase.objects.bulk_create(
        ImpactCase(
            team_id=agent.team_id, impact=impact, run=row.run, key=questions[row.run.pk].key, before=row.decision
        )
        for row in rows
    )
    answers.ask(agent.team_id, questions.values(), Purpose.IMPACT)
    impact.refresh_from_db()
    if not costly:
        _run(impact)
    elif usd is not None and usd >= (impact.estimate_usd or 0):
        confirm(impact, usd, by)
    return impact


def _save(agent: Agent, changes: dict[str, Any]) -> None:
    if changes:
        save_agents([AgentChange(agent.pk, **changes)], override=WHY_SAVED)


def _questions(save: Callable[[], object], rows: Sequence[Recorded]) -> dict[UUID, Question]:
    """What each run would ask with the changes, by its id. The changes are saved and undone."""
    found: dict[UUID, Question] = {}

    def look() -> None:
        save()
        asker = Asker(1, learns_from_tests=True)
        for row in rows:
            found[row.run.pk] = asker.question(row.run.pk, row.run.agent, row.queue, row.sample)

    rehearse(look)
    return found


def _unanswered(team_id: UUID, rows: Sequence[Recorded], questions: dict[UUID, Question]) -> list[Recorded]:
    keys = {question.key for question in questions.values()}
    decided = Trial.objects.filter(team=team_id, key__in=keys, number=1, status=Trial.Status.DECIDED)
    # An answer to the same question was paid for once, and is used again.
    known = set(decided.values_list("key", flat=True))
    return [row for row in rows if questions[row.run.pk].key not in known]


@transaction.atomic
def confirm(impact: Impact, usd: Decimal, by: Actor) -> None:
    """Start it, at a cost of at most so much. Refused below the estimate."""
    if impact.estimate_usd is not None and usd < impact.estimate_usd:
        message = f"It is estimated to cost {impact.estimate_usd} US dollars. Confirm at least that."
        raise Refused(message, "invalid", {"usd": message})
    # The condition of the update is the guard, so of two people who confirm at once one does.
    if not Impact.objects.filter(pk=impact.pk, status=Impact.Status.ESTIMATING).update(cap_usd=usd):
        raise Refused("This has already started or ended.", "ended")
    audit.record(impact.team_id, "impact_started", impact.agent, f"US dollars at most: {usd}", by=by)
    _run(impact)


def _run(impact: Impact) -> None:
    Impact.objects.filter(pk=impact.pk, status=Impact.Status.ESTIMATING).update(status=Impact.Status.RUNNING)
    impact.refresh_from_db()
    live.announce(impact.team_id, "impact", impact.pk)
    bell.ring()
    follow(impact)


@transaction.atomic
def stop(impact: Impact) -> None:
    """No further run is replayed. What is known by then can still be read."""
    if not _end(impact, Impact.Status.STOPPED):
        raise Refused("This has already ended.", "ended")


def _end(impact: Impact, status: Impact.Status) -> bool:
    waiting = Impact.objects.filter(pk=impact.pk, status__in=[Impact.Status.ESTIMATING, Impact.Status.RUNNING])
    ended = waiting.update(status=status, ended_at=Now()) == 1
    impact.refresh_from_db()
    live.announce(impact.team_id, "impact", impact.pk)
    return ended


# --- Reading ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Replay:
    """A run, what it decided, and what it would have, and why. `after` is None while that is not known, or if it
    `failed`. The stand-in makes no run of a replay.
    """

    run: Run
    before: Decision
    after: Decision | None
    trial_run_id: UUID | None
    failed: str = ""
    why: str = ""

    @property
    def is_known(self) -> bool:
        return self.after is not None or bool(self.failed)

    @property
    def is_divergent(self) -> bool:
        return self.after is not None and self.after["decision"] == DIVERGENT

    @property
    def is_changed(self) -> bool:
        return self.after is not None and not self.is_divergent and self.after != self.before


def replays(impact: Impact) -> list[Replay]:
    """In the order of the runs, newest first."""
    rows = list(impact.cases.select_related("run__case").defer("run__input", "run__result", "run__targets"))
    answers = {
        trial.key: trial
        for trial in Trial.objects.filter(
            team=impact.team_id, key__in={row.key for row in rows}, number=1, status__in=_KNOWN
        ).defer("question")
    }
    return [_replay(row, answers.get(row.key)) for row in rows]


_KNOWN = [Trial.Status.DECIDED, Trial.Status.FAILED]


def _replay(row: ImpactCase, answer: Trial | None) -> Replay:
    if answer is None:
        return Replay(row.run, row.before, None, None)
    return Replay(row.run, row.before, answer.decision, answer.run_id, answer.error, answer.why)


def cost(impact: Impact) -> Decimal | None:
    """What its runs have cost so far in US dollars. None where they cost something that is not known."""
    asked = Trial.objects.filter(team=impact.team_id, key__in=impact.cases.values("key"), number=1)
    # Not by when it was asked: an impact that was never confirmed, or was stopped, may have asked the same before.
    runs = Run.objects.filter(pk__in=asked.values("run"), created_at__gte=impact.created_at)
    found = runs.aggregate(Sum("cost_usd"))["cost_usd__sum"]
    return Decimal(0) if found is None and not impact.costs else found


def follow(impact: Impact) -> None:
    """End a running impact that has all its answers, or has cost what was confirmed. Twice is once."""
    if impact.status != Impact.Status.RUNNING:
        return
    if not _open(impact).exists():
        _end(impact, Impact.Status.DONE)
    elif impact.cap_usd is not None and impact.estimate_usd is not None and (cost(impact) or 0) > impact.cap_usd:
        _end(impact, Impact.Status.STOPPED)
    else:
        live.announce(impact.team_id, "impact", impact.pk)


def _open(impact: Impact) -> QuerySet[ImpactCase]:
    """Its replays that have no answer yet."""
    answers = Trial.objects.filter(team=impact.team_id, key=OuterRef("key"), number=1, status__in=_KNOWN)
    return impact.cases.filter(~Exists(answers))


def hear(answered: Collection[tuple[UUID, str]]) -> None:
    """These questions of teams have been answered: for the impacts that wait for them."""
    keys, teams = {key for _, key in answered}, {team for team, _ in answered}
    waiting = ImpactCase.objects.filter(key__in=keys, team__in=teams, impact__status=Impact.Status.RUNNING)
    # In one order, as answers of several workers may come at the same moment.
    for impact in Impact.objects.filter(pk__in=waiting.values("impact")).order_by("pk"):
        follow(impact)
