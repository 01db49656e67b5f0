"""What lists of cases can be asked for. Filters, words and order, as they stand in an address or a request."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from builder.models import Agent
from cases.models import OPEN as OPEN_STATUSES
from cases.models import Case, CaseQuerySet, CaseWords, Queue, Reason, Status, Watch
from data.ids import parse_uuid
from teams.models import GroupMember, Member, Team, User

from . import search

NEEDS_ME, OPEN = "needs_me", "open"
WATCHED, NEWS, MENTIONED = "watched", "news", "mentioned"

NEWEST, OLDEST, URGENT = "newest", "oldest", "priority"
ORDERS: Mapping[str, tuple[str, ...]] = {
    NEWEST: ("-number",),
    OLDEST: ("number",),
    "moved": ("-moved_at", "-number"),
    URGENT: ("-priority", "-number"),
}
_SORTS = {
    NEWEST: "Newest first",
    OLDEST: "Oldest first",
    "moved": "Last moved first",
    URGENT: "Most urgent first",
}

_DAY = timedelta(days=1)
# Younger than that, or older.
_AGES: Mapping[str, tuple[str, timedelta]] = {
    "last-hour": ("Added in the last hour", timedelta(hours=1)),
    "last-day": ("Added in the last 24 hours", _DAY),
    "last-week": ("Added in the last 7 days", 7 * _DAY),
    "last-month": ("Added in the last 30 days", 30 * _DAY),
    "over-day": ("Older than a day", _DAY),
    "over-week": ("Older than 7 days", 7 * _DAY),
    "over-month": ("Older than 30 days", 30 * _DAY),
}
_TITLES = {
    "q": "Words",
    "status": "State",
    "reason": "Reason",
    "queue": "Queue",
    "agent": "With",
    "worked": "Last worked by",
    "owner": "Owner",
    "group": "Group",
    "overdue": "Overdue",
    "label": "Label",
    "priority": "Priority",
    "age": "Age",
    "mine": "For me",
}
type Choices = dict[str, list[tuple[object, str]]]


@dataclass(frozen=True)
class CaseFilter:
    """The filters of a list. Empty ones ask for nothing. `is_impossible`: a filter makes no sense, so nothing fits."""

    words: search.Words | None = None
    status: str = ""
    needs: Member | None = None
    needs_person: bool = False
    watcher: Member | None = None
    mine: str = ""
    reason: str = ""
    queue: UUID | None = None
    agent: UUID | None = None
    worked: UUID | None = None
    owner: UUID | None = None
    group: UUID | None = None
    is_overdue: bool = False
    label: str = ""
    priority: int | None = None
    after: datetime | None = None
    before: datetime | None = None
    sort: str = NEWEST
    is_impossible: bool = False

    @property
    def order(self) -> Sequence[str]:
        return ORDERS[self.sort]

    @property
    def is_plain(self) -> bool:
        """Return whether indexes have the whole list in its order: of the team or of a queue, and of a state."""
        same: dict[str, Any] = {"sort": NEWEST}
        if self.sort in (NEWEST, OLDEST):
            same |= {"status": "", "queue": None}
        elif self.sort == URGENT and self.status == OPEN:
            same |= {"status": ""}
        return replace(self, **same) == CaseFilter()

    @property
    def split(self) -> list[Q]:
        """The parts of the list that indexes have in its order, for `web.http.paging.page`; none if one has it all."""
        open_ones = [Q(status=status) for status in sorted(OPEN_STATUSES)]
        if self.sort == URGENT:
            rest = open_ones if self.status == OPEN else [Q()]
            return [Q(priority__gt=0), *(Q(priority=0) & state for state in rest)]
        if self.is_plain and self.sort in (NEWEST, OLDEST):
            if self.status == OPEN:
                return open_ones
            if self.queue and not self.status:
                return [Q(status=status) for status in Status]
        return []


def read_filter(wanted: Mapping[str, str], member: Member, queue: Queue | None = None) -> CaseFilter:
    """Return what an address asks for; `queue` goes before its own."""
    said = {name: wanted.get(name, "") for name in (*_TITLES, "sort")}
    ids = {name: parse_uuid(said[name]) for name in ("queue", "agent", "worked", "owner", "group")}
    known = {
        "status": {OPEN, NEEDS_ME, *Status.values},
        "reason": set(Reason.values),
        "priority": {str(value) for value in Case.Priority.values},
        "age": set(_AGES),
        "mine": {WATCHED, NEWS, MENTIONED},
        "overdue": {"1"},
    } | {name: {said[name]} if id else set() for name, id in ids.items()}
    if any(said[name] and said[name] not in values for name, values in known.items()):
        return CaseFilter(is_impossible=True)
    bound = timezone.now() - _AGES[said["age"]][1] if said["age"] else None
    is_young = said["age"].startswith("last")
    return CaseFilter(
        words=search.read(said["q"]),
        status="" if said["status"] == NEEDS_ME else said["status"],
        needs=member if said["status"] == NEEDS_ME else None,
        watcher=member if said["mine"] else None,
        mine=said["mine"],
        reason=said["reason"],
        queue=queue.pk if queue else ids["queue"],
        agent=ids["agent"],
        worked=ids["worked"],
        owner=ids["owner"],
        group=ids["group"],
        is_overdue=bool(said["overdue"]),
        label=said["label"],
        priority=int(said["priority"]) if said["priority"] else None,
        after=bound if is_young else None,
        before=None if is_young else bound,
        sort=said["sort"] if said["sort"] in ORDERS else NEWEST,
    )


def find_cases(team: Team, wanted: CaseFilter) -> CaseQuerySet:
    cases = Case.objects.present().filter(team=team)
    if wanted.queue and wanted.is_plain:
        # Without the team's id, or PostgreSQL would look for cases of the queue along all of the team.
        cases = Case.objects.present() if team.queues.filter(pk=wanted.queue).exists() else cases.none()
    if wanted.is_impossible or (wanted.words and wanted.words.are_none):
        return cases.none()
    if wanted.needs or wanted.needs_person:
        cases = cases.filter(status=Status.NEEDS_INPUT)
    if wanted.needs:
        cases = cases.filter(_for(wanted.needs))
    if wanted.is_overdue:
        cases = cases.overdue()
    if wanted.watcher:
        cases = cases.filter(_watched(wanted.watcher, wanted.mine))
    if wanted.reason:
        cases = cases.filter(status=Status.NEEDS_INPUT)  # others have none; said apart for the index
    if wanted.status == OPEN:
        cases = cases.filter(status__in=sorted(OPEN_STATUSES))
    elif wanted.status:
        cases = cases.filter(status=wanted.status)
    if wanted.owner:
        # Looked up first: PostgreSQL would read all cases to join them with their owners.
        cases = cases.filter(owner=User.objects.filter(uuid=wanted.owner).values_list("pk", flat=True).first() or 0)
    columns = {
        "reason": wanted.reason or None,
        "queue": wanted.queue,
        "assignee": wanted.agent,
        "worked_by": wanted.worked,
        "group": wanted.group,
        "priority": wanted.priority,
        "created_at__gte": wanted.after,
        "created_at__lt": wanted.before,
    }
    cases = cases.filter(**{name: value for name, value in columns.items() if value is not None})
    if wanted.words or wanted.label:
        few = search.those_with_words(CaseWords, team.pk, wanted.words, wanted.label)
        having = search.having(team.pk, wanted.words, wanted.label) if few is None else Q(pk__in=few)
        cases = cases.filter(having)
    return cases


def _for(member: Member) -> Q:
    """Return the condition that a case needs this very member, as it is nobody else's to answer.

    What runs ask people belongs to an app to the right; only the names of its relations are known here.
    """
    is_mine = Q(runs__human_requests__assignee=member) | Q(runs__human_requests__assignee=None)
    asked = Case.objects.filter(is_mine, team=member.team_id, runs__human_requests__status="open")
    asks, theirs = [Reason.QUESTION, Reason.APPROVAL], [Reason.TAKEN_OVER, Reason.WITH_PEOPLE]
    return Q(pk__in=asked.values("pk")) | ~Q(reason__in=[*asks, *theirs]) | with_member(member)


def with_member(member: Member) -> Q:
    """Return the condition that the member has a case with people, or could take it for a group of theirs or for the
    team.
    """
    groups = GroupMember.objects.filter(member=member).values("group")
    untaken = Q(reason=Reason.WITH_PEOPLE, taken_by="")
    return Q(reason__in=[Reason.TAKEN_OVER, Reason.WITH_PEOPLE], owner=member.user_id) | untaken & (
        Q(group=None) | Q(group__in=groups)
    )


def _watched(member: Member, which: str) -> Q:
    watches = Watch.objects.filter(user=member.user_id, team=member.team_id)
    if which == NEWS:
        watches = watches.filter(case__last_seq__gt=F("seen_seq"))
    if which == MENTIONED:
        watches = watches.filter(mentioned_at__isnull=False)
    return Q(pk__in=watches.values("case"))


def filter_choices(team: Team, labels: Iterable[str]) -> Choices:
    """Return what the list of cases can be filtered by; the page that shows it knows the labels."""
    agents: list[tuple[object, str]] = list(Agent.objects.live().filter(team=team).values_list("pk", "name"))
    return {
        "status": [
            (NEEDS_ME, "Needs me"),
            (OPEN, "Open"),
            *((choice.value, choice.label) for choice in Status),
        ],
        "reason": [(choice.value, choice.label.rstrip(".")) for choice in Reason],
        "priority": [(Case.Priority.HIGH, "High"), (Case.Priority.MEDIUM, "Medium"), (Case.Priority.NONE, "None")],
        "mine": [
            (WATCHED, "Watched by me"),
            (NEWS, "Watched, with news"),
            (MENTIONED, "A comment mentions me"),
        ],
        "age": [(name, label) for name, (label, _) in _AGES.items()],
        "queue": list(team.queues.live().values_list("pk", "name")),
        "agent": agents,
        "worked": agents,
        "owner": _owners(team),
        "group": list(team.groups.live().values_list("pk", "name")),
        "overdue": [("1", "Overdue")],
        "label": [(name, name) for name in labels],
        "sort": list(_SORTS.items()),
    }


def _owners(team: Team) -> list[tuple[object, str]]:
    members = Member.objects.filter(team=team).select_related("user")
    return sorted(((row.user.uuid, str(row.user)) for row in members), key=lambda one: one[1].casefold())


@dataclass(frozen=True)
class Chip:
    """A filter that is set; `without` is the address of the list without it."""

    title: str
    words: str
    without: str


def chips(wanted: Mapping[str, str], choices: Choices) -> list[Chip]:
    """Return the filters that are set, in the order of the fields."""
    found = []
    for name, title in _TITLES.items():
        value = wanted.get(name, "").strip()
        if value and (name in choices or name == "q"):
            rest = {key: kept for key, kept in wanted.items() if kept and key not in (name, "cursor")}
            words = next((label for key, label in choices.get(name, []) if str(key) == value), value)
            found.append(Chip(title, words, f"?{urlencode(rest)}"))
    return found
