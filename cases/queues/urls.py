from django.urls import path

from . import label_views, views

urlpatterns = [
    path("queues/", views.queues, name="queues"),
    path("queues/new/", views.queue_new, name="queue_new"),
    path("queues/<uuid:id>/", views.queue, name="queue"),
    path("queues/<uuid:id>/edit/", views.queue_edit, name="queue_edit"),
    path("queues/<uuid:id>/pause/", views.queue_pause, name="queue_pause"),
    path("queues/<uuid:id>/resume/", views.queue_resume, name="queue_resume"),
    path("queues/<uuid:id>/delete/", views.queue_delete, name="queue_delete"),
    path("cases/count/", label_views.case_count, name="case_count"),
    path("labels/", label_views.label_list, name="labels"),
]
