from django.urls import path

from . import archive_views, views

urlpatterns = [
    path("agents/", views.agents, name="agents"),
    path("agents/new/", views.agent_new, name="agent_new"),
    path("agents/<uuid:id>/", views.agent, name="agent"),
    path("agents/<uuid:id>/setup/", views.agent_setup, name="agent_setup"),
    path("agents/<uuid:id>/pause/", views.agent_pause, name="agent_pause"),
    path("agents/<uuid:id>/resume/", views.agent_resume, name="agent_resume"),
    path("agents/<uuid:id>/duplicate/", archive_views.agent_duplicate, name="agent_duplicate"),
    path("agents/<uuid:id>/delete/", archive_views.agent_delete, name="agent_delete"),
    path("agents/<uuid:id>/replace/", archive_views.agent_replace, name="agent_replace"),
    path("agents/<uuid:id>/restore/", archive_views.agent_restore, name="agent_restore"),
    path("agents/deleted/", archive_views.agents_deleted, name="agents_deleted"),
]
