"""The history of a procedure: what it said when, who changed it and why, what differs, and taking an old one back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch, QuerySet

from builder.agents.saving import AgentChange, save_agents
from builder.gate import gate
from builder.models import Agent, Mention, Revision
from builder.procedures import lines, mentions, people
from builder.procedures.lines import Known, Line
from builder.procedures.people import PeopleTarget
from builder.procedures.targets import Target, judge, queues_of
from data.errors import Refused
from teams.models import User

from . import differences
from .differences import ADDED, REMOVED, SAME, Piece

# How many revisions the page of one offers to compare it with.
OFFERED = 500


# --- The list --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """A revision in the history, and whom its text mentions that the one before did not, and the other way round.
    `check_id`: of the check of routing tests by which it went live by itself.
    """

    revision: Revision
    added: list[Target | PeopleTarget]
    removed: list[Target | PeopleTarget]
    check_id: UUID | None


def history(agent: Agent) -> QuerySet[Revision]:
    """For `entries`; without the texts, which can be long."""
    mentioned = Mention.objects.select_related("target").prefetch_related("target__queue_connections")
    found = agent.revisions.published().defer("aop").select_related("author")
    return found.prefetch_related(
        Prefetch("mentions", queryset=mentioned), Prefetch("people_mentions", people.people_rows())
    )


def entries(agent: Agent, shown: Sequence[Revision]) -> list[Entry]:
    """`shown`: revisions from `history`, one after another, the newest first."""
    if not shown:
        return []
    before = history(agent).filter(number__lt=shown[-1].number).order_by("-number").first()
    rows = [*shown, *([before] if before else [])]
    found = {row.pk: _mentioned_in(agent, row) for row in rows}
    checks = gate.checks_of(agent, [row.number for row in shown])
    return [
        _entry(row, found[row.pk], found[rows[index + 1].pk] if index + 1 < len(rows) else {}, checks.get(row.number))
        for index, row in enumerate(shown)
    ]


type _Mentioned = dict[UUID, Target | PeopleTarget]


def _mentioned_in(agent: Agent, revision: Revision) -> _Mentioned:
    found = {target.agent.pk: target for target in judge(agent, set(), revision.mentions.all())}
    return {**found, **{one.id: one for one in people.of_revision(revision.people_mentions.all(), works_queue=True)}}


def _entry(revision: Revision, now: _Mentioned, before: _Mentioned, check_id: UUID | None) -> Entry:
    return Entry(revision, _without(now, before), _without(before, now), check_id)


def _without(targets: _Mentioned, others: _Mentioned) -> list[Target | PeopleTarget]:
    return [target for id, target in targets.items() if id not in others]


def numbers(agent: Agent) -> list[int]:
    """The newest first, at most OFFERED."""
    return list(agent.revisions.published().order_by("-number").values_list("number", flat=True)[:OFFERED])


def before(agent: Agent, revision: Revision) -> Revision | None:
    """The one that this one changed: of a draft, and of a text that was only tried, the one it began with."""
    found = agent.revisions.published().select_related("author").order_by("-number")
    if revision.status == Revision.Status.DRAFT:
        return found.filter(number__lte=revision.based_on).first()
    if revision.status == Revision.Status.TRIED:
        return found.filter(number__lte=revision.number).first()
    return found.filter(number__lt=revision.number).first()


def lines_of(agent: Agent, revision: Revision, passage: tuple[int, int] | None = None) -> list[Line]:
    """Return what the revision says, to read, with a passage of it marked."""
    return lines.read(revision.aop, mentioned(agent, revision.aop).values(), passage)


# --- What differs ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """A piece of one line as pages show it. `kind`: same, removed or added; `parts`: texts and mentioned agents."""

    kind: str
    parts: tuple[str | Target | PeopleTarget, ...]


@dataclass(frozen=True)
class Passage:
    """Lines one after another, each in parts. `folded`: nothing changed here."""

    lines: tuple[tuple[Part, ...], ...]
    folded: bool


@dataclass(frozen=True)
class Difference:
    passages: list[Passage]

    @property
    def empty(self) -> bool:
        return not any(part.kind != SAME for passage in self.passages for line in passage.lines for part in line)


def difference(agent: Agent, before: str, after: str) -> Difference:
    """Return what differs, with each mention as the agent sees it now."""
    return Difference(_shown(differences.compare(before, after), mentioned(agent, before, after)))


@dataclass(frozen=True)
class Choice:
    """Two texts of which one can be kept, side by side."""

    mine: list[Passage]
    theirs: list[Passage]


def choice(agent: Agent, mine: str, theirs: Revision) -> Choice:
    mine = mentions.normalise(mine)
    pieces, known = differences.compare(theirs.aop, mine), mentioned(agent, theirs.aop, mine)
    return Choice(
        _shown([piece for piece in pieces if piece.kind != REMOVED], known),
        _shown([piece for piece in pieces if piece.kind != ADDED], known),
    )


def mentioned(agent: Agent, *texts: str) -> Known:
    """Return who is mentioned in texts that were not saved, or not as they stand."""
    ids = {id for text in texts for id in mentions.target_ids(text)}
    queues = queues_of(agent)
    people_ids = {id for text in texts for id in mentions.people_ids(text)}
    found_people = people.find_people(agent.team_id, people_ids, works_queue=bool(queues))
    if not ids:
        return {**found_people}
    others = Agent.objects.filter(team_id=agent.team_id, pk__in=ids).prefetch_related("queue_connections")
    found = judge(agent, queues, [Mention(target=other) for other in others])
    return {**found_people, **{target.agent.pk: target for target in found}}


def _shown(pieces: Sequence[Piece], known: Known) -> list[Passage]:
    """Folded where nothing changed, unless that is everywhere."""
    changed = any(piece.kind != SAME for piece in pieces)
    return [
        Passage(tuple(_line(row, known) for row in passage.rows), passage.folded and changed)
        for passage in differences.passages(pieces)
    ]


def _line(row: differences.Row, known: Known) -> tuple[Part, ...]:
    return tuple(Part(piece.kind, _parts(piece.text, known)) for piece in row.pieces)


def _parts(text: str, known: Known) -> tuple[str | Target | PeopleTarget, ...]:
    return tuple(
        known.get(part.agent_id, f"@{part.name}") if isinstance(part, mentions.Mention) else part
        for part in mentions.split(text)
    )


# --- Taking one back -------------------------------------------------------------------------


@transaction.atomic
def restore(agent: Agent, revision: Revision, *, author: User | None, override: str = "") -> Agent:
    """Make what a revision said live again, as a new revision. A draft stays what it is."""
    # Two people who restore at once make two revisions, one after the other.
    agent = Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
    live = agent.live_revision
    if all(getattr(revision, name) == getattr(live, name) for name in ("aop", "model", "fallback")):
        raise Refused(f"Revision {revision.number} says what is live already.", "already_live")
    return save_agents([as_change(agent, revision)], author=author, override=override)[0]


def as_change(agent: Agent, revision: Revision) -> AgentChange:
    """Return what restoring the revision saves."""
    told = {name: getattr(revision, name) for name in ("aop", "model", "fallback")}
    return AgentChange(agent.pk, **told, note=f"Revision {revision.number} restored")
