"""Exports cases as CSV for spreadsheet programs, one part of the list at a time, without cells that are formulas."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from cases.models import Case, CaseQuerySet
from cases.queues.goals import GOAL_NAMES
from teams.access.permissions import TeamRequest, team_page
from teams.audit import audit
from web.format import spreadsheets
from web.http.paging import page

from .filters import CaseFilter, find_cases, read_filter

LIMIT = 50_000
_PART = 500
_HEADS = [
    "Number",
    "Title",
    "State",
    "Reason",
    "Queue",
    "With",
    "Owner",
    "Group",
    "Priority",
    "Labels",
    "External id",
    "Added",
    "Last moved",
    "Details",
    "First look due",
    "First look",
    "Done due",
    "Missed goals",
    "Overdue",
]


@require_GET
@team_page
def cases_export(request: TeamRequest) -> HttpResponseBase:
    wanted = read_filter(request.GET.dict(), request.member)
    cases = find_cases(request.team, wanted)
    if cases.order_by()[: LIMIT + 1].count() > LIMIT:
        messages.error(request, f"An export has at most {LIMIT:,} cases. Please filter the list first.")
        return redirect("cases")
    audit.record(request.team.pk, "cases_exported", "Cases", audit.facts(**_filters(request)))
    response = StreamingHttpResponse(streamed(cases, wanted), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="cases.csv"'
    return response


def _filters(request: TeamRequest) -> dict[str, str]:
    """Return the filters of an export, for the audit log."""
    return {name.title(): str(value)[:100] for name, value in request.GET.items() if value}


async def streamed(cases: CaseQuerySet, wanted: CaseFilter) -> AsyncIterator[str]:
    """Return the lines of a CSV file, with the mark by which Excel recognises UTF-8."""
    parts = _parts(cases, wanted)
    while part := await sync_to_async(lambda: next(parts, ""))():
        yield part


def _parts(cases: CaseQuerySet, wanted: CaseFilter) -> Iterator[str]:
    """Return the parts, with a query for each, so that a slow reader holds no connection."""
    yield spreadsheets.MARK + spreadsheets.lines([_HEADS])
    rows = cases.select_related("queue", "assignee", "owner", "group").defer("detail")
    cursor, written = "", 0
    while written < LIMIT:
        found = page(rows, wanted.order, cursor, _PART, wanted.split)
        if found.rows:
            yield spreadsheets.lines(map(_cells, found.rows))
        cursor, written = found.older, written + _PART
        if not cursor:
            return


def _cells(case: Case) -> list[Any]:
    data = case.data if isinstance(case.data, str) else json.dumps(case.data, ensure_ascii=False) if case.data else ""
    return [
        case.number,
        case.title,
        case.get_status_display(),
        case.get_reason_display(),
        case.queue.name,
        case.assignee.name if case.assignee else "",
        case.holder,
        case.group.name if case.group else "",
        case.get_priority_display(),
        ", ".join(case.labels),
        case.external_id or "",
        case.created_at.isoformat(timespec="seconds"),
        case.moved_at.isoformat(timespec="seconds"),
        data,
        *(at.isoformat(timespec="seconds") if at else "" for at in (case.look_by, case.looked_at, case.done_by)),
        ", ".join(GOAL_NAMES[name] for name in case.missed_goals),
        "yes" if case.is_overdue else "",
    ]
