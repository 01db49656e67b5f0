from django.urls import path

from . import agent_views, views

urlpatterns = [
    path("cases/<uuid:id>/priority/", views.case_priority, name="case_priority"),
    path("cases/<uuid:id>/labels/", views.case_labels, name="case_labels"),
    path("cases/<uuid:id>/queue/", views.case_queue, name="case_queue"),
    path("cases/<uuid:id>/field/", views.case_field, name="case_field"),
    path("queues/<uuid:id>/agents/", agent_views.queue_agents, name="queue_agents"),
    path("cases/<uuid:id>/changes/<int:seq>/undo/", views.case_change_undo, name="case_change_undo"),
]
