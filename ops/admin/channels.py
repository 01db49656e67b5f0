"""The operators' admin: sources, what they received, and the messages between cases and their customers."""

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from cases.models import CaseMessage
from channels.models import Arrival, Source
from channels.sources.sources import pause, resume

from .pages import ReadOnly, verb


@admin.register(Source)
class SourceAdmin(ReadOnly):
    list_display = ["name", "kind", "team", "queue", "last_received_at", "look_at", "paused_at", "deleted_at"]
    list_select_related = ["team", "queue"]
    list_filter = [
        ("team", AutocompleteSelectFilter),
        "kind",
        ("paused_at", admin.EmptyFieldListFilter),
        ("deleted_at", admin.EmptyFieldListFilter),
    ]
    search_fields = ["name"]
    # The token is the part of a hook's address that cannot be guessed.
    hidden = ["secret", "token"]
    page = "source"
    leads = [("Messages", "channels_arrival", "source__id__exact")]
    actions = [
        verb("Pause", "Shall these sources take nothing in?", lambda source, by: pause(source)),
        verb("Resume", "Shall these sources take messages in again?", lambda source, by: resume(source)),
    ]


@admin.register(Arrival)
class ArrivalAdmin(ReadOnly):
    list_display = ["source", "status", "sender", "case", "error", "at"]
    list_select_related = ["source", "case"]
    list_filter = [("source", AutocompleteSelectFilter), "status"]
    filtered_ordering = ["-at", "-id"]
    found_by = ["pk", "source", "case"]
    search_help_text = "The id of a message, source or case"


@admin.register(CaseMessage)
class CaseMessageAdmin(ReadOnly):
    list_display = ["case", "direction", "status", "recipient", "attempts", "error", "at"]
    list_select_related = ["case"]
    list_filter = ["direction", "status"]
    filtered_ordering = ["-id"]
    found_by = ["pk", "case", "run_id"]
    search_help_text = "The id of a message, case or run"
