"""The tour of the start page: six steps that a newcomer takes. Each ticks itself when it was done."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from builder.models import Agent, Mention, Revision
from cases.models import Case, CaseEvent, Kind
from runs.models import Handover, HumanRequest, Run
from teams.access.permissions import VIEWER, TeamRequest, team_page
from teams.models import AuditEntry, Member
from teams.people import tour_progress

# What the demo calls them. Without the demo the tour leads to the lists.
TRIAGE, TECHNICAL, QUEUE = "Triage", "Technical Support", "Support"
_PUBLISHED = [Revision.Status.LIVE, Revision.Status.HISTORIC]


@dataclass(frozen=True)
class Step:
    title: str
    words: str
    address: str
    is_done: bool


@dataclass(frozen=True)
class Tour:
    steps: Sequence[Step]

    @property
    def done(self) -> int:
        return sum(step.is_done for step in self.steps)

    @property
    def is_over(self) -> bool:
        return self.done == len(self.steps)

    @property
    def next(self) -> Step | None:
        return next((step for step in self.steps if not step.is_done), None)


def tour_of(member: Member) -> Tour | None:
    """Return the tour, or None if the member left it. It has only steps that the member's role allows."""
    if member.tips_dismissed_at is not None:
        return None
    steps = [_read(member)]
    if member.builds:
        steps.append(_mention(member))
    if member.operates:
        steps.append(_add(member))
    steps.append(_watch(member))
    if member.operates:
        steps.append(_decide(member))
    if member.builds:
        steps.append(_guard(member))
    return Tour(steps)


def _read(member: Member) -> Step:
    agent = _agent(member, TRIAGE)
    is_done = tour_progress.AGENT in member.tour_seen
    if agent is None:
        words = "Describe what it should do in plain words. No model key is needed to start."
        address = reverse("agent_new") if member.builds else reverse("agents")
        return Step("Write an agent", words, address, is_done)
    words = "Its procedure is plain text. The agents it mentions are those it may hand over to."
    return Step(f"Read what {agent.name} is told", words, reverse("agent", args=[agent.pk]), is_done)


def _mention(member: Member) -> Step:
    agent = _agent(member, TECHNICAL)
    words = "Type @ in a procedure, choose the colleague who should go on, and save."
    address = f"{reverse('agent', args=[agent.pk])}#procedure" if agent else reverse("agents")
    saved = Mention.objects.filter(
        revision__author=member.user_id,
        revision__team=member.team_id,
        revision__status__in=_PUBLISHED,
        revision__created_at__gte=member.tour_began_at,
    )
    return Step("Mention another agent", words, address, saved.exists())


def _add(member: Member) -> Step:
    queues = {queue.name: queue for queue in member.team.queues.live().order_by("-name")[:50]}
    queue = queues.get(QUEUE) or next(iter(queues.values()), None)
    address = reverse("case_new", args=[queue.pk]) if queue else reverse("queues")
    words = f"In your own words, in {queue.name}." if queue else "A case is a piece of work in a queue."
    made = CaseEvent.objects.filter(
        team=member.team_id, kind=Kind.CREATED, at__gte=member.tour_began_at, user=member.user_id
    )
    return Step("Add a case", words, address, made.exists())


def _watch(member: Member) -> Step:
    cases = Case.objects.present().filter(team=member.team_id)
    moved = cases.filter(hops__gt=0).order_by("-moved_at").only("pk").first()
    words = "The timeline shows who had it, when, and why it was handed over. It updates live."
    address = reverse("case", args=[moved.pk]) if moved else reverse("cases")
    is_sorted = member.team.queues.live().exclude(first_agent=None).exists()
    case = None if moved or is_sorted else cases.select_related("queue").order_by("-created_at").first()
    if case and member.builds:
        words = f"Let new cases of {case.queue.name} go to the agent that mentions the other, and add one more."
        address = reverse("queue_edit", args=[case.queue_id])
    return Step("Watch a case change hands", words, address, tour_progress.HANDOVER in member.tour_seen)


def _decide(member: Member) -> Step:
    since, user = member.tour_began_at, member.user_id
    requests = HumanRequest.objects.of_work().filter(team=member.team_id)
    answered = requests.filter(answered_by=user, answered_at__gte=since).exists()
    is_done = answered or _recorded(member, "route_corrected")
    words = "Answer an agent’s question, or correct where a case went."
    return Step("Decide something", words, _to_decide(member), is_done)


def _guard(member: Member) -> Step:
    agent = _agent(member, TRIAGE)
    words = "Keep where one case should go. The test runs before each change of the agent goes live."
    address = reverse("agent_tests", args=[agent.pk]) if agent else reverse("agents")
    return Step("Guard a route with a test", words, address, _recorded(member, "test_made"))


def _recorded(member: Member, act: str) -> bool:
    """Corrections and routing tests belong to a later app; that this member made one is in the audit log."""
    found = AuditEntry.objects.filter(team=member.team_id, act=act, user=member.user_id, at__gte=member.tour_began_at)
    return found.exists()


def _to_decide(member: Member) -> str:
    """Return the inbox, or where a route can be corrected if nothing is asked."""
    if not HumanRequest.objects.of_work().open().filter(team=member.team_id).exists():
        applied = Handover.objects.filter(team=member.team_id, status=Handover.Status.APPLIED)
        if handover := applied.order_by("-applied_at").only("source").first():
            return reverse("run_correct", args=[handover.source_id]) + "?of=handover"
        on_cases = Run.objects.filter(team=member.team_id, case__isnull=False, case__deleted_at=None)
        if run := on_cases.exclude(trigger=Run.Trigger.TRY).order_by("-created_at").only("pk").first():
            return reverse("run_correct", args=[run.pk])
    return reverse("inbox")


def _agent(member: Member, name: str) -> Agent | None:
    """Return the agent of the demo if it is there, or else any agent."""
    agents = Agent.objects.live().filter(team=member.team_id)
    return agents.filter(name=name).first() or agents.order_by("created_at").first()


# --- Leaving it, and taking it again ---------------------------------------------------------


@require_POST
@team_page(post=VIEWER)
def tour_leave(request: TeamRequest) -> HttpResponse:
    tour_progress.leave(request.member)
    messages.info(request, "You can take the tour again from the menu at your name.")
    return redirect("home")


@require_POST
@team_page(post=VIEWER)
def tour_begin(request: TeamRequest) -> HttpResponse:
    tour_progress.begin(request.member)
    return redirect("home")
