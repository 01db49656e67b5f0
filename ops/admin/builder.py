"""The operators' admin: agents, their revisions and MCP servers."""

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from builder.agents.agents import pause_agent, resume_agent
from builder.models import Agent, Revision, ToolServer

from .pages import ReadOnly, verb


@admin.register(Agent)
class AgentAdmin(ReadOnly):
    list_display = ["name", "team", "description", "paused_at", "deleted_at"]
    list_select_related = ["team"]
    list_filter = [
        ("team", AutocompleteSelectFilter),
        ("paused_at", admin.EmptyFieldListFilter),
        ("deleted_at", admin.EmptyFieldListFilter),
    ]
    search_fields = ["name", "description"]
    page = "agent"
    leads = [
        ("Revisions", "builder_revision", "agent__id__exact"),
        ("Runs", "runs_run", "agent__id__exact"),
        ("Schedules", "runs_schedule", "agent__id__exact"),
    ]
    actions = [
        verb("Pause", "Shall these agents start nothing new?", lambda agent, by: pause_agent(agent)),
        verb("Resume", "Shall these agents start cases again?", lambda agent, by: resume_agent(agent)),
    ]


@admin.register(Revision)
class RevisionAdmin(ReadOnly):
    list_display = ["agent", "number", "status", "model", "author", "note", "created_at"]
    list_select_related = ["agent", "author"]
    list_filter = [("agent", AutocompleteSelectFilter), "status"]
    filtered_ordering = ["-number"]
    found_by = ["pk", "agent"]


@admin.register(ToolServer)
class ToolServerAdmin(ReadOnly):
    list_display = ["name", "team", "url", "listed_at", "deleted_at"]
    list_select_related = ["team"]
    list_filter = [("team", AutocompleteSelectFilter)]
    search_fields = ["name", "url"]
    hidden = ["credential"]
    page = "tool_server"
