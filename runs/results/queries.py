"""The queries for lists and pages of runs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import F, JSONField, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Left
from django.utils import timezone

from builder.models import Agent
from builder.procedures import passages
from cases.models import CLOSED, Case
from cases.models import Status as CaseStatus
from runs.models import (
    LENGTH,
    LIVE,
    STATE,
    WITHOUT_EFFECT,
    Handover,
    HumanRequest,
    Outcome,
    Run,
    RunQuerySet,
    Status,
    Step,
)
from runs.record.steps import response_of
from teams.models import Team
from web.http.paging import Page, few, page

from . import search
from .conversation import SHORT

NEWEST_FIRST = ("-created_at", "id")
ATTENTION = "attention"
ON_CASE, STANDALONE = "case", "standalone"

RUNS_OF_ONE_THING = 100


# --- Lists -----------------------------------------------------------------------------------

LONGEST, MOST_EXPENSIVE = "longest", "cost"
COUNTED = 1_000
_ORDERS = {LONGEST: ("-length", "id"), MOST_EXPENSIVE: ("-cost_usd", "id")}


@dataclass(frozen=True)
class RunFilter:
    """`state` is a status, an outcome or ATTENTION; `on` is ON_CASE or STANDALONE; `chain` is the first run of one;
    `since` and `until` are days, both included; empty ones ask for nothing.
    """

    q: str = ""
    state: str = ""
    agent: UUID | None = None
    on: str = ""
    case: UUID | None = None
    chain: UUID | None = None
    trigger: str = ""
    since: date | None = None
    until: date | None = None
    sort: str = ""

    @property
    def order(self) -> tuple[str, str]:
        return _ORDERS.get(self.sort, NEWEST_FIRST)

    @property
    def is_anything(self) -> bool:
        return replace(self, sort="") != RunFilter()


def find_runs(team: Team, wanted: RunFilter) -> RunQuerySet:
    """Return the team's runs that fit; sorted by length only ended ones, by cost only those with a price."""
    of_tests = Q(trigger=Run.Trigger.TEST)
    runs = Run.objects.filter(Q(trigger=wanted.trigger) if wanted.trigger else ~of_tests, team=team)
    if wanted.state == ATTENTION:
        runs = runs.filter(_TROUBLED, _any(_in_trouble(team)))
    elif wanted.state == Status.COMPLETED:
        runs = runs.alias(state=STATE).filter(state__in=Outcome.values)  # an index has outcomes, and no such status
    elif wanted.state:
        runs = runs.alias(state=STATE).filter(state=wanted.state)
    if wanted.agent:
        runs = runs.filter(agent=wanted.agent)
    if wanted.case:
        runs = runs.filter(case=wanted.case)
    if wanted.chain:
        runs = runs.filter(Q(pk=wanted.chain) | Q(root=wanted.chain))
    if wanted.on:
        runs = runs.filter(case__isnull=wanted.on == STANDALONE)
    if wanted.since:
        runs = runs.filter(created_at__gte=_midnight(wanted.since))
    if wanted.until:
        runs = runs.filter(created_at__lt=_midnight(wanted.until + timedelta(days=1)))
    if wanted.sort == LONGEST:
        runs = runs.filter(ended_at__isnull=False, started_at__isnull=False).annotate(length=LENGTH)
    elif wanted.sort == MOST_EXPENSIVE:
        runs = runs.filter(cost_usd__isnull=False)
    return search.matching_runs(runs, team, wanted.q) if wanted.q else runs


def runs_page(team: Team, wanted: RunFilter, cursor: str) -> tuple[Page[Run], str]:
    """A page of `find_runs`, and how many there are, in words; beyond COUNTED nobody counts.

    When they are few, they are sorted apart: PostgreSQL might look for them along all runs of the team, in the order
    that is asked for. Which stand on the page is found without their texts, which a sort would carry along.
    """
    found = find_runs(team, wanted)
    ids = _few(found, wanted, team)
    if ids is not None:
        found = Run.objects.filter(pk__in=ids)
        found = found.annotate(length=LENGTH) if wanted.sort == LONGEST else found
    own = {name.removeprefix("-") for name in wanted.order} - {"length"}
    slim = page(found.only("pk", *own), wanted.order, cursor)
    rows = for_list(Run.objects.filter(pk__in=[row.pk for row in slim.rows])).in_bulk()
    number = f"{COUNTED:,}+ runs" if ids is None else "1 run" if len(ids) == 1 else f"{len(ids):,} runs"
    return replace(slim, rows=[rows[row.pk] for row in slim.rows if row.pk in rows]), number


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _few(found: RunQuerySet, wanted: RunFilter, team: Team) -> list[UUID] | None:
    """Return the ids when they are no more than COUNTED. Each way to be in trouble has an index of its own."""
    if wanted.state != ATTENTION:
        return few(found, COUNTED)
    ids: list[UUID] = []
    for trouble in _in_trouble(team):
        more = few(found.filter(trouble), COUNTED)
        if more is None:
            return None
        ids += more
    return ids if len(ids) <= COUNTED else None


# Said apart, because an index has only these.
_TROUBLED = Q(status__in=[Status.WAITING, Status.FAILED]) & ~Q(trigger__in=WITHOUT_EFFECT)


def _in_trouble(team: Team) -> list[Q]:
    """Return the conditions, one by one, for runs that wait for an answer, or failed while nobody acted on the case or
    saw it.
    """
    parked = Case.objects.present().filter(team=team, status=CaseStatus.NEEDS_INPUT)
    return [
        Q(status=Status.WAITING),
        Q(status=Status.FAILED, case=None, seen_at=None),
        Q(status=Status.FAILED, case__in=parked, case__fence=F("case_fence") + 1),
    ]


def _any(conditions: Iterable[Q]) -> Q:
    return reduce(or_, conditions)


def for_list(runs: RunQuerySet) -> RunQuerySet:
    """Return the runs with all that a line about them says, and without their long texts: `beginning` is how its input
    begins.
    """
    return (
        runs.select_related("agent", "case", "handover__target", "handover__person")
        .annotate(beginning=Left("input", 200))
        .defer("input", "result", "targets", "case__data", "case__detail")
    )


def agents_with_runs(team: Team) -> list[Agent]:
    """Return the agents to filter by; deleted ones come last."""
    return list(Agent.objects.filter(team=team).order_by(F("deleted_at").asc(nulls_first=True), "name"))


# --- One run ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class RunDetails:
    """A run with everything that its page says. `chain` are the runs it belongs with, oldest first: of its case, or
    of the handovers before and after it; `previous` handed over to it, `next_run` is who continued.
    """

    run: Run
    steps: list[Step]
    requests: list[HumanRequest]
    handover: Handover | None
    previous: Run | None
    next_run: Run | None
    chain: list[Run]

    @property
    def open_requests(self) -> list[HumanRequest]:
        return [request for request in self.requests if request.status == HumanRequest.Status.OPEN]


def details(run: Run) -> RunDetails:
    """Return the details of a run from `run_or_404`."""
    handover = Handover.objects.select_related("target", "person").filter(source=run).first()
    chain = _chain(run)
    return RunDetails(
        run,
        _steps(run),
        list(run.human_requests.select_related("answered_by")),
        handover,
        _previous(run, chain),
        _continued(run, handover, chain),
        chain,
    )


def _steps(run: Run) -> list[Step]:
    """Return the steps, with only the beginnings of results and of the prompt, which may be megabytes in all."""
    begun = RawSQL(_BEGUN, [SHORT + 1] * 3, JSONField())  # noqa: S611 - a text of our own
    steps: list[Any] = list(run.steps.defer("data").annotate(begun=begun))
    for step in steps:
        step.data = step.begun
    return steps


_BEGUN = """case kind
    when 'tool_result' then jsonb_set(data, '{content}', to_jsonb(left(data->>'content', %s)))
    when 'prompt' then data || jsonb_build_object(
        'prompt', left(data->>'prompt', %s), 'instructions', left(data->>'instructions', %s))
    else data end"""


def step_with_results(run: Run, seq: int) -> list[Step]:
    """Return a whole step, and what came back from its calls."""
    step = run.steps.filter(seq=seq).first()
    if step is None or step.kind != Step.Kind.RESPONSE:
        return [step] if step else []
    calls = [part.get("tool_call_id", "") for part in step.data.get("parts", [])]
    return [step, *run.steps.filter(kind=Step.Kind.TOOL_RESULT, data__call_id__in=calls)]


def _chain(run: Run) -> list[Run]:
    if run.case_id:
        together = Q(case=run.case_id)
    else:
        root = run.root_id or run.pk
        together = Q(pk=root) | Q(root=root)
    newest = for_list(Run.objects.filter(together)).order_by(*NEWEST_FIRST)
    return list(newest[:RUNS_OF_ONE_THING])[::-1]


def _previous(run: Run, chain: Sequence[Run]) -> Run | None:
    if run.case_id is None:
        return next((row for row in chain if row.pk == run.parent_id), None)
    earlier = [row for row in chain if row.created_at < run.created_at]
    handed_over = bool(earlier) and earlier[-1].outcome == Outcome.HANDED_OVER
    return earlier[-1] if handed_over and run.trigger == Run.Trigger.HANDOVER else None


def _continued(run: Run, handover: Handover | None, chain: Sequence[Run]) -> Run | None:
    """Return the run that continued after an applied handover: on a case the next one, if it is its target's."""
    if handover is None or handover.status != Handover.Status.APPLIED:
        return None
    if run.case_id is None:
        return next((row for row in chain if row.pk == handover.next_run_id), None)
    following = next((row for row in chain if row.created_at > run.created_at), None)
    return following if following and following.agent_id == handover.target_id else None


def last_run_of(case: Case) -> Run | None:
    runs = Run.objects.select_related(
        "agent", "revision", "case__queue", "started_by", "stopped_by_user", "handover__target"
    )
    return runs.filter(case=case).order_by("-created_at").first()


# --- What an agent has in hand ---------------------------------------------------------------


@dataclass(frozen=True)
class AgentWork:
    """How much, and the newest of each."""

    open_cases: int
    cases: list[Case]
    live_runs: int
    runs: list[Run]


def work_of(agent: Agent, shown: int = 5) -> AgentWork:
    cases = Case.objects.present().filter(assignee=agent).exclude(status__in=CLOSED)
    runs = Run.objects.filter(agent=agent, status__in=LIVE)
    return AgentWork(
        cases.count(),
        list(cases.defer("data", "detail").order_by("-number")[:shown]),
        runs.count(),
        list(for_list(runs).order_by(*NEWEST_FIRST)[:shown]),
    )


# --- Which sentence --------------------------------------------------------------------------


def passage_of(run: Run) -> tuple[int, int] | None:
    """Return where the sentence stands in the procedure by which the run handed over, or which came closest when it
    asked people. None where that is not known.
    """
    handover: Handover | None = getattr(run, "handover", None)
    if handover is not None:
        return None if handover.passage_end is None else (handover.passage_start or 0, handover.passage_end)
    asked = [
        call.args_as_dict(raise_if_invalid=False).get("because")
        for step in run.steps.filter(kind=Step.Kind.RESPONSE).order_by("-seq")[:_LAST_ANSWERS]
        for call in response_of(step).tool_calls
        if call.tool_name == "ask_person"
    ]
    place = next((place for place in asked if isinstance(place, str) and place.isdecimal()), None)
    found = next((one for one in passages.passages(run.revision.aop) if str(one.start) == place), None)
    return (found.start, found.end) if found else None


_LAST_ANSWERS = 5
