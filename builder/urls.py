from django.urls import path

from . import life_views, mention_views, views

urlpatterns = [
    path("agents/", views.agents, name="agents"),
    path("agents/new/", views.agent_new, name="agent_new"),
    path("agents/<uuid:id>/", views.agent, name="agent"),
    path("agents/<uuid:id>/pause/", views.agent_pause, name="agent_pause"),
    path("agents/<uuid:id>/resume/", views.agent_resume, name="agent_resume"),
    path("agents/<uuid:id>/duplicate/", life_views.agent_duplicate, name="agent_duplicate"),
    path("agents/<uuid:id>/delete/", life_views.agent_delete, name="agent_delete"),
    path("agents/<uuid:id>/mentions/", mention_views.mention_options, name="mention_options"),
    path("mentions/", mention_views.mention_options, name="mention_options"),
    path("mentions/new/", mention_views.mention_create, name="mention_create"),
    path("agents/<uuid:id>/restore/", life_views.agent_restore, name="agent_restore"),
    path("agents/deleted/", life_views.agents_deleted, name="agents_deleted"),
]
