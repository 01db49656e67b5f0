from django.urls import path

from . import agent_views, label_views

urlpatterns = [
    path("cases/count/", label_views.case_count, name="case_count"),
    path("queues/<uuid:id>/agents/", agent_views.queue_agents, name="queue_agents"),
    path("labels/", label_views.label_list, name="labels"),
]
