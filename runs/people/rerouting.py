"""Cases that were handed to an agent which cannot take them: after the time that its rule says, they go elsewhere."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from builder.availability.rules import FALLBACK, RETURN, Receiver, WhenUnavailable, rule_of
from builder.models import Agent, QueueConnection
from cases.models import Case, Kind, Reason, Status
from cases.queues.consumers import Consumer, consumers
from cases.work import lifecycle as case_lifecycle
from cases.work.people import People
from runs.models import Handover
from runs.notifications import case_email
from runs.opening import receiving
from runs.record.outcomes import Broken
from runs.tools.people_targets import GROUP, PERSON, people_of
from teams.audit.actors import BATON

from .briefing import needs_of

_AT_ONCE = 200
# The moves after which the fallbacks of a case are counted from zero.
_FIRST = {Kind.HANDED_OVER, Kind.DECLINED, Kind.REASSIGNED, Kind.REOPENED, Kind.HANDED_BACK, Kind.STARTED}


def reroute_what_waits_too_long() -> None:
    """Part of every sweep. Most agents have no rule, so most sweeps ask for one thing."""
    for agent in Agent.objects.live().exclude(when_unavailable={}):
        late = _waiting(agent, rule_of(agent)).order_by(F("moved_at"))
        for case_id, queue_id in list(late.values_list("pk", "queue_id")[:_AT_ONCE]):
            if obstacle := _obstacle(agent, queue_id):
                _reroute(case_id, agent.pk, obstacle)


def _waiting(agent: Agent, rule: WhenUnavailable) -> QuerySet[Case]:
    since = timezone.now() - timedelta(minutes=rule.after_minutes)
    handed = Case.objects.present().filter(assignee=agent, status=Status.PENDING, rank=Case.Rank.HANDED_OVER)
    return handed.filter(moved_at__lte=since, queue__paused_at=None)


def _obstacle(agent: Agent, queue_id: UUID) -> str:
    """Return why it does not take the cases of the queue now, as a sentence; empty where it does."""
    found: Consumer | None = next((one for one in consumers([queue_id])[queue_id] if one.agent.pk == agent.pk), None)
    if found is None:
        return f"{agent.name} does not work this queue."
    if found.obstacle:
        return f"{agent.name} {found.obstacle}."
    return f"{agent.name} is at its limit of {found.concurrency}." if found.is_full else ""


@transaction.atomic
def _reroute(case_id: UUID, agent_id: UUID, obstacle: str) -> None:
    case = case_lifecycle.lock(case_id)
    agent = Agent.objects.get(pk=agent_id)
    rule = rule_of(agent)
    if not _waiting(agent, rule).filter(pk=case_id).exists():
        return  # someone took it in the meantime
    waited = f"It waited {rule.after_minutes} min for it." if rule.after_minutes else "It waited for it."
    to, why_not = _receiver(case, rule)
    if isinstance(to, Agent) and rule.rule == FALLBACK and (lacking := _lacks(case, to)):
        why = " ".join([obstacle, waited, lacking.message])
        case_lifecycle.park(case, Reason.INCOMPLETE_HANDOVER, why, data=dict(lacking.data))
        return
    case_lifecycle.reroute(case, rule.rule, to, " ".join(filter(None, [obstacle, waited, why_not])))
    if isinstance(to, People):
        case_email.assigned(case, BATON)


def _receiver(case: Case, rule: WhenUnavailable) -> tuple[Agent | People | None, str]:
    """Return who gets the case. Without one: why not, where the rule names someone."""
    if rule.rule == RETURN:
        return _sender(case)
    if rule.rule != FALLBACK or rule.target is None:
        return None, ""
    if _steps(case) >= case.queue.hop_limit:
        return None, "It went from fallback to fallback as often as the queue allows."
    return _fallback(case, rule.target)


def _sender(case: Case) -> tuple[Agent | None, str]:
    if any(event.data.get("rule") == RETURN for event in case.events.filter(kind=Kind.REROUTED)):
        return None, "It went back to a sender once already."
    applied = Handover.objects.filter(source__case=case, status=Handover.Status.APPLIED).select_related("source_agent")
    before = applied.order_by("applied_at").last()
    if before is None or not _works(before.source_agent, case):
        return None, "The sender cannot take it back."
    return before.source_agent, ""


def _fallback(case: Case, target: Receiver) -> tuple[Agent | People | None, str]:
    if target.agent_id:
        agent = Agent.objects.live().filter(team=case.team_id, pk=target.agent_id).first()
        if agent is None or not _works(agent, case):
            return None, "Its fallback cannot take it either."
        return agent, ""
    kind, id = (GROUP, target.group_id) if target.group_id else (PERSON, target.user_id)
    people = people_of({"kind": kind, "agent_id": str(id)}, case.team_id)
    return people, "" if people else "Its fallback cannot take it either."


def _lacks(case: Case, fallback: Agent) -> Broken | None:
    """A fallback needs its fields as any receiver does. The handover brought those of another; the details of the case
    may say the rest under the same names.
    """
    last = Handover.objects.filter(source__case=case, status=Handover.Status.APPLIED).order_by("applied_at").last()
    known = case.data if isinstance(case.data, dict) else {}
    return receiving.why_incomplete(fallback, needs_of(fallback), {**known, **(last.fields if last else {})})


def _works(agent: Agent, case: Case) -> bool:
    role = QueueConnection.Role.CONSUMER
    return not agent.is_deleted and agent.queue_connections.filter(queue=case.queue_id, role=role).exists()


def _steps(case: Case) -> int:
    """Return how many fallbacks the case took since it was handed over, or since people or an agent had it."""
    steps = 0
    for event in case.events.order_by("-seq"):
        if event.kind in _FIRST:
            break
        steps += event.kind == Kind.REROUTED
    return steps
