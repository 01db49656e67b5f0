from django.urls import path

from . import views

urlpatterns = [
    path("agents/", views.agents, name="agents"),
    path("agents/new/", views.agent_new, name="agent_new"),
    path("agents/<uuid:id>/", views.agent, name="agent"),
    path("agents/<uuid:id>/pause/", views.agent_pause, name="agent_pause"),
    path("agents/<uuid:id>/resume/", views.agent_resume, name="agent_resume"),
    path("agents/<uuid:id>/delete/", views.agent_delete, name="agent_delete"),
]
