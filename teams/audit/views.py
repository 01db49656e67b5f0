"""The page of the audit log, and the log as a table to take away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import transaction
from django.http import HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from teams.access.permissions import ADMINISTRATOR, TeamRequest, team_page
from teams.models import ApiKey, AuditEntry, Member, Team
from web.http.paging import page
from web.http.partials import render_page

from . import audit
from .acts import ACTS, AREAS

_ORDER = ("-at", "-id")
_MOST = 100_000

# The pages of objects, by their kind; and the lists of those that have no page of their own.
_PAGES = {
    "builder.agent": "agent",
    "builder.toolserver": "tool_server",
    "cases.case": "case",
    "cases.caseupload": "case_import",
    "cases.queue": "queue",
    "runs.bulkaction": "bulk_action",
    "runs.run": "run",
    "runs.schedule": "schedule_edit",
    "teams.credential": "credential",
    "teams.webhook": "webhook",
}
_LISTS = {
    "cases.label": "labels",
    "teams.apikey": "keys",
    "teams.invitation": "members",
    "teams.user": "members",
}


@dataclass(frozen=True)
class Row:
    """An entry as pages show it. `url` of its object, if that is still there; `same`: all entries on that object."""

    entry: AuditEntry
    words: str
    url: str
    same: str


@require_GET
@team_page(get=ADMINISTRATOR)
def audit_log(request: TeamRequest) -> HttpResponse:
    wanted, since, until = _wanted(request.GET)
    found = page(audit.find_entries(request.team, wanted), _ORDER, request.GET.get("cursor", ""))
    context = {
        "page": found,
        "rows": rows(request.team, found.rows),
        "areas": [(area, words) for area, (words, _) in AREAS.items()],
        "people": _people(request.team),
        "wanted": wanted,
        "since": since,
        "until": until,
        "query": request.GET.urlencode(),
        "is_filtered": wanted != audit.AuditFilter(),
    }
    return render_page(request, "teams/audit.html", context, parts=["results"])


@require_GET
@team_page(get=ADMINISTRATOR)
@transaction.atomic
def audit_export(request: TeamRequest) -> HttpResponseBase:
    """Return what the page shows, all of it, the newest first."""
    found = audit.find_entries(request.team, _wanted(request.GET)[0]).order_by(*_ORDER)
    audit.record(request.team.pk, "audit_exported", "Audit log")
    lines = audit.as_csv(found[:_MOST].iterator(chunk_size=2000))

    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{request.team.slug}.csv"'
    return response


def _wanted(asked: QueryDict) -> tuple[audit.AuditFilter, date | None, date | None]:
    """With the days, both included, as they were typed. What makes no sense asks for nothing."""
    text = {name: asked.get(name, "") for name in ("q", "area", "who", "object")}
    since, until = _day(asked.get("since", "")), _day(asked.get("until", ""))
    wanted = audit.AuditFilter(
        text["q"].strip(),
        text["area"],
        who=text["who"],
        object=text["object"],
        since=_midnight(since) if since else None,
        until=_midnight(until + timedelta(days=1)) if until else None,
    )
    return wanted, since, until


def _day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and 2000 <= day.year < 9000 else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _people(team: Team) -> list[tuple[str, str]]:
    """Return who may have done something. Those who left are found by their names."""
    members = Member.objects.filter(team=team).select_related("user")
    people = [(f"person:{member.user_id}", str(member.user)) for member in members]
    keys = ApiKey.objects.filter(team=team).values_list("name", flat=True).distinct()
    programs = [(f"key:{name}", f"API key {name}") for name in keys]
    others = [("operator", "Operators"), ("unknown", "Not signed in"), ("baton", "Baton")]
    return [*sorted(people, key=lambda row: row[1].casefold()), *sorted(programs), *others]


# --- Objects ---------------------------------------------------------------------------------


def rows(team: Team, entries: Sequence[AuditEntry]) -> list[Row]:
    there = {kind: _there(team, kind, entries) for kind in {entry.object_kind for entry in entries} & set(_PAGES)}
    return [
        Row(entry, ACTS.get(entry.act, entry.act), _url(entry, there.get(entry.object_kind, set())), _same(entry))
        for entry in entries
    ]


def _there(team: Team, kind: str, entries: Sequence[AuditEntry]) -> set[str]:
    """The ids of the objects of this kind that still have their page: one query for all."""
    model = apps.get_model(kind)
    found = model._base_manager.filter(
        team=team, pk__in=[entry.object_id for entry in entries if entry.object_kind == kind]
    )
    try:
        model._meta.get_field("deleted_at")
    except FieldDoesNotExist:
        pass
    else:
        found = found.filter(deleted_at=None)
    return {str(id) for id in found.values_list("pk", flat=True)}


def _url(entry: AuditEntry, there: set[str]) -> str:
    if entry.object_id in there:
        return reverse(_PAGES[entry.object_kind], args=[entry.object_id])
    return reverse(_LISTS[entry.object_kind]) if entry.object_kind in _LISTS else ""


def _same(entry: AuditEntry) -> str:
    return urlencode({"object": f"{entry.object_kind}:{entry.object_id}"}) if entry.object_id else ""
