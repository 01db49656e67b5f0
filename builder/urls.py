from django.urls import path

from . import draft_views, export_views, life_views, mention_views, tool_views, usage_views, views, wiring_views

urlpatterns = [
    path("agents/", views.agents, name="agents"),
    path("agents/new/", views.agent_new, name="agent_new"),
    path("agents/<uuid:id>/", views.agent, name="agent"),
    path("agents/export/", export_views.agents_export, name="agents_export"),
    path("agents/<uuid:id>/export/", export_views.agent_export, name="agent_export"),
    path("agents/<uuid:id>/pause/", views.agent_pause, name="agent_pause"),
    path("agents/<uuid:id>/resume/", views.agent_resume, name="agent_resume"),
    path("agents/<uuid:id>/duplicate/", life_views.agent_duplicate, name="agent_duplicate"),
    path("agents/<uuid:id>/delete/", life_views.agent_delete, name="agent_delete"),
    path("agents/<uuid:id>/restore/", life_views.agent_restore, name="agent_restore"),
    path("agents/deleted/", life_views.agents_deleted, name="agents_deleted"),
    path("agents/new/wiring/", wiring_views.agent_wiring, name="agent_new_wiring"),
    path("agents/<uuid:id>/wiring/", wiring_views.agent_wiring, name="agent_wiring"),
    path("agents/<uuid:id>/mentions/", mention_views.mention_options, name="mention_options"),
    path("mentions/", mention_views.mention_options, name="mention_options"),
    path("mentions/new/", mention_views.mention_create, name="mention_create"),
    path("usage/", usage_views.usage_page, name="usage"),
    # Drafts and the history
    path("agents/<uuid:id>/draft/", draft_views.agent_draft, name="agent_draft"),
    path("agents/<uuid:id>/draft/discard/", draft_views.agent_draft_discard, name="agent_draft_discard"),
    path("agents/<uuid:id>/revisions/", draft_views.agent_revisions, name="revisions"),
    path("agents/<uuid:id>/revisions/<int:number>/", draft_views.agent_revision, name="revision"),
    path(
        "agents/<uuid:id>/revisions/<int:number>/restore/", draft_views.agent_revision_restore, name="revision_restore"
    ),
    # MCP servers and their tools
    path("settings/tools/", tool_views.tool_servers, name="tool_servers"),
    path("settings/tools/new/", tool_views.tool_server_new, name="tool_server_new"),
    path("settings/tools/<uuid:id>/", tool_views.tool_server, name="tool_server"),
    path("settings/tools/<uuid:id>/edit/", tool_views.tool_server_edit, name="tool_server_edit"),
    path("settings/tools/<uuid:id>/look/", tool_views.tool_server_look, name="tool_server_look"),
    path("settings/tools/<uuid:id>/delete/", tool_views.tool_server_delete, name="tool_server_delete"),
    path("settings/tools/<uuid:id>/accept/", tool_views.tool_accept, name="tool_accept"),
    path("settings/tools/<uuid:id>/pin/", tool_views.tool_pin, name="tool_pin"),
]
