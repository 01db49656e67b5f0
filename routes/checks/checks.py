"""Checks: started for a change, worked by the lane of tests, and ended when every test has its verdict.

Whatever dies in between, nothing is half live: answers are kept one by one, a verdict can be worked out any number of
times, and only the end of a check that passed saves anything.
"""

import logging
from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from builder.models import Agent
from cases.notifications import notifications
from data.errors import Refused
from data.redis import bell
from routes.models import RoutingTest
from routes.routing_tests import decisions
from teams.access import live
from teams.audit.actors import Actor
from teams.models import Member, NotificationKind
from teams.webhooks import outbox

from . import answers, going_live, questions, results, verdicts
from .going_live import WAITING, Waiting
from .models import Check, CheckResult, Trial, Verdict
from .questions import Question

logger = logging.getLogger(__name__)

type Asked = dict[UUID, Question]

_MANY = 500
# How long after the end of a check a program may still come back for it.
_AWAITED = timedelta(minutes=10)


# --- Starting --------------------------------------------------------------------------------


@transaction.atomic
def start(
    agent: Agent,
    tests: Sequence[RoutingTest],
    before: Asked,
    after: Asked,
    by: Actor,
    *,
    waiting: Waiting | None = None,
    comes_back: bool = False,
    deleted: set[UUID] | None = None,
) -> Check:
    """The check of a change; the one that is open for the same change already, or has ended for it, where there is one
    and nothing waits for another. `comes_back`: for a program, which sends the same request until it hears how the
    check ended. `deleted`: who is expected and gone with the change.
    """
    deleted = verdicts.deleted_targets(tests) if deleted is None else deleted
    possible = {test.pk: None if decisions.is_void(test.expected, deleted) else test.expected for test in tests}
    fingerprint = questions.fingerprint((before[test.pk], after[test.pk], possible[test.pk]) for test in tests)
    if not waiting and (same := _same(agent, fingerprint, comes_back=comes_back)):
        return same
    if waiting:
        earlier = Check.objects.open().filter(agent=agent, waiting__isnull=False, user=by.user)
        earlier.update(status=Check.Status.STOPPED, ended_at=Now(), note="Another change was saved after it.")
    check = Check.objects.create(
        team_id=agent.team_id,
        agent=agent,
        fingerprint=fingerprint,
        waiting=WAITING.dump_python(waiting, mode="json") if waiting else None,
        live_number=agent.live_revision.number,
        user=by.user,
        actor=by.label[:100],
    )
    rows = [_result(check, test, before[test.pk], after[test.pk]) for test in tests]
    for row in rows:
        row.verdict = Verdict.VOID if possible[row.test_id] is None else ""
    CheckResult.objects.bulk_create(rows, batch_size=_MANY)
    asked = [row for row in rows if not row.verdict]
    answers.ask(agent.team_id, [side[row.test_id] for row in asked for side in (before, after)])
    _judge(check)
    live.announce(check.team_id, "check", check.pk)
    bell.ring()
    return check


def _same(agent: Agent, fingerprint: str, *, comes_back: bool) -> Check | None:
    """What could not be tested is asked again by the next one who saves, once the program that waited for it knows."""
    found = Check.objects.filter(agent=agent, fingerprint=fingerprint).exclude(status=Check.Status.STOPPED)
    check = found.order_by("-created_at").first()
    if check and check.ended_at and check.results.filter(verdict=Verdict.UNTESTED).exists():
        is_news = comes_back and check.told_at is None and check.ended_at > timezone.now() - _AWAITED
        return check if is_news else None
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


@transaction.atomic
def check_again(check: Check, by: Actor) -> Check:
    """Another check of what waits for this one: of tests that expect something else by now."""
    if not check.waiting:
        raise Refused("Nothing waits for this check.", "ended")
    tests = list(RoutingTest.every.filter(results__check_of=check).select_related("agent__team", "queue", "team"))
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


# --- Verdicts --------------------------------------------------------------------------------


def hear(found: Collection[tuple[UUID, str]]) -> None:
    """Judge the open checks that one of these answers could settle.

    Each in a transaction of its own: its end can save agents, and two who held checks while they waited for each
    other's agents would never end.
    """
    keys = {key for _, key in found}
    waiting = CheckResult.objects.filter(Q(before_key__in=keys) | Q(after_key__in=keys), verdict="")
    mine = {team for team, _ in found}
    ids = set(waiting.filter(team__in=mine).values_list("check_of", flat=True))
    for check in Check.objects.open().filter(pk__in=ids).order_by("pk"):
        _judge(check, keys)


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
        going_live.go_live(check)
    event = "check.passed" if check.passed else "check.failed"
    outbox.add_message(check.team_id, event, partial(results.news_of, check))
    _tell_author(check)
    live.announce(check.team_id, "check", check.pk)
    live.announce(check.team_id, "agent", check.agent_id)


def _tell_author(check: Check) -> None:
    members = Member.objects.filter(team=check.team_id, user=check.user_id, user__is_active=True)
    notifications.notify(
        *(members, NotificationKind.CHECKS, "passed" if check.passed else "failed"),
        team_id=check.team_id,
        subject_id=check.pk,
        agent_id=check.agent_id,
    )


@transaction.atomic
def stop(check: Check, by: Actor) -> None:
    """Nothing of it goes live."""
    stopped = Check.objects.open().filter(pk=check.pk)
    if not stopped.update(status=Check.Status.STOPPED, ended_at=Now(), note=f"{by.label} stopped it."[:300]):
        raise Refused("This check has already ended.", "ended")
    live.announce(check.team_id, "check", check.pk)


# --- What was left behind --------------------------------------------------------------------


def has_open() -> bool:
    return Check.objects.open().exists() or Trial.objects.filter(status=Trial.Status.RUNNING).exists()


def sweep() -> None:
    """For the clock: what a worker that died left undone is done now, and checks of what is gone end."""
    if not has_open():
        return
    answers.recover()
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
