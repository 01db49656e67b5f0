"""The page of the audit log, and the log as a table to take away."""

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET

from . import audit
from .access import ADMINISTRATOR, TeamRequest, team_page
from .pages import page
from .parts import render_page

_ORDER = ("-at", "-id")
_MOST = 100_000


@require_GET
@team_page(get=ADMINISTRATOR)
def audit_log(request: TeamRequest) -> HttpResponse:
    words, act = request.GET.get("q", ""), request.GET.get("act", "")
    found = page(audit.find(request.team, words, act), _ORDER, request.GET.get("cursor", ""))
    context = {
        "page": found,
        "rows": [(entry, audit.ACTS.get(entry.act, entry.act)) for entry in found.rows],
        "acts": sorted(audit.ACTS.items(), key=lambda item: item[1]),
        "query": request.GET.urlencode(),
        "is_filtered": bool(words or act),
    }
    return render_page(request, "teams/audit.html", context, parts=["results"])


@require_GET
@team_page(get=ADMINISTRATOR)
def audit_export(request: TeamRequest) -> HttpResponseBase:
    """What the page shows, all of it, the newest first."""
    found = audit.find(request.team, request.GET.get("q", ""), request.GET.get("act", "")).order_by(*_ORDER)
    lines = audit.as_csv(found[:_MOST].iterator(chunk_size=2000))

    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{request.team.slug}.csv"'
    return response
