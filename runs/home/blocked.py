"""What is blocked in a team, and why: what will not go on before someone acts, beside the cases that wait for one."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from builder.models import Agent
from builder.usage.limits import overspent
from cases.models import Case
from cases.queues import status_summary
from cases.queues.consumers import consumers
from runs.models import Schedule
from teams.models import Team, Webhook

# Of each kind, as many are looked for.
_MOST = 20
_REPLACE = "Replace the deleted agent"


@dataclass(frozen=True)
class Trouble:
    """Something that is blocked. `action` is the button for it, `icon` the kind of thing."""

    words: str
    help: str
    address: str
    action: str
    icon: str


def blocked_work(team: Team) -> list[Trouble]:
    """Queues with cases that nobody takes, agents that start nothing, schedules and webhooks that fail.

    A constant number of queries; what is said of a queue is not said of its agents again.
    """
    queues, named = _queues(team)
    return [*queues, *_overdue(team), *_agents(team, named), *_schedules(team), *_webhooks(team)]


def _queues(team: Team) -> tuple[list[Trouble], set[Agent]]:
    waiting = Case.objects.present().pending().filter(queue=OuterRef("pk"))
    found = list(team.queues.live().filter(Exists(waiting)).order_by("name")[:_MOST])
    working = consumers([queue.pk for queue in found])
    troubles: list[Trouble] = []
    named: set[Agent] = set()
    for queue in found:
        address = reverse("queue", args=[queue.pk])
        if queue.is_paused:
            words = f"{queue.name} is paused, and cases wait in it."
            troubles.append(Trouble(words, "They continue when someone resumes it.", address, "Open queue", "layers"))
            continue
        for problem in status_summary.problems(queue, working.get(queue.pk, [])):
            named |= {problem.agent} if problem.agent else set()
            words = problem.words if queue.name in problem.words else f"{queue.name}: {problem.words}"
            is_blocked = any(item.blocked and item.agent == problem.agent for item in working.get(queue.pk, []))
            way = (reverse("agents_deleted"), _REPLACE) if is_blocked else (address, "Open queue")
            troubles.append(Trouble(words, problem.help, *way, "layers"))
    return troubles, named


def _overdue(team: Team) -> list[Trouble]:
    number = Case.objects.present().filter(team=team).overdue().count()
    if not number:
        return []
    words = "1 case is overdue." if number == 1 else f"{number} cases are overdue."
    help = "No one in their group took them in time, or a goal of their queue was missed."
    return [Trouble(words, help, reverse("cases") + "?overdue=1", "Show", "alarm-clock")]


def _agents(team: Team, named: Iterable[Agent]) -> list[Trouble]:
    others = Agent.objects.live().filter(team=team).exclude(pk__in=[agent.pk for agent in named])
    blocked = list(others.blocked().order_by("name")[:_MOST])
    help = "Its procedure mentions a deleted agent. Replace it, or remove the red mention and save."
    replaces = (reverse("agents_deleted"), _REPLACE, "bot")
    troubles = [Trouble(f"{agent.name} starts nothing new.", help, *replaces) for agent in blocked]
    paused = others.filter(
        Exists(Case.objects.present().pending().filter(assignee=OuterRef("pk"))), paused_at__isnull=False
    )
    troubles += [
        _agent(agent, f"{agent.name} is paused, and cases wait for it.", "They continue when someone resumes it.")
        for agent in paused.order_by("name")[:_MOST]
    ]
    limited = others.filter(~Q(budget={}) | ~Q(team__budget={})).select_related("team").order_by("name")
    spent = overspent(limited)
    said: set[str] = set()
    for agent in limited if spent else ():
        # What the team has spent is one thing, however many agents it holds up.
        if (found := spent.get(agent.pk)) and found.words not in said:
            said.add(found.words)
            address = reverse("budgets") if found.of_team else reverse("agent", args=[agent.pk])
            words = f"{found.words[:1].upper()}{found.words[1:]}: nothing new starts."
            troubles.append(Trouble(words, found.help, address, "Open budget", "gauge"))
    return troubles


def _agent(agent: Agent, words: str, help: str) -> Trouble:
    return Trouble(words, help, reverse("agent", args=[agent.pk]), "Open agent", "bot")


def _schedules(team: Team) -> list[Trouble]:
    failing = Schedule.objects.filter(team=team, paused_at=None, agent__deleted_at=None).exclude(obstacle="")
    return [
        Trouble(
            f"A schedule of {schedule.agent.name} started nothing the last time.",
            schedule.obstacle,
            reverse("agent_schedules", args=[schedule.agent_id]),
            "Open schedules",
            "alarm-clock",
        )
        for schedule in failing.select_related("agent").order_by("created_at")[:_MOST]
    ]


def _webhooks(team: Team) -> list[Trouble]:
    failing = Webhook.objects.present().filter(Q(gave_up=True) | Q(failing_since__isnull=False), team=team)
    return [
        Trouble(
            f"The webhook to {webhook.url} " + ("was paused after too many failures." if webhook.gave_up else "fails."),
            "Its messages wait." if not webhook.gave_up else "Fix the receiver, then resume it.",
            reverse("webhook", args=[webhook.pk]),
            "Open webhook",
            "webhook",
        )
        for webhook in failing.order_by("created_at")[:_MOST]
    ]
