"""The agents that a procedure could mention, and what is known of those that it does."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import BooleanField, Case, IntegerField, Prefetch, QuerySet, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower
from django.db.models.lookups import Contains, Regex, StartsWith
from django.urls import reverse

from builder.models import Agent, Mention, QueueConnection, Revision
from data.ids import parse_uuid
from teams.models import Team

from . import mentions
from .people import PeopleTarget
from .targets import Target, judge, queues_of

LIMIT = 20
SIMILAR = 5
MOST_KNOWN = 200
_LONGEST = 80
# How near a misspelt word must come to one in the name, from 0 to 1.
_NEARNESS = 0.45
# Longer words are a sentence that goes on.
_LONGEST_NEAR = 40
# Apart (offset 0), else PostgreSQL compares every name of the team, at 3 to 7 µs each, instead of asking the index.
_NEAR = "builder_agent.id in (select id from builder_agent where deleted_at is null and %s <%% lower(name) offset 0)"


@dataclass(frozen=True)
class Viewpoint:
    """Who mentions: the team, the agent (none while it is not saved) and the queues that it works."""

    team: Team
    agent: Agent | None = None
    queues: Collection[UUID] = ()


@dataclass(frozen=True)
class Found:
    """`more`: further ones match. `similar`: no name holds the words; these are spelled like them."""

    targets: list[Target] = field(default_factory=list)
    more: bool = False
    similar: bool = False


def viewpoint(team: Team, agent: Agent | None = None, queues: str | None = None) -> Viewpoint:
    """`queues`: ids with commas between, as the form has them; None: as they are saved."""
    if queues is None:
        return Viewpoint(team, agent, queues_of(agent) if agent else ())
    return Viewpoint(team, agent, ids(queues))


def ids(text: str) -> set[UUID]:
    """The first ids of a list with commas; what is none is passed over."""
    return {id for part in text.split(",")[:MOST_KNOWN] if (id := parse_uuid(part))}


def search(words: str, of: Viewpoint) -> Found:
    """The best first: names that begin with the words, then those with a word that does, then those that hold them
    anywhere; then a few that are spelled like them."""
    words = " ".join(words.lower().split())[:_LONGEST]
    agents = Agent.objects.live().filter(team=of.team)
    if of.agent:
        agents = agents.exclude(pk=of.agent.pk)
    found = list(_shown(_literal(agents, words) if words else agents.order_by(Lower("name")))[: LIMIT + 1])
    literal = len(found)
    if 3 <= len(words) <= _LONGEST_NEAR and literal <= LIMIT:
        found += _similar(agents.exclude(pk__in=[agent.pk for agent in found]), words)
    return Found(_judged(found[:LIMIT], of), more=literal > LIMIT, similar=bool(found) and not literal)


def _literal(agents: QuerySet[Agent], words: str) -> QuerySet[Agent]:
    key = Lower("name")
    rank = Case(
        When(StartsWith(key, words), then=Value(0)),
        When(Regex(key, r"\m" + _escaped(words)), then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return agents.filter(Contains(key, words)).order_by(rank, key)


def _escaped(words: str) -> str:
    """For a regular expression of PostgreSQL, where a backslash before a letter means something."""
    return "".join(
        letter if letter.isalnum() else f"[{letter}]" if letter not in "^\\[]" else f"\\{letter}" for letter in words
    )


def _similar(agents: QuerySet[Agent], words: str) -> list[Agent]:
    nearness = RawSQL("word_similarity(%s, lower(name))", [words])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(_NEARNESS)])
        near = agents.filter(RawSQL(_NEAR, [words], BooleanField()))  # noqa: S611 - the words are a parameter
        return list(_shown(near.order_by(nearness.desc(), Lower("name")))[:SIMILAR])


def _shown(agents: QuerySet[Agent]) -> QuerySet[Agent]:
    live = Revision.objects.filter(status=Revision.Status.LIVE).only("agent", "needs")
    return agents.prefetch_related("queue_connections__queue", Prefetch("revisions", live))


def _judged(agents: Iterable[Agent], of: Viewpoint) -> list[Target]:
    agent = of.agent or Agent(name="this agent")
    return judge(agent, set(of.queues), [Mention(target=other) for other in agents])


def known(wanted: Iterable[UUID], of: Viewpoint) -> list[Target]:
    """The team's agents of these ids, deleted ones too."""
    return _judged(_shown(Agent.objects.filter(team=of.team, pk__in=wanted)), of)


def mentioned(aop: str, of: Viewpoint) -> list[Target]:
    return known(mentions.target_ids(aop), of)


def described(target: Target) -> dict[str, Any]:
    """As the editor takes it: names are plain text."""
    agent = target.agent
    [revision] = agent.revisions.all()  # the live one alone was read
    connections = sorted(agent.queue_connections.all(), key=lambda row: row.queue.name.lower())
    works = [row.queue.name for row in connections if row.role == QueueConnection.Role.CONSUMER]
    adds = [row.queue.name for row in connections if row.role == QueueConnection.Role.PRODUCER]
    return {
        "id": str(agent.pk),
        "kind": mentions.AGENT,
        "name": agent.name,
        "description": agent.description,
        "status": target.status,
        "explanation": target.explanation,
        "needs": [need["name"] for need in revision.needs],
        "queues": works,
        "produces": adds,
        "paused": agent.is_paused,
        "asks": agent.may_ask,
        "url": reverse("agent", args=[agent.pk]),
    }


def described_people(target: PeopleTarget) -> dict[str, Any]:
    """As `described`, of a member or a group."""
    return {
        "id": str(target.id),
        "kind": target.kind,
        "name": target.name,
        "description": target.description,
        "status": target.status,
        "explanation": target.explanation,
        "needs": [],
        "paused": False,
    }


def created(agent: Agent, of: Viewpoint) -> dict[str, Any]:
    """The new agent as the agent that mentions it sees it."""
    [target] = known([agent.pk], of)
    return described(target)
