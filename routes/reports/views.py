"""The page of reports, and its tables as CSV files."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import dropwhile
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from builder.models import Agent
from cases.models import Queue
from data.ids import parse_uuid
from routes import periods
from teams.access.permissions import TeamRequest, team_page
from teams.audit import audit
from teams.models import Team
from web.format import spreadsheets
from web.http.partials import render_page

from .charts import charts
from .figures import ALL, Figures, Group, Weeks, figures, last_weeks
from .holders import Times, times

PERIODS = {"4": "4 weeks", "12": "12 weeks", "26": "26 weeks"}
_USUAL = "12"
_SHOWN = 100
_HEADS = [
    *("Cases", "Completed", "Failed", "Resolved %", "First look, median s", "Done, median s", "Done, 90 % within s"),
    *("Handovers", "Corrected", "Handover accuracy %"),
]
_HOLDER_HEADS = ["Holder", "Waited s", "Had s", "Share of time %"]


@dataclass(frozen=True)
class Row:
    """A row of a table. `address` leads to the cases behind it. `time`: of a queue, its share of the time of all."""

    name: str
    figures: Figures
    address: str = ""
    time: float | None = None


@dataclass(frozen=True)
class Report:
    """What was asked for, and its figures by group."""

    number: str
    weeks: Weeks
    queue: Queue | None
    found: Mapping[Group, Figures]
    times: Times

    @property
    def whole(self) -> Figures:
        return self.found.get(ALL, Figures())

    def of_weeks(self) -> list[Row]:
        return [
            Row(f"{first.day} {first:%b %Y}", self.found.get(("week", at), Figures()))
            for at, first in enumerate(self.weeks.firsts)
        ]

    def of(self, kind: str, names: Mapping[UUID, str], words: str = "") -> list[Row]:
        """Return the rows of queues or of agents that have all the words in their names, the busiest first."""
        asks = "worked" if kind == "agent" else kind
        rows = [
            Row(name, self.found[kind, pk], f"{reverse('cases')}?{asks}={pk}", self.times.of_queues.get(pk))
            for pk, name in names.items()
            if (kind, pk) in self.found and all(word in name.casefold() for word in words.casefold().split())
        ]
        return sorted(rows, key=lambda row: (-row.figures.cases, -row.figures.handovers, row.name.casefold()))


@require_GET
@team_page
def report_page(request: TeamRequest) -> HttpResponse:
    report = _report(request)
    weeks = report.of_weeks()
    words = request.GET.get("q", "")
    agents, queues = _agent_names(request.team), _queue_names(request.team)
    of_agents, of_queues = report.of("agent", agents, words), report.of("queue", queues, words)
    kept = {"queue": str(report.queue.pk)} if report.queue else {}
    context = {
        "charts": charts(report.weeks.firsts, [row.figures for row in weeks], report.whole),
        "whole": report.whole,
        # The newest first, and none before there was anything to count.
        "weeks": list(dropwhile(lambda row: row.figures == Figures(), weeks))[::-1],
        "agents": of_agents[:_SHOWN],
        "agents_left_out": max(0, len(of_agents) - _SHOWN),
        "holders": [one for one in report.times.holders if words.casefold() in one.name.casefold()][:_SHOWN],
        "seconds": report.times.seconds,
        "queues": of_queues,
        "nothing_fits": bool(words) and not of_agents and not of_queues,
        "first": report.weeks.first,
        "number": report.number,
        "period": PERIODS[report.number],
        "queue": report.queue,
        "choices": list(queues.items()),
        "periods": periods.tabs(PERIODS, "weeks", report.number, kept),
        "query": urlencode({**kept, "weeks": report.number}),
    }
    return render_page(request, "routes/reports.html", context, parts=["results"])


@require_GET
@team_page
def report_export(request: TeamRequest) -> HttpResponse:
    """Return one of the tables as a CSV file, its times in seconds: `by` week, queue, agent or holder."""
    report, by = _report(request), request.GET.get("by", "week")
    match by:
        case "holder":
            return _file(request, report, by, _HOLDER_HEADS, _holder_cells(report.times))
        case "queue":
            rows = report.of("queue", _queue_names(request.team))
            return _file(request, report, by, ["Queue", *_HEADS, "Share of time %"], _cells(rows))
        case "agent":
            rows = report.of("agent", _agent_names(request.team))
        case _:
            by, rows = "week", report.of_weeks()
    return _file(request, report, by, [by.title(), *_HEADS], _cells(rows))


def _file(request: TeamRequest, report: Report, by: str, heads: list[str], cells: Iterable[list[Any]]) -> HttpResponse:
    audit.record(request.team.pk, "report_exported", "Report", audit.facts(By=by, Weeks=report.number))
    text = spreadsheets.MARK + spreadsheets.lines([heads, *cells])
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="report-by-{by}.csv"'
    return response


def _cells(rows: list[Row]) -> Iterator[list[Any]]:
    for row in rows:
        one = row.figures
        yield [
            *(row.name, one.cases, one.completed, one.failed, _number(one.resolved, 100)),
            *(_number(one.first_look), _number(one.done), _number(one.done_by_most)),
            *(one.handovers, one.corrected, _number(one.accuracy, 100)),
            *([] if row.time is None else [_number(row.time, 100)]),
        ]


def _holder_cells(times: Times) -> Iterator[list[Any]]:
    for one in times.holders:
        yield [one.name, one.waited, one.had, _number(one.share, 100)]


def _number(value: float | None, times: int = 1) -> float | str:
    return "" if value is None else round(value * times, 1)


def _report(request: TeamRequest) -> Report:
    asked = request.GET.get("weeks", "")
    number = asked if asked in PERIODS else _USUAL
    queue_id = parse_uuid(request.GET.get("queue", ""))
    queue = Queue.objects.filter(team=request.team, pk=queue_id).first() if queue_id else None
    weeks = last_weeks(request.team, int(number))
    about = (request.team, weeks, queue.pk if queue else None)
    return Report(number, weeks, queue, figures(*about), times(*about, _agent_names(request.team)))


def _agent_names(team: Team) -> dict[UUID, str]:
    agents = Agent.objects.filter(team=team).order_by("name").only("name", "deleted_at")
    return {agent.pk: f"{agent.name} (deleted)" if agent.is_deleted else agent.name for agent in agents}


def _queue_names(team: Team) -> dict[UUID, str]:
    queues = Queue.objects.filter(team=team).order_by("name").values_list("pk", "name", "deleted_at")
    return {pk: f"{name} (deleted)" if deleted_at else name for pk, name, deleted_at in queues}
