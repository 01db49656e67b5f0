"""Corrections of routes. A person records which agent should have had a case or a run. A correction belongs to the
handover, or the first dispatch, that went wrong.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now

from builder.models import Agent
from cases.models import Case, Kind
from cases.timeline import timeline
from cases.work import lifecycle as case_lifecycle
from data.errors import Refused
from data.texts.text import prose
from routes.models import Correction
from routes.routing_tests import routing_tests
from runs.models import Handover, Run
from runs.people import moves
from runs.people.briefing import Given
from teams.access import live
from teams.audit import audit
from teams.audit.actors import Actor
from teams.models import Team

_CORRECTED = Given(without_reason="A correction sent it here.")

NOTE_LIMIT = 2_000


@dataclass(frozen=True)
class Misroute:
    """What a correction is about: `wrong` got the work. `source` is the run that handed over to it, unless `wrong` was
    the first agent. `run` is the run of the wrong agent, if it has started.
    """

    wrong: Agent
    source: Run | None
    run: Run | None

    @property
    def case_id(self) -> UUID | None:
        run = self.run or self.source
        return run.case_id if run else None


def of_run(run: Run) -> Misroute:
    """Return the misroute that gave the run to its agent."""
    before = Handover.objects.before(run)
    return Misroute(run.agent, before.source if before else None, run)


def of_handover(handover: Handover) -> Misroute:
    """Return the misroute of a handover to its target."""
    assert handover.target  # what went to people is no misroute between agents
    return Misroute(handover.target, handover.source, handover.resulting_run)


@transaction.atomic
def correct(misroute: Misroute, right: Agent | None, note: str, by: Actor, send: bool | None = None) -> Correction:
    """Record that `right` should have had the work, or a person if None. It replaces an earlier correction. `send` says
    whether the case goes there now, even a closed one; by default only an open case does.
    """
    if right is not None and right.pk == misroute.wrong.pk:
        message = f"{right.name} had it. Choose someone else."
        raise Refused(message, "invalid", {"agent_id": message})
    note = prose(note, "note", NOTE_LIMIT).strip()
    # The case is locked before anything is looked at, so two corrections at once follow each other.
    case = case_lifecycle.lock(misroute.case_id) if misroute.case_id else None
    if any(run and run.has_no_effect for run in (misroute.run, misroute.source)):
        raise Refused("A try cannot be corrected. Change the procedure instead.", "is_try")
    for earlier in _active(misroute):
        routing_tests.forget_correction(earlier, by)
    _active(misroute).update(undone_at=Now(), undone_by=by.label[:100])
    made = Correction.objects.create(
        team_id=misroute.wrong.team_id,
        case=case,
        source=misroute.source,
        run=misroute.run,
        wrong=misroute.wrong,
        right=right,
        right_name=right.name if right else "",
        note=note,
        user=by.user,
        actor=by.label[:100],
    )
    if case is not None:
        _tell(case, Kind.CORRECTED, made, by)
        if not case.deleted_at and (not case.is_closed if send is None else send):
            _send(case, right, by)
    change = audit.changes([("Agent", misroute.wrong, right or "a person")])
    audit.record(made.team_id, "route_corrected", case or misroute.run or misroute.source, change, by=by)
    routing_tests.add_test_of_correction(made, by)
    _announce(made)
    return made


def _active(misroute: Misroute) -> QuerySet[Correction]:
    same = Q(source=misroute.source) if misroute.source else Q(source=None, run=misroute.run)
    return Correction.objects.standing().filter(same)


def _send(case: Case, right: Agent | None, by: Actor) -> None:
    """Send the case to the right agent, unless it is there already."""
    if right is None:
        if case.is_closed:
            moves.reopen(case, by)
        moves.take_over(case, by, from_another=True)
    elif case.is_closed:
        moves.reopen(case, by, right, given=_CORRECTED)
    elif case.assignee_id != right.pk:
        moves.reassign(case, by, right, given=_CORRECTED)


@transaction.atomic
def undo(correction: Correction, by: Actor) -> None:
    """Undo a correction, so that it no longer counts. The case stays where it is."""
    case = case_lifecycle.lock(correction.case_id) if correction.case_id else None
    # The second of two people finds nothing left to undo.
    standing = Correction.objects.standing().filter(pk=correction.pk)
    if not standing.update(undone_at=Now(), undone_by=by.label[:100]):
        raise Refused("This has already been undone.", "undone")
    routing_tests.forget_correction(correction, by)
    if case is not None:
        _tell(case, Kind.CORRECTION_UNDONE, correction, by)
    subject = case or correction.run or correction.source
    audit.record(correction.team_id, "correction_undone", subject, by=by)
    _announce(correction)


def _tell(case: Case, kind: Kind, correction: Correction, by: Actor) -> None:
    right = {"target_id": str(correction.right_id), "target_name": correction.right_name} if correction.right_id else {}
    text = correction.note if kind == Kind.CORRECTED else ""
    about: dict[str, Any] = {"agent_id": correction.wrong_id, "run_id": correction.run_id, "text": text, "data": right}
    timeline.record(case, kind, by=by, **about)


def _announce(correction: Correction) -> None:
    for run_id in (correction.source_id, correction.run_id):
        if run_id:
            live.announce(correction.team_id, "run", run_id)


# --- Reading ---------------------------------------------------------------------------------


def find_corrections(team: Team, words: str = "", wrong: UUID | None = None, right: str = "") -> QuerySet[Correction]:
    """Return the corrections that count. `right` is the id of an agent, or `person`."""
    found = Correction.objects.standing().filter(team=team)
    if wrong:
        found = found.filter(wrong=wrong)
    if right == "person":
        found = found.filter(right=None)
    elif right:
        found = found.filter(right=UUID(right))
    for word in words.split():
        found = found.filter(Q(note__icontains=word) | Q(case__title__icontains=word) | Q(actor__icontains=word))
    return found.select_related("wrong", "right", "case", "source__agent", "user").defer(
        "case__data", "case__detail", "source__input", "source__result", "source__targets"
    )


class Said(NamedTuple):
    """The corrections of a run: of the route that led to it, and of its own handover."""

    run: Correction | None
    handover: Correction | None


def standing(run: Run) -> Said:
    found = Correction.objects.standing().filter(Q(run=run) | Q(source=run))
    rows = list(found.select_related("right", "user"))
    of_it = next((row for row in rows if row.run_id == run.pk), None)
    return Said(of_it, next((row for row in rows if row.source_id == run.pk), None))


def per_route(team: Team, since: datetime) -> dict[tuple[UUID, UUID], int]:
    """Return how many handovers between each two agents were applied since then, and how many were corrected."""
    wrong = Correction.objects.standing().filter(team=team, source__handover__applied_at__gte=since).order_by()
    counted = wrong.values_list("source__agent", "wrong").annotate(Count("pk"))
    return {(source, target): number for source, target, number in counted}
