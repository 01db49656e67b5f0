"""The lists that open beside a case: who takes it, and what its status becomes. Each option is one of the acts of
`case_views`.
"""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from cases.models import Case
from cases.queues import status_summary
from cases.queues.consumers import Consumer, consumers, non_consumers
from cases.work import actions
from cases.work.access import case_or_404
from runs.engine import human_requests
from runs.results.forms import PostponeForm
from teams.access.permissions import OPERATOR, TeamRequest, team_page
from web.http.picking import Option, Picker, Section, show_picker

_OTHERS_SHOWN = 10


@require_GET
@team_page(get=OPERATOR)
def case_assign(request: TeamRequest, id: UUID) -> HttpResponse:
    case = case_or_404(request.team, id)
    found = consumers([case.queue_id])[case.queue_id]
    sections = [_own(request, case), _agents(case, found), *_people(request, case)]
    more = [(reverse("queue_agents", args=[case.queue_id]), f"Connect agents to {case.queue.name}…", True)]
    picker = Picker("Assign to", sections, more=more if request.member.builds and not case.queue.deleted_at else [])
    return show_picker(request, picker, reverse("case", args=[case.pk]), str(case))


@require_GET
@team_page(get=OPERATOR)
def case_status(request: TeamRequest, id: UUID) -> HttpResponse:
    case = case_or_404(request.team, id)
    possible = actions.possible(case, request.user)
    acts = [
        ("complete", "Completed", "circle-check"),
        ("fail", "Failed", "circle-x"),
        ("retry", "Retry", "rotate-cw"),
        ("reopen", "Reopen", "rotate-ccw"),
    ]
    sections = [
        Section(reverse(f"case_{act}", args=[case.pk]), "act", [Option(words, act, symbol)])
        for act, words, symbol in acts
        if act in possible
    ]
    if "postpone" in possible:
        times = [Option(words, value, "alarm-clock") for value, words in PostponeForm.PRESETS]
        sections.append(Section(reverse("case_postpone", args=[case.pk]), "preset", times, "Postpone"))
    return show_picker(request, Picker("Set status", sections), reverse("case", args=[case.pk]), str(case))


def _own(request: TeamRequest, case: Case) -> Section:
    """Return the choices that concern only oneself: to oneself, or to no one."""
    if case.is_closed:
        return Section("", "", [])
    if case.owner_id == request.user.pk:
        return Section(reverse("case_release", args=[case.pk]), "act", [Option("Unassign", "release", "user-round-x")])
    me = [Option("Me", "1", "user-round-check", hint=str(request.user))]
    return Section(reverse("case_take_over", args=[case.pk]), "from_another", me)


def _agents(case: Case, found: list[Consumer]) -> Section:
    first = status_summary.first_of(case.queue, found)
    anyone = Option(f"First agent: {first.name}" if first else f"Any agent of {case.queue.name}", "", "bot")
    options = [
        Option(
            item.agent.name,
            str(item.agent.pk),
            "bot",
            hint="" if item.status == "active" and not item.is_full else "busy" if item.may_start else item.status,
            current=item.agent.pk == case.assignee_id,
        )
        for item in found
    ]
    others = [
        Option(agent.name, icon="bot", obstacle=f"Does not work {case.queue.name}")
        for agent in non_consumers(case.queue, _OTHERS_SHOWN)
    ]
    return Section(_address(case), "assignee_id", [*options, anyone, *others], "Agents")


def _people(request: TeamRequest, case: Case) -> list[Section]:
    if case.is_closed:
        return []
    groups = [
        Option(group.name, f"group:{group.pk}", "users", current=group.pk == case.group_id)
        for group in request.team.groups.live()
    ]
    people = [
        Option(str(member.user), f"member:{member.user.uuid}", "user-round", current=member.user_id == case.owner_id)
        for member in human_requests.members_of(request.team)
        if member.user_id != request.user.pk
    ]
    return [
        Section(_address(case), "assignee_id", groups, "Groups"),
        Section(_address(case), "assignee_id", people, "People"),
    ]


def _address(case: Case) -> str:
    act = "reopen" if case.is_closed else "hand_back" if case.is_with_people else "reassign"
    return reverse(f"case_{act}", args=[case.pk])
