from django.urls import path

from . import views

urlpatterns = [
    path("bulk/preview/", views.bulk_preview, name="bulk_preview"),
    path("bulk/start/", views.bulk_start, name="bulk_start"),
    path("bulk/recent/", views.bulk_recent, name="bulk_recent"),
    path("bulk/<uuid:id>/", views.bulk_action, name="bulk_action"),
    path("bulk/<uuid:id>/undo/", views.bulk_undo, name="bulk_undo"),
    path("bulk/<uuid:id>/stop/", views.bulk_stop, name="bulk_stop"),
    path("labels/<uuid:id>/save/", views.label_save, name="label_save"),
    path("labels/<uuid:id>/delete/", views.label_delete, name="label_delete"),
]
