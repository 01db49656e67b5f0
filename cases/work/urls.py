from django.urls import path

from cases.search import export

from . import views

urlpatterns = [
    path("queues/", views.queues, name="queues"),
    path("queues/new/", views.queue_new, name="queue_new"),
    path("queues/<uuid:id>/", views.queue, name="queue"),
    path("queues/<uuid:id>/edit/", views.queue_edit, name="queue_edit"),
    path("queues/<uuid:id>/pause/", views.queue_pause, name="queue_pause"),
    path("queues/<uuid:id>/resume/", views.queue_resume, name="queue_resume"),
    path("queues/<uuid:id>/delete/", views.queue_delete, name="queue_delete"),
    path("queues/<uuid:id>/cases/new/", views.case_new, name="case_new"),
    path("cases/", views.cases, name="cases"),
    path("cases/export/", export.cases_export, name="cases_export"),
    path("cases/<uuid:id>/", views.case, name="case"),
    path("cases/<uuid:id>/edit/", views.case_edit, name="case_edit"),
]
