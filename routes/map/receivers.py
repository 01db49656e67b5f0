"""The people on the map: members and groups that agents may hand over to, and the fallbacks of agents."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.urls import reverse

from builder.availability.rules import FALLBACK, rule_of
from builder.models import Agent, PeopleMention, Revision
from builder.procedures.people import PeopleTarget, find_people
from builder.procedures.targets import DELETED
from runs.models import Handover
from teams.models import Team


@dataclass(frozen=True)
class People:
    """A member or a group, as the map draws one. `why`: of those who are gone."""

    pk: UUID
    name: str
    kind: str
    is_deleted: bool = False
    why: str = ""

    is_paused = False

    @property
    def address(self) -> str:
        return f"{reverse('cases')}?{self.filter}={self.pk}"

    @property
    def filter(self) -> str:
        """The filter of the list of cases that finds what they have."""
        return "owner" if self.kind == "person" else "group"


@dataclass(frozen=True)
class Ways:
    """Ids of agents with those of people: mentioned, and handed over to since then. `fallbacks`: of agents to whom."""

    people: dict[UUID, People]
    mentioned: set[tuple[UUID, UUID]]
    handovers: Counter[tuple[UUID, UUID]]
    fallbacks: set[tuple[UUID, UUID]]

    @property
    def pairs(self) -> list[tuple[UUID, UUID]]:
        """Of an agent with people, mentioned or not."""
        return sorted(self.mentioned | set(self.handovers))


def ways(team: Team, since: datetime) -> Ways:
    mentioned = {(agent, user or group) for agent, user, group in _mentions(team)}
    handovers = _handovers(team, since)
    fallbacks = set(_fallbacks(team))
    ids = {to for _, to in mentioned | set(handovers) | fallbacks}
    people = {id: _drawn(one) for id, one in find_people(team.pk, ids).items()}
    known = {pair for pair in mentioned if pair[1] in people}
    return Ways(people, known, Counter({pair: n for pair, n in handovers.items() if pair[1] in people}), fallbacks)


def _drawn(one: PeopleTarget) -> People:
    return People(one.id, one.name, one.kind, one.status == DELETED, one.explanation)


def _mentions(team: Team) -> Any:
    live = Q(revision__status=Revision.Status.LIVE, revision__agent__deleted_at=None, revision__agent__team=team)
    return PeopleMention.objects.filter(live).values_list("revision__agent_id", "user__uuid", "group_id")


def _handovers(team: Team, since: datetime) -> Counter[tuple[UUID, UUID]]:
    """Return how often each agent handed cases to people."""
    found = Handover.objects.filter(team=team, status=Handover.Status.APPLIED, applied_at__gte=since, target=None)
    rows = found.exclude(person=None, group=None).order_by().values_list("source_agent", "person__uuid", "group")
    counted: Counter[tuple[UUID, UUID]] = Counter()
    for agent, person, group, number in rows.annotate(number=Count("pk")):
        counted[agent, person or group] += number
    return counted


def _fallbacks(team: Team) -> list[tuple[UUID, UUID]]:
    found = []
    for agent in Agent.objects.live().filter(team=team).exclude(when_unavailable={}):
        rule = rule_of(agent)
        if rule.rule == FALLBACK and rule.target:
            to = rule.target.agent_id or rule.target.user_id or rule.target.group_id
            found += [(agent.pk, to)] if to else []
    return found
