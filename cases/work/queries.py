"""The queries for lists and pages of queues and cases."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.safestring import SafeString

from builder.models import Agent, QueueConnection
from cases.models import CLOSED, OPEN, QUIET, Case, CaseEvent, Comment, Kind, Queue, Status
from cases.queues.consumers import Consumer, consumers
from cases.queues.queue_stats import Flow, flows
from cases.queues.status_summary import MOST_COUNTED
from cases.search import filters, search
from data.ids import parse_uuid
from teams.models import Team
from web.http.paging import Page, few, page

# More than the stages need that a page shows.
_MOVES = 400
# On a page: each is a small page of its own.
_QUEUES = 20
# Cases that are sorted apart, when no more of them fit a filter.
_FEW = 1_000

type Counts = dict[str, int]


@dataclass(frozen=True)
class QueueState:
    """A queue with how many cases it has of each status (in the order of `Status`), and who works it."""

    queue: Queue
    counts: Counts
    consumers: list[Consumer]
    flow: Flow

    @property
    def open(self) -> int:
        return sum(number for status, number in self.counts.items() if status not in CLOSED)


def queues_page(team: Team, words: str = "", cursor: str = "") -> Page[Queue]:
    """Return a page of the team's queues by name that have all the words in their name or description."""
    queues = team.queues.live()
    for word in words.split():
        queues = queues.filter(Q(name__icontains=word) | Q(description__icontains=word))
    return page(queues, ["name", "id"], cursor, _QUEUES)


def queue_states(queues: Collection[Queue]) -> list[QueueState]:
    ids = [queue.pk for queue in queues]
    counts, working, moving = case_counts(ids, MOST_COUNTED), consumers(ids), flows(ids)
    return [QueueState(queue, counts[queue.pk], working.get(queue.pk, []), moving[queue.pk]) for queue in queues]


_COUNT = """
select queue, status, (
    select count(*) from (
        select from cases_case where queue_id = queue and status = wanted.status and deleted_at is null limit %s
    ) found
) from unnest(%s::uuid[]) queue cross join unnest(%s::text[]) wanted (status)
"""


def case_counts(queue_ids: Collection[UUID], most: int | None = None) -> dict[UUID, Counts]:
    """Return how many cases each queue has of each status; beyond `most`, one more than that."""
    found: dict[UUID, Counts] = {pk: dict.fromkeys(Status.values, 0) for pk in queue_ids}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [None if most is None else most + 1, list(queue_ids), Status.values])
        for queue_id, status, number in cursor.fetchall():
            found[queue_id][status] = number
    return found


@dataclass(frozen=True)
class Deletion:
    """What deleting a queue would touch: its agents, its open cases, and the queues these could go to."""

    consumers: list[Agent]
    producers: list[Agent]
    open: int
    others: list[Queue]


def deletion(queue: Queue) -> Deletion:
    connections = queue.connections.filter(agent__deleted_at=None).select_related("agent").order_by("agent__name")
    rows = list(connections)
    return Deletion(
        [row.agent for row in rows if row.role == QueueConnection.Role.CONSUMER],
        [row.agent for row in rows if row.role == QueueConnection.Role.PRODUCER],
        Case.objects.present().filter(queue=queue, status__in=OPEN).count(),
        list(Queue.objects.live().filter(team=queue.team_id).exclude(pk=queue.pk).order_by("name")[:500]),
    )


@dataclass(frozen=True)
class FoundCase:
    """A case as a list shows it: its title and what its data says, with the words that were searched for marked."""

    case: Case
    title: SafeString
    excerpt: SafeString

    # What screen readers say of the values that are changed in the list.

    @property
    def assign(self) -> str:
        case = self.case
        return f"Assignee of #{case.number}: {case.holder or case.group or case.assignee or 'nobody yet'}"

    @property
    def prioritise(self) -> str:
        return f"Priority of #{self.case.number}: {self.case.get_priority_display()}"

    @property
    def labelled(self) -> str:
        return f"Labels of #{self.case.number}: {', '.join(self.case.labels) or 'none'}"


def case_page(team: Team, wanted: filters.CaseFilter, cursor: str = "") -> tuple[Page[Case], list[FoundCase]]:
    """Return a page of the cases that fit, and how it shows them; without words, what only the page of a case shows
    stays where it is.
    """
    words = wanted.words
    found = filters.find_cases(team, wanted)
    split = wanted.split
    if not wanted.is_plain and (ids := few(found, _FEW)) is not None:
        found, split = Case.objects.filter(pk__in=ids), []
    # Which stand on the page is found without what they show, which a sort would carry along.
    slim = page(found.only("pk", *(name.removeprefix("-") for name in wanted.order)), wanted.order, cursor, split=split)
    rows = Case.objects.select_related("queue", "assignee", "owner", "group").defer("detail")
    cases = (rows if words else rows.defer("data")).in_bulk([case.pk for case in slim.rows])
    found_page = replace(slim, rows=[cases[case.pk] for case in slim.rows if case.pk in cases])
    shown = [
        FoundCase(case, search.marked(case.title, words), search.excerpt(case.data, words) if words else SafeString())
        for case in found_page.rows
    ]
    return found_page, shown


def counted(cases: QuerySet[Case]) -> str:
    """Return the number of rows in words, without counting for long."""
    number = cases.order_by()[: search.COUNTED + 1].count()
    return f"more than {search.COUNTED:,}" if number > search.COUNTED else f"{number:,}"


@dataclass(frozen=True)
class Timeline:
    """What happened to a case, by seq: the newest events that can have moved it, the newest of any kind, how many came
    before those, and the agents that all of them name.
    """

    moves: list[CaseEvent]
    newest: list[CaseEvent]
    earlier: int
    agents: dict[UUID, Agent]


def timeline_of(case: Case, newest: int = 100) -> Timeline:
    moves = list(case.events.exclude(kind__in=QUIET).order_by("-seq")[:_MOVES])[::-1]
    events = list(case.events.select_related("user").order_by("-seq")[:newest])[::-1]
    told = [*moves, *events]
    ids = {event.agent_id for event in told} | {parse_uuid(event.data.get("target_id", "")) for event in told}
    agents = Agent.objects.filter(team=case.team_id, pk__in={id for id in ids if id})
    earlier = events[0].seq - 1 if events else 0
    return Timeline(moves, events, earlier, {agent.pk: agent for agent in agents})


def comments_of(events: Iterable[CaseEvent]) -> dict[str, Comment]:
    """Return the comments that events tell of, by their ids as texts."""
    ids = [event.data["comment_id"] for event in events if event.kind == Kind.COMMENTED]
    return {str(said.pk): said for said in Comment.objects.filter(pk__in=ids)}
