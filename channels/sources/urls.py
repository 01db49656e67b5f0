from django.urls import path

from . import views

urlpatterns = [
    path("settings/sources/", views.sources, name="sources"),
    path("settings/sources/new/", views.source_new, name="source_new"),
    path("settings/sources/<uuid:id>/", views.source, name="source"),
    path("settings/sources/<uuid:id>/edit/", views.source_edit, name="source_edit"),
    path("settings/sources/<uuid:id>/mapping/", views.source_mapping, name="source_mapping"),
    path("settings/sources/<uuid:id>/pause/", views.source_pause, name="source_pause"),
    path("settings/sources/<uuid:id>/resume/", views.source_resume, name="source_resume"),
    path("settings/sources/<uuid:id>/secret/", views.source_secret, name="source_secret"),
    path("settings/sources/<uuid:id>/delete/", views.source_delete, name="source_delete"),
    path("settings/sources/messages/<uuid:id>/replay/", views.message_replay, name="message_replay"),
]
