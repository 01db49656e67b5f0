"""Reading for lists and pages of queues and cases."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, TextField
from django.db.models.functions import Cast

from builder.models import Agent
from teams.models import Team
from teams.pages import Page, page

from .consumers import Consumer, consumers
from .models import CLOSED, QUIET, Case, CaseEvent, CaseQuerySet, Queue, Reason, Status

type Counts = dict[str, int]


@dataclass(frozen=True)
class QueueState:
    """A queue with how many cases it has of each status (in the order of `Status`), and who works it."""

    queue: Queue
    counts: Counts
    consumers: list[Consumer]

    @property
    def open(self) -> int:
        return sum(number for status, number in self.counts.items() if status not in CLOSED)


def queues_page(team: Team, words: str = "", cursor: str = "") -> Page[Queue]:
    """The team's queues by name, those with all the words in their name or description."""
    queues = team.queues.live()
    for word in _split(words):
        queues = queues.filter(Q(name__icontains=word) | Q(description__icontains=word))
    return page(queues, ["name", "id"], cursor)


def queue_states(queues: Collection[Queue]) -> list[QueueState]:
    ids = [queue.pk for queue in queues]
    counts, working = case_counts(ids), consumers(ids)
    return [QueueState(queue, counts[queue.pk], working.get(queue.pk, [])) for queue in queues]


def case_counts(queue_ids: Collection[UUID]) -> dict[UUID, Counts]:
    """How many cases each queue has of each status."""
    found: dict[UUID, Counts] = {pk: dict.fromkeys(Status.values, 0) for pk in queue_ids}
    rows = Case.objects.present().filter(queue__in=queue_ids).values_list("queue_id", "status")
    for queue_id, status, number in rows.annotate(cases=Count("pk")).order_by():
        found[queue_id][status] = number
    return found


def find_cases(team: Team, wanted: Mapping[str, str], queue: Queue | None = None) -> CaseQuerySet:
    """The cases that fit `wanted`: words (q), status, reason, queue, agent and priority, each as it stands in an
    address. What makes no sense there finds nothing.
    """
    cases = Case.objects.present().filter(team=team)
    if queue:
        cases = cases.filter(queue=queue)
    for name, column in (("queue", "queue_id"), ("agent", "assignee_id")):
        if value := wanted.get(name):
            id = _uuid(value)
            cases = cases.filter(**{column: id}) if id else cases.none()
    for name, known in (("status", Status.values), ("reason", Reason.values), ("priority", ["0", "1", "2"])):
        value = wanted.get(name)
        if value == "open" and name == "status":
            cases = cases.exclude(status__in=CLOSED)
        elif value:
            cases = cases.filter(**{name: value}) if value in known else cases.none()
    return _with_words(cases, wanted.get("q", ""))


def _with_words(cases: CaseQuerySet, text: str) -> CaseQuerySet:
    """Each word somewhere in the title or the data; a number, also with #, finds its case too."""
    words = _split(text)
    if not words:
        return cases
    cases = cases.annotate(data_text=Cast("data", TextField()))
    said = Q()
    for word in words:
        said &= Q(title__icontains=word) | Q(data_text__icontains=word)
    if number := re.fullmatch(r"#?([0-9]{1,9})", " ".join(words)):
        said |= Q(number=int(number[1]))
    return cases.filter(said)


def _split(text: str) -> list[str]:
    """The words of a search. PostgreSQL's texts know no U+0000."""
    return text.replace("\x00", " ").split()


def case_page(cases: CaseQuerySet, cursor: str = "") -> Page[Case]:
    """Newest first, without what only the page of a case shows."""
    return page(cases.select_related("queue", "assignee").defer("data", "detail"), ["-number"], cursor)


def _uuid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None


def filter_choices(team: Team) -> dict[str, list[tuple[object, str]]]:
    """What the list of cases can be filtered by."""
    agents = Agent.objects.live().filter(team=team).values_list("pk", "name")
    queues = team.queues.live().values_list("pk", "name")
    return {
        "status": [("open", "Open"), *((choice.value, choice.label) for choice in Status)],
        "reason": [(choice.value, choice.label.rstrip(".")) for choice in Reason],
        "priority": [(Case.Priority.HIGH, "High"), (Case.Priority.MEDIUM, "Medium"), (Case.Priority.NONE, "None")],
        "queue": list(queues),
        "agent": list(agents),
    }


@dataclass(frozen=True)
class Timeline:
    """What happened to a case, by seq: all events that can have moved it, the newest events of any kind, how many came
    before those, and the agents that all of them name.
    """

    moves: list[CaseEvent]
    newest: list[CaseEvent]
    earlier: int
    agents: dict[UUID, Agent]


def timeline_of(case: Case, newest: int = 100) -> Timeline:
    moves = list(case.events.exclude(kind__in=QUIET))
    events = list(case.events.order_by("-seq")[:newest])[::-1]
    told = [*moves, *events]
    ids = {event.agent_id for event in told} | {_uuid(event.data.get("target_id", "")) for event in told}
    agents = Agent.objects.filter(team=case.team_id, pk__in={id for id in ids if id})
    earlier = events[0].seq - 1 if events else 0
    return Timeline(moves, events, earlier, {agent.pk: agent for agent in agents})
