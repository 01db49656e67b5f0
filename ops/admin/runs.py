"""The operators' admin: runs and what belongs to them. Verbs that stop a run are added to the list of cases here."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django_rq.admin import QueueAdmin
from django_rq.models import Dashboard
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from ops.health.admin_views import health
from runs.models import BulkAction, Handover, HumanRequest, RequestEmail, Run, RunWords, Schedule, Step
from runs.people import moves
from runs.schedules import schedules
from teams.access.operators import operator_of
from teams.audit import audit

from .cases import CaseAdmin
from .pages import ReadOnly, verb

admin.site.unregister(Dashboard)


@admin.register(Dashboard)
class RqAdmin(QueueAdmin):
    """RQ's own pages. Their actions on jobs and workers are in the audit log; the work itself is in PostgreSQL."""

    def get_urls(self) -> list[URLPattern]:
        patterns: list[URLPattern] = super().get_urls()  # type: ignore[no-untyped-call]
        for pattern in patterns:
            pattern.callback = _recorded(pattern.callback)
        return patterns


def _recorded(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if request.method == "POST" and response.status_code == 302:
            asked = request.POST.get("action", "") or request.path.strip("/").rpartition("/")[2]
            audit.record(None, "rq_changed", asked, request.path, by=operator_of(request))
        return response

    return answer


# Unfold requires these attributes for pages without a model.
admin.site.extra_urls = lambda: [  # type: ignore[attr-defined]
    path("health/", admin.site.admin_view(health), name="health")
]

CaseAdmin.actions = [
    verb("Retry", "Shall the agents that worked on these cases last try again?", moves.retry),
    verb(
        "Reassign",
        "Shall these cases go to any agent of their queues? Runs that work on them are stopped.",
        moves.reassign,
    ),
]


@admin.register(Run)
class RunAdmin(ReadOnly):
    list_display = ["id", "team", "agent", "case", "status", "outcome", "error_code", "worker", "created_at"]
    list_select_related = ["team", "agent", "case"]
    list_filter = [
        ("team", AutocompleteSelectFilter),
        ("agent", AutocompleteSelectFilter),
        "status",
        "outcome",
        "trigger",
    ]
    filtered_ordering = ["-created_at", "id"]
    found_by = ["pk", "case", "root"]
    search_help_text = "Words, or the id of a run or case"
    page = "run"
    leads = [("Steps", "runs_step", "run__id__exact"), ("Requests", "runs_humanrequest", "run__id__exact")]
    actions = [
        verb(
            "Stop",
            "Shall these runs be stopped? Their cases wait for a person then.",
            moves.stop_run,
        ),
        verb(
            "Requeue",
            "Shall these runs be taken from their workers, so that others go on from the last step? It counts no loss.",
            lambda run, by: moves.requeue(run),
        ),
    ]

    def matching(self, rows: QuerySet[Run], term: str) -> QuerySet[Run]:
        words = RunWords.objects.filter(run=OuterRef("pk"), words=SearchQuery(term, config="simple"))
        return rows.filter(Exists(words))


@admin.register(Step)
class StepAdmin(ReadOnly):
    list_display = ["id", "run_id", "seq", "kind", "at"]
    list_filter = ["kind"]
    found_by = ["run"]
    search_help_text = "The id of a run"


@admin.register(Handover)
class HandoverAdmin(ReadOnly):
    list_display = ["id", "team", "source_agent", "target_name", "reason", "status", "created_at"]
    list_select_related = ["team", "source_agent"]
    list_filter = [("team", AutocompleteSelectFilter), "status"]
    found_by = ["source", "next_run"]
    search_help_text = "The id of a run"


@admin.register(HumanRequest)
class HumanRequestAdmin(ReadOnly):
    list_display = ["question", "team", "kind", "status", "assignee", "created_at", "answered_at"]
    list_select_related = ["team", "assignee__user", "assignee__team"]
    list_filter = [("team", AutocompleteSelectFilter), "status", "kind"]
    filtered_ordering = ["-created_at", "id"]
    found_by = ["pk", "run"]
    search_help_text = "The id of a request or run"
    leads = [("Request emails", "runs_requestemail", "request__id__exact")]


@admin.register(RequestEmail)
class RequestEmailAdmin(ReadOnly):
    list_display = ["id", "team", "member", "why", "status", "attempts", "error", "created_at"]
    list_select_related = ["team", "member__user", "member__team"]
    list_filter = ["status", "why"]
    found_by = ["pk", "request"]
    search_help_text = "The id of an email or request"


@admin.register(Schedule)
class ScheduleAdmin(ReadOnly):
    list_display = ["agent", "team", "expression", "zone", "next_at", "paused_at", "obstacle"]
    list_select_related = ["agent", "team"]
    list_filter = [
        ("team", AutocompleteSelectFilter),
        ("agent", AutocompleteSelectFilter),
        ("paused_at", admin.EmptyFieldListFilter),
    ]
    search_fields = ["agent__name", "expression"]
    page = "schedule_edit"
    actions = [
        verb("Pause", "Shall these schedules start nothing?", lambda schedule, by: schedules.pause(schedule)),
        verb(
            "Resume",
            "Shall these schedules start their agents again? What was due in the meantime is not made up for.",
            lambda schedule, by: schedules.resume(schedule),
        ),
    ]


@admin.register(BulkAction)
class BulkActionAdmin(ReadOnly):
    list_display = ["id", "team", "verb", "actor", "status", "created_at", "ended_at"]
    list_select_related = ["team"]
    list_filter = [("team", AutocompleteSelectFilter), "verb", "status"]
