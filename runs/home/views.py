"""The start page: what waits for a person, what is going on, and what a newcomer could try."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q
from django.db.models.functions import Left
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from builder.agents.queries import models_in_use
from builder.models import Agent
from cases.models import Case, CaseEvent, Kind, Reason
from cases.models import Status as CaseStatus
from runs.models import Handover, HumanRequest
from runs.providers import providers
from teams.access.permissions import TeamRequest, team_page
from teams.models import Member, Team
from web.http.partials import render_page

from .blocked import blocked_work
from .tour_views import tour_of

_SHOWN = 6
_HANDOVERS = 8
_FLOW = (Kind.CREATED, Kind.HANDED_OVER, Kind.COMPLETED, Kind.FAILED)
_BEGINNING = 120
_DAY = timedelta(days=1)
# The common providers, and servers on one's own machine, such as Ollama or vLLM.
_PROVIDERS = [("openai", "OpenAI"), ("anthropic", "Anthropic"), ("google", "Google"), ("openai-chat", "Local model")]
# Reasons of cases and kinds of requests have the same names.
_ASKS = {HumanRequest.Kind.QUESTION.value: "asks", HumanRequest.Kind.APPROVAL.value: "asks for approval"}


@require_GET
@team_page
def home(request: TeamRequest) -> HttpResponse:
    now = timezone.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    # Until the same time of day.
    today, before = flow(request.team, midnight, now), flow(request.team, midnight - _DAY, now - _DAY)
    handovers, tour = latest_handovers(request.team), tour_of(request.member)
    context = {
        "flow": today,
        "before": before,
        "has_figures": today != Flow() or before != Flow(),
        "waiting": waiting(request.team),
        "requests": requests(request.member),
        "reasons": reasons(request.team),
        "blocked": blocked_work(request.team),
        "handovers": handovers,
        # A newcomer sees what a handover is. Later the list below says enough.
        "journey": latest_journey(handovers) if tour else None,
        "tour": tour,
        "models": providers_to_connect(request.member),
        "new_case_in": _latest_queue(request.team),
        "has_agents": Agent.objects.live().filter(team=request.team).exists(),
    }
    return render_page(request, "runs/home.html", context, parts=["now"])


def _latest_queue(team: Team) -> UUID | None:
    """Return the queue that a case was added to last, or any."""
    latest = Case.objects.filter(team=team, queue__deleted_at=None).order_by("-number").values_list("queue", flat=True)
    return latest.first() or team.queues.live().values_list("pk", flat=True).first()


# --- What is going on ------------------------------------------------------------------------


@dataclass(frozen=True)
class Flow:
    """How many cases came, changed hands and were closed."""

    created: int = 0
    handed_over: int = 0
    completed: int = 0
    failed: int = 0


def flow(team: Team, since: datetime, until: datetime) -> Flow:
    events = CaseEvent.objects.filter(team=team, kind__in=_FLOW, at__gte=since, at__lt=until)
    return Flow(**dict(events.order_by().values_list("kind").annotate(Count("pk"))))


def latest_handovers(team: Team) -> list[Handover]:
    applied = Handover.objects.filter(team=team, status=Handover.Status.APPLIED).order_by("-applied_at")
    applied = applied.select_related("source__agent", "source__case", "target").annotate(
        beginning=Left("source__input", _BEGINNING)
    )
    return list(applied.defer("source__case__data", "source__input", "source__targets")[:_HANDOVERS])


@dataclass(frozen=True)
class Journey:
    """The way of the case that was handed over last: the agents that had it, in order, and why the last one has it."""

    case: Case
    agents: Sequence[Agent]
    reason: str
    at: datetime


def latest_journey(handovers: Sequence[Handover]) -> Journey | None:
    """Return the way of the first of these handovers that was of a case that is still there."""
    for last in handovers:
        case = last.source.case
        if case is not None and not case.deleted_at and last.applied_at:
            of_case = Handover.objects.filter(source__case=case, status=Handover.Status.APPLIED)
            ways = list(of_case.select_related("source__agent", "target").order_by("applied_at")[:_SHOWN])
            agents = [ways[0].source.agent, *(way.target for way in ways if way.target)]
            return Journey(case, agents, last.reason, last.applied_at)
    return None


def providers_to_connect(member: Member) -> list[tuple[str, str]]:
    """Return the kinds and names of providers to offer to an administrator: while all agents have the stand-in, or,
    where there are no agents, while the team can use no provider.
    """
    if not member.administers:
        return []
    used = models_in_use(member.team)
    is_offered = set(used) == {providers.OFFLINE} if used else not providers.any_usable(member.team_id)
    return _PROVIDERS if is_offered else []


# --- What waits for a person -----------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """A case or a run that goes on only when a person acts. `asks`: how its agent asks the words, if so."""

    title: str
    address: str
    since: datetime
    agent: Agent | None
    words: str
    asks: str = ""


@dataclass(frozen=True)
class Waiting:
    """What has waited longest, and how much there is in all."""

    items: Sequence[Item]
    count: int

    @property
    def more(self) -> int:
        return self.count - len(self.items)


def requests(member: Member) -> dict[str, int]:
    """Return how many requests are open, for the member and in all."""
    found = HumanRequest.objects.of_work().open().filter(team=member.team)
    return found.aggregate(mine=Count("pk", filter=Q(assignee=member)), all=Count("pk"))


def reasons(team: Team) -> list[tuple[str, str, int]]:
    """Return why cases wait for a person, and how many, the most frequent reason first."""
    parked = Case.objects.present().filter(team=team, status=CaseStatus.NEEDS_INPUT).order_by()
    counts = dict(parked.values_list("reason").annotate(Count("pk")))
    return [(reason, Reason(reason).label, counts[reason]) for reason in sorted(counts, key=lambda one: -counts[one])]


def waiting(team: Team) -> Waiting:
    cases = Case.objects.present().filter(team=team, status=CaseStatus.NEEDS_INPUT)
    questions = HumanRequest.objects.of_work().open().filter(team=team, run__case=None)
    first_cases = cases.select_related("assignee").defer("data").order_by("moved_at")[:_SHOWN]
    first_questions = questions.select_related("run__agent").annotate(beginning=Left("run__input", _BEGINNING))
    items = [
        *map(_of_case, first_cases),
        *(
            _of_question(question, question.beginning)  # type: ignore[attr-defined]
            for question in first_questions.order_by("created_at")[:_SHOWN]
        ),
    ]
    items.sort(key=lambda item: item.since)
    return Waiting(items[:_SHOWN], cases.count() + questions.count())


def _of_case(case: Case) -> Item:
    asks = _ASKS.get(case.reason, "")
    words = case.detail if asks else Reason(case.reason).label
    return Item(str(case), reverse("case", args=[case.pk]), case.moved_at, case.assignee, words, asks)


def _of_question(question: HumanRequest, beginning: str) -> Item:
    run = question.run
    title, address = beginning or "A run without input", reverse("run", args=[run.pk])
    return Item(title, address, question.created_at, run.agent, question.question, _ASKS[question.kind])
