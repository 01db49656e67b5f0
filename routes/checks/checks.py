"""Checks: started for a change, worked by the lane of tests, and ended when every test has its verdict.

Whatever dies in between, nothing is half live: answers are kept one by one, a verdict can be worked out any number of
times, and only the end of a check that passed saves anything, by the verb that everybody else saves by.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from pydantic import TypeAdapter

from builder.agents.saving import AgentChange, freeze_for_tests, save_agents
from builder.gate.gate import RoutesHeld
from builder.history import drafts
from builder.models import Agent, Purpose
from data.errors import Refused
from data.redis import bell
from routes.routing_tests import decisions
from runs.engine import trials
from runs.models import ENDED, Run
from runs.providers.providers import OFFLINE
from teams.access import live
from teams.audit import audit
from teams.audit.actors import BATON, Actor, person
from teams.models import Member, User
from teams.webhooks import outbox

from . import questions, results, verdicts
from .models import Check, CheckResult, RoutingTest, Trial, Verdict
from .questions import Question

logger = logging.getLogger(__name__)

type Asked = dict[UUID, Question]

CHANGES = TypeAdapter(list[AgentChange])
_MANY = 500


# --- Starting --------------------------------------------------------------------------------


@transaction.atomic
def start(
    agent: Agent,
    tests: Sequence[RoutingTest],
    before: Asked,
    after: Asked,
    by: Actor,
    *,
    waiting: Sequence[AgentChange] = (),
) -> Check:
    """The check of a change; the one that is open for the same change already, or has ended for it, where there is one
    and nothing waits for another.
    """
    deleted = verdicts.deleted_targets(tests)
    possible = {test.pk: None if decisions.is_void(test.expected, deleted) else test.expected for test in tests}
    fingerprint = questions.fingerprint((before[test.pk], after[test.pk], possible[test.pk]) for test in tests)
    if not waiting and (same := _same(agent, fingerprint)):
        return same
    if waiting:
        earlier = Check.objects.open().filter(agent=agent, waiting__isnull=False, user=by.user)
        earlier.update(status=Check.Status.STOPPED, ended_at=Now(), note="Another change was saved after it.")
    check = Check.objects.create(
        team_id=agent.team_id,
        agent=agent,
        fingerprint=fingerprint,
        waiting=CHANGES.dump_python(list(waiting), mode="json") if waiting else None,
        live_number=agent.live_revision.number,
        user=by.user,
        actor=by.label[:100],
    )
    rows = [_result(check, test, before[test.pk], after[test.pk]) for test in tests]
    for row in rows:
        row.verdict = Verdict.VOID if possible[row.test_id] is None else ""
    CheckResult.objects.bulk_create(rows, batch_size=_MANY)
    asked = [row for row in rows if not row.verdict]
    ask(agent.team_id, [side[row.test_id] for row in asked for side in (before, after)])
    _judge(check)
    live.announce(check.team_id, "check", check.pk)
    bell.ring()
    return check


def _same(agent: Agent, fingerprint: str) -> Check | None:
    found = Check.objects.filter(agent=agent, fingerprint=fingerprint).exclude(status=Check.Status.STOPPED)
    check = found.order_by("-created_at").first()
    if check and not check.is_open and check.results.filter(verdict=Verdict.UNTESTED).exists():
        return None
    return check


def _result(check: Check, test: RoutingTest, before: Question, after: Question) -> CheckResult:
    return CheckResult(
        team_id=check.team_id,
        check_of=check,
        test=test,
        before_key=before.key,
        after_key=after.key,
        before_times=before.times,
        after_times=after.times,
    )


def ask(team_id: UUID, wanted: Iterable[Question], purpose: Purpose = Purpose.TEST) -> None:
    """Writes the trials that are not known yet; those that could not be asked before are asked again."""
    by_key = {question.key: question for question in wanted}
    rows: list[Trial] = []
    revisions: dict[tuple[UUID, str, str, str], str] = {}
    known: dict[str, set[int]] = {}
    for key, number in Trial.objects.filter(team=team_id, key__in=by_key).values_list("key", "number"):
        known.setdefault(key, set()).add(number)
    agents = Agent.objects.in_bulk({question.agent_id for question in by_key.values()})
    for question in by_key.values():
        numbers = set(range(1, question.times + 1)) - known.get(question.key, set())
        if numbers:
            told = question.told
            place = (question.agent_id, told["aop"], told["model"], told["fallback"])
            makes_runs = purpose != Purpose.IMPACT or told["model"] != OFFLINE
            if makes_runs and place not in revisions:
                revisions[place] = str(freeze_for_tests(agents[question.agent_id], *place[1:]).pk)
            made = {"told": told, "sample": question.sample, "revision": revisions.get(place), "purpose": purpose}
            rows += [
                Trial(team_id=team_id, agent_id=question.agent_id, key=question.key, number=number, question=made)
                for number in sorted(numbers)
            ]
    Trial.objects.bulk_create(rows, batch_size=_MANY, ignore_conflicts=True)
    failed = Trial.objects.filter(team=team_id, key__in=by_key, status=Trial.Status.FAILED)
    failed.update(status=Trial.Status.WAITING, run=None, error="")


# Apps to the right that wait for answers too: they hear which keys of which teams have been answered.
_listeners: list[Callable[[Collection[tuple[UUID, str]]], None]] = []


def tell(hear: Callable[[Collection[tuple[UUID, str]]], None]) -> None:
    """Call `hear` after each answer."""
    if hear not in _listeners:
        _listeners.append(hear)


# --- Answers and verdicts --------------------------------------------------------------------


def settle(run_ids: Collection[UUID]) -> None:
    """Takes note of what ended runs of tests decided, and ends the checks that waited for it. Twice is once.

    Each check is judged in a transaction of its own: its end can save agents, and two who held checks while they waited
    for each other's agents would never end.
    """
    answered(_keep_decisions(run_ids))


@transaction.atomic
def _keep_decisions(run_ids: Collection[UUID]) -> set[tuple[UUID, str]]:
    """The keys that are answered now, by team."""
    found = Trial.objects.filter(run__in=run_ids, status=Trial.Status.RUNNING, run__status__in=ENDED)
    taken = list(found.select_related("run").select_for_update(of=("self",), skip_locked=True).order_by("id"))
    for trial in taken:
        assert trial.run
        decision = trials.decision_of(trial.run)
        trial.decision = decision
        trial.status = Trial.Status.FAILED if decision is None else Trial.Status.DECIDED
        trial.error = "" if decision is not None else _why_not(trial.run)
        trial.why = "" if decision is None else trials.why(trial.run)
        trial.question = trial.question if decision is None else {}
        trial.save(update_fields=["decision", "status", "error", "why", "question"])
    return {(trial.team_id, trial.key) for trial in taken}


def give_up(trial: Trial, why: str) -> None:
    """A trial that cannot be run at all. What waits for it ends untested."""
    Trial.objects.filter(pk=trial.pk).update(status=Trial.Status.FAILED, error=why)
    answered({(trial.team_id, trial.key)})


def _why_not(run: Run) -> str:
    return (run.error or run.stopped_because or "It could not be run.")[:300]


def answered(found: Collection[tuple[UUID, str]]) -> None:
    """Judge the open checks that one of these answers could settle, by team and key, and tell all others who wait."""
    keys = {key for _, key in found}
    waiting = CheckResult.objects.filter(Q(before_key__in=keys) | Q(after_key__in=keys), verdict="")
    mine = {team for team, _ in found}
    ids = set(waiting.filter(team__in=mine).values_list("check_of", flat=True))
    for check in Check.objects.open().filter(pk__in=ids).order_by("pk"):
        _judge(check, keys)
    for hear in _listeners:
        hear(found)


@transaction.atomic
def _judge(check: Check, keys: Collection[str] | None = None) -> None:
    """Writes the verdicts that can be known by now, and ends the check with the last one. Under the check's lock, so
    that of two who write the last two verdicts one sees both.
    """
    locked = Check.objects.open().select_for_update(no_key=True).filter(pk=check.pk).first()
    if locked is None:
        return
    open_rows = locked.results.filter(verdict="").select_related("test")
    if keys is not None:
        open_rows = open_rows.filter(Q(before_key__in=keys) | Q(after_key__in=keys))
    rows = list(open_rows)
    asked = {(row.before_key, row.before_times) for row in rows} | {(row.after_key, row.after_times) for row in rows}
    known = verdicts.answers(locked.team_id, asked)
    judged = [row for row in rows if _write_verdict(row, known)]
    _save(judged)
    if not locked.results.filter(verdict="").exists():
        _end(locked)
    elif judged:
        Check.objects.filter(pk=locked.pk, status=Check.Status.QUEUED).update(status=Check.Status.RUNNING)
        live.announce(locked.team_id, "check", locked.pk)


def _write_verdict(row: CheckResult, known: dict[tuple[str, int], verdicts.Answer]) -> bool:
    before = known.get((row.before_key, row.before_times))
    after = known.get((row.after_key, row.after_times))
    if before is None or after is None:
        return False
    for name, value in verdicts.judge(row.test.expected, before, after).fields.items():
        setattr(row, name, value)
    row.at = Now()
    return True


def _save(rows: Sequence[CheckResult]) -> None:
    """Together where one can: Django writes a decision that is not known otherwise as null of JSON."""
    names = ["verdict", "before", "after", "run_ids", "at"]
    known = [row for row in rows if row.before is not None and row.after is not None]
    CheckResult.objects.bulk_update(known, names, batch_size=_MANY)
    for row in rows:
        if row not in known:
            row.save(update_fields=names)


# --- The end ---------------------------------------------------------------------------------


def _end(check: Check) -> None:
    """The check is locked, and every test has its verdict."""
    check.passed = not check.results.filter(verdict__in=verdicts.HOLD_BACK).exists()
    check.status = Check.Status.DONE
    check.ended_at = Now()
    check.save(update_fields=["status", "passed", "ended_at"])
    if check.passed and check.waiting:
        _go_live(check)
    event = "check.passed" if check.passed else "check.failed"
    outbox.add_message(check.team_id, event, partial(results.news_of, check))
    live.announce(check.team_id, "check", check.pk)
    live.announce(check.team_id, "agent", check.agent_id)


def _go_live(check: Check) -> None:
    """Saves what waited, if it is still what was checked. Else the note says why not."""
    by = person(check.user) if check.user else BATON
    try:
        with audit.acting(by):
            save_waiting(check, check.user)
    except RoutesHeld as held:
        held.start(by, CHANGES.validate_python(check.waiting))
        Check.objects.filter(pk=check.pk).update(note="Something else changed in the meantime, so it is checked again.")
    except Refused as refusal:
        Check.objects.filter(pk=check.pk).update(note=refusal.message[:300])


@transaction.atomic
def save_waiting(check: Check, author: User | None, override: str = "") -> None:
    """Saves what waits for the check, if it is still what was checked."""
    if not check.waiting or check.saved_number is not None:
        raise Refused("Nothing waits for this check.", "ended")
    _refuse_what_changed(check)
    [agent, *_] = save_agents(CHANGES.validate_python(check.waiting), author=author, override=override)
    _end_draft(agent)
    Check.objects.filter(pk=check.pk).update(saved_number=agent.live_revision.number)


@transaction.atomic
def check_again(check: Check, by: Actor) -> Check:
    """Another check of what waits for this one: of tests that expect something else by now."""
    if not check.waiting:
        raise Refused("Nothing waits for this check.", "ended")
    tests = list(RoutingTest.objects.filter(results__check_of=check).select_related("agent__team", "queue", "team"))
    again = Check.objects.create(
        team_id=check.team_id,
        agent=check.agent,
        fingerprint="",  # nobody is to find it in the place of a check of its own
        waiting=check.waiting,
        live_number=check.live_number,
        user=by.user,
        actor=by.label[:100],
    )
    known = {row.test_id: row for row in check.results.all()}
    copies = [
        CheckResult(
            team_id=check.team_id,
            check_of=again,
            test=test,
            **{name: getattr(known[test.pk], name) for name in _ASKED},
        )
        for test in tests
    ]
    CheckResult.objects.bulk_create(copies, batch_size=_MANY)
    _judge(again)
    return Check.objects.get(pk=again.pk)


_ASKED = ("before_key", "after_key", "before_times", "after_times")


def _refuse_what_changed(check: Check) -> None:
    agent = Agent.objects.select_for_update(no_key=True).get(pk=check.agent_id)
    if agent.is_deleted:
        raise Refused(f"{agent.name} was deleted in the meantime, so nothing was saved.", "agent_deleted")
    if agent.live_revision.number != check.live_number:
        message = f"Revision {agent.live_revision.number} was saved in the meantime, so this was not. Save it again."
        raise Refused(message, "edited_since")
    member = Member.objects.filter(team=check.team_id, user=check.user_id, user__is_active=True).first()
    if check.user_id and (member is None or not member.builds):
        raise Refused(f"{check.actor} may not save agents any more, so nothing was saved.", "forbidden")


def _end_draft(agent: Agent) -> None:
    """The draft with the text that is live by now."""
    draft, current = drafts.draft_of(agent), agent.live_revision
    if draft and drafts.same(agent, (current.aop, current.model, current.fallback), draft):
        draft.delete()


@transaction.atomic
def stop(check: Check, by: Actor) -> None:
    """Nothing of it goes live."""
    stopped = Check.objects.open().filter(pk=check.pk)
    if not stopped.update(status=Check.Status.STOPPED, ended_at=Now(), note=f"{by.label} stopped it."[:300]):
        raise Refused("This check has ended already.", "ended")
    live.announce(check.team_id, "check", check.pk)


# --- What was left behind --------------------------------------------------------------------


def has_open() -> bool:
    return Check.objects.open().exists() or Trial.objects.filter(status=Trial.Status.RUNNING).exists()


def sweep() -> None:
    """For the clock: what a worker that died left undone is done now, and checks of what is gone end."""
    if not has_open():
        return
    running = Trial.objects.filter(status=Trial.Status.RUNNING)
    if ids := list(running.filter(run__status__in=ENDED).values_list("run", flat=True)[:_MANY]):
        settle(ids)
    running.filter(run=None).update(status=Trial.Status.WAITING)  # its run was deleted
    gone = Check.objects.open().filter(agent__deleted_at__isnull=False)
    gone.update(status=Check.Status.STOPPED, ended_at=Now(), note="The agent was deleted.")
    for check in _answered():
        try:
            _judge(check)
        except Exception:  # the others, and the rest of the clock's work, go on
            logger.exception("check %s cannot be ended", check.pk)


def _answered() -> list[Check]:
    """Open checks with a test that has all its answers and no verdict: the last one came while the check was made."""
    unanswered = Trial.objects.filter(
        Q(key=OuterRef("before_key")) | Q(key=OuterRef("after_key")),
        team=OuterRef("team"),
        status__in=[Trial.Status.WAITING, Trial.Status.RUNNING],
    )
    open_rows = CheckResult.objects.filter(check_of=OuterRef("pk"), verdict="").exclude(Exists(unanswered))
    unjudged = CheckResult.objects.filter(check_of=OuterRef("pk"), verdict="")
    return list(Check.objects.open().filter(Exists(open_rows) | ~Exists(unjudged)).order_by("pk"))
