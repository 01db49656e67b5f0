"""The operators' admin: queues, cases and their events."""

from django.contrib import admin
from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, OuterRef, QuerySet
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from cases.models import Case, CaseEvent, CaseWords, Queue
from cases.queues.queues import pause_queue, resume_queue

from .pages import ReadOnly, verb


@admin.register(Queue)
class QueueAdmin(ReadOnly):
    list_display = ["name", "team", "description", "paused_at", "deleted_at"]
    list_select_related = ["team"]
    list_filter = [
        ("team", AutocompleteSelectFilter),
        ("paused_at", admin.EmptyFieldListFilter),
        ("deleted_at", admin.EmptyFieldListFilter),
    ]
    search_fields = ["name", "description"]
    page = "queue"
    leads = [("Cases", "cases_case", "queue__id__exact")]
    actions = [
        verb("Pause", "Shall nothing be given out of these queues?", lambda queue, by: pause_queue(queue)),
        verb("Resume", "Shall the cases of these queues be given out again?", lambda queue, by: resume_queue(queue)),
    ]


@admin.register(Case)
class CaseAdmin(ReadOnly):
    list_display = ["__str__", "team", "queue", "status", "reason", "assignee", "moved_at"]
    list_select_related = ["team", "queue", "assignee"]
    list_filter = [("team", AutocompleteSelectFilter), ("queue", AutocompleteSelectFilter), "status", "reason"]
    filtered_ordering = ["-number"]
    search_help_text = "Words, or an id"
    page = "case"
    leads = [("Events", "cases_caseevent", "case__id__exact"), ("Runs", "runs_run", "case__id__exact")]

    def matching(self, rows: QuerySet[Case], term: str) -> QuerySet[Case]:
        words = CaseWords.objects.filter(case=OuterRef("pk"), words=SearchQuery(term, config="simple"))
        return rows.filter(Exists(words))


@admin.register(CaseEvent)
class CaseEventAdmin(ReadOnly):
    list_display = ["case", "seq", "kind", "status", "actor", "agent", "at"]
    list_select_related = ["case", "agent"]
    list_filter = ["kind"]
    filtered_ordering = ["-id"]
    found_by = ["case", "run_id"]
    search_help_text = "The id of a case"
