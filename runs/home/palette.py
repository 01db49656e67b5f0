"""The command palette: what words lead to, for people who would rather type than look.

Each search asks the database the same few questions, whatever the team has.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, Model, QuerySet
from django.db.models.lookups import Exact, IContains
from django.urls import reverse

from builder.models import Agent, QueueConnection
from builder.procedures import mention_search
from cases.models import Case, Queue, Status
from cases.search.filters import CaseFilter, find_cases
from cases.search.search import read
from data.ids import parse_uuid
from runs.models import Run
from runs.results.queries import RunFilter, find_runs
from teams.models import Member, Team
from web import help
from web.navigation import NAVIGATION, SETTINGS

_AGENTS, _CASES, _QUEUES, _RUNS, _COMMANDS, _HELP, _RECENT = 6, 6, 4, 3, 8, 4, 8
# The queues that a command to add a case can name.
_QUEUES_TO_ADD_TO = 20
# How many lines of what can be added stand there before anything is typed.
_ADD = 6
# Enough of them to see which queues are used.
_LATEST_CASES = 200
# Not more than so many that fit are sorted apart: PostgreSQL might look for them along all rows of the team.
_FEW = 200
# One letter fits too much to be looked up in texts.
_SHORTEST = 2
_LONGEST = 100
_KINDS = {"agent": "agents", "case": "cases", "queue": "queues", "run": "runs"}


@dataclass(frozen=True)
class Choice:
    """A line of the palette: leads to `url`, switches to a team (its slug), or is done in the page (`do`).

    `words` find it beside its label; `hint` stands at its end.
    """

    label: str
    icon: str
    url: str = ""
    hint: str = ""
    do: str = ""
    team: str = ""
    words: str = ""
    agent: Agent | None = None

    def fits(self, words: Sequence[str]) -> bool:
        """Return whether each of the words begins a word of the choice."""
        own = re.split(r"\W+", f"{self.label} {self.words}".lower())
        return all(any(one.startswith(word) for one in own) for word in words)


@dataclass(frozen=True)
class Group:
    title: str
    choices: Sequence[Choice]


def search_palette(member: Member, teams: Iterable[Team], text: str = "", recent: str = "") -> list[Group]:
    """Return what fits the text. For an empty text: what this browser showed last (`recent`: "agent:<id> case:<id>"),
    what can be added, and where one can go.
    """
    text = " ".join(text[:_LONGEST].split())
    team = member.team
    if not text:
        groups = [Group("Recent", _named(team, _pairs(recent))), Group("Add", _adding(member)[:_ADD])]
        groups.append(Group("Go to", _places(member)))
    elif id := parse_uuid(text):
        groups = [Group("With this id", _named(team, [(kind, id) for kind in _KINDS]))]
    else:
        words = [word for word in re.split(r"\W+", text.lower()) if word]
        known = [*_places(member), *_adding(member), *_switching(member, teams)]
        commands = [choice for choice in known if words and choice.fits(words)]
        groups = [Group("Commands", commands[:_COMMANDS]), *_things(team, text), Group("Help", _help(words))]
    return [group for group in groups if group.choices]


# --- Commands --------------------------------------------------------------------------------


def _places(member: Member) -> list[Choice]:
    found = [Choice(label, icon, reverse(name)) for name, label, icon, *_ in NAVIGATION]
    found += [
        Choice(label, icon, reverse(name), hint="Settings", words="settings")
        for name, label, icon, is_closed in SETTINGS
        if member.administers or not is_closed
    ]
    if member.builds:
        found.append(Choice("Labels", "tag", reverse("labels")))
    return [
        *found,
        Choice("Corrected routes", "route", reverse("corrections"), words="corrections"),
        Choice("Your account", "user-round", reverse("account"), words="password email two-step devices"),
        Choice("Help", "circle-question-mark", help.address(help.FIRST), words="docs documentation"),
        Choice("Deleted agents", "trash-2", reverse("agents_deleted"), words="restore"),
    ]


def _adding(member: Member) -> list[Choice]:
    found = []
    if member.operates:
        found += [
            Choice("New case", "square-plus", reverse("case_new", args=[queue.pk]), hint=queue.name, words=_add(queue))
            for queue in _most_used_queues(member.team)
        ]
    if member.builds:
        found.insert(0, Choice("New agent", "bot", reverse("agent_new"), words="add create"))
        found.insert(1, Choice("New queue", "layers", reverse("queue_new"), words="add create"))
        found.append(Choice("Import agents", "upload", reverse("agents_import"), words="add files"))
    return found


def _most_used_queues(team: Team) -> list[Queue]:
    """Return queues: first those that agents work, then those with most of the latest cases, then by name."""
    latest = Counter(
        Case.objects.filter(team=team).order_by("-number").values_list("queue_id", flat=True)[:_LATEST_CASES]
    )
    consumers = QueueConnection.objects.filter(team=team, role=QueueConnection.Role.CONSUMER)
    worked = set(consumers.values_list("queue_id", flat=True))
    queues = team.queues.live().only("pk", "name")
    order = sorted(queues, key=lambda queue: (queue.pk not in worked, -latest[queue.pk], queue.name))
    return order[:_QUEUES_TO_ADD_TO]


def _add(queue: Queue) -> str:
    return f"add create {queue.name}"


def _switching(member: Member, teams: Iterable[Team]) -> list[Choice]:
    themes = [("light", "sun"), ("dark", "moon"), ("system", "monitor")]
    return [
        *(
            Choice(f"Switch to {team.name}", "arrow-right-left", team=team.slug, hint="Team", words="team")
            for team in teams
            if team != member.team
        ),
        *(Choice(f"Theme: {name}", icon, do=f"theme:{name}", words="toggle mode colours") for name, icon in themes),
        Choice("Keyboard shortcuts", "keyboard", do="shortcuts", words="keys help", hint="?"),
    ]


def _help(words: Sequence[str]) -> list[Choice]:
    found = [
        Choice(heading, "circle-question-mark", url, hint=f"Help: {page}" if page != heading else "Help", words=page)
        for page, heading, url in help.sections()
    ]
    is_number = not any(word.isalpha() for word in words)
    return [choice for choice in found if not is_number and choice.fits(words)][:_HELP]


# --- Things of the team ----------------------------------------------------------------------


def _things(team: Team, text: str) -> list[Group]:
    agents = mention_search.search(text.removeprefix("@"), mention_search.viewpoint(team)).targets[:_AGENTS]
    queues = team.queues.live().filter(name__icontains=text).order_by("name")[:_QUEUES]
    return [
        Group("Agents", [_agent(target.agent) for target in agents]),
        Group("Queues", [_queue(queue) for queue in queues]),
        Group("Cases", [_case(case) for case in _cases(team, text)]),
        Group("Runs", [_run(run) for run in _runs(team, text)]),
    ]


def _cases(team: Team, text: str) -> list[Case]:
    """Return cases: the one of that number first, then those with the words in the title, then the newest."""
    words = read(text)
    if words is None or (len(text) < _SHORTEST and words.number is None):
        return []
    found = find_cases(team, CaseFilter(words=words))
    is_number, in_title = Exact(F("number"), words.number or 0), IContains(F("title"), text)
    return _first(found, Case.objects.all(), [is_number.desc(), in_title.desc(), "-number"], _CASES)


def _runs(team: Team, text: str) -> list[Run]:
    if len(text) < _SHORTEST:
        return []
    found = find_runs(team, RunFilter(q=text))
    return _first(found, Run.objects.select_related("agent", "case"), ["-created_at"], _RUNS)


def _first[M: Model](found: QuerySet[M], rows: QuerySet[M], order: Sequence[Any], most: int) -> list[M]:
    """Return the first rows. Of more than _FEW only the last order counts, which an index has."""
    ids = list(found.order_by().values_list("pk", flat=True)[: _FEW + 1])
    if len(ids) > _FEW:
        ids, order = list(found.order_by(order[-1]).values_list("pk", flat=True)[:most]), order[-1:]
    return list(_slim(rows.filter(pk__in=ids)).order_by(*order)[:most])


def _slim[M: Model](rows: QuerySet[M]) -> QuerySet[M]:
    """Return the cases without columns that may be long."""
    if rows.model is Run:
        return rows.defer("input", "result", "targets", "case__data", "case__detail")
    return rows.defer("data", "detail") if rows.model is Case else rows


def _named(team: Team, wanted: Sequence[tuple[str, UUID]]) -> list[Choice]:
    """Return the rows of these kinds and ids that the team has, in this order."""
    rows = {
        "agent": Agent.objects.live(),
        "case": Case.objects.present(),
        "queue": Queue.objects.live(),
        "run": Run.objects.select_related("agent", "case"),
    }
    lines = {"agent": _agent, "case": _case, "queue": _queue, "run": _run}
    found = {
        kind: _slim(of_kind.filter(team=team)).in_bulk([id for name, id in wanted if name == kind])
        for kind, of_kind in rows.items()
    }
    return [lines[kind](found[kind][id]) for kind, id in wanted if id in found[kind]]


def _pairs(recent: str) -> list[tuple[str, UUID]]:
    parts = [part.partition(":") for part in recent.split()[:_RECENT]]
    return [(kind, id) for kind, _, text in parts if kind in _KINDS and (id := parse_uuid(text))]


def _agent(agent: Any) -> Choice:
    hint = "Paused" if agent.is_paused else "Agent"
    return Choice(agent.name, "bot", reverse("agent", args=[agent.pk]), hint=hint, agent=agent)


def _queue(queue: Any) -> Choice:
    return Choice(queue.name, "layers", reverse("queue", args=[queue.pk]), hint="Queue")


def _case(case: Any) -> Choice:
    hint = Status(case.status).label
    return Choice(str(case), "square-check-big", reverse("case", args=[case.pk]), hint=hint)


def _run(run: Any) -> Choice:
    subject = str(run.case) if run.case else "standalone"
    return Choice(f"{run.agent.name}: {subject}", "activity", reverse("run", args=[run.pk]), hint="Run")
