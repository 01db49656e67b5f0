from django.urls import path

from . import connect_views, views

urlpatterns = [
    path("settings/models/", views.model_settings, name="model_settings"),
    path("settings/models/new/", views.credential_new, name="credential_new"),
    path("settings/models/<uuid:id>/", views.credential, name="credential"),
    path("settings/models/<uuid:id>/delete/", views.credential_delete, name="credential_delete"),
    path("models/", views.models, name="models"),
    path("models/tool-calls/", views.tool_calls, name="tool_calls"),
    path("models/connect/", connect_views.model_connect, name="model_connect"),
    path("models/use/", connect_views.model_use, name="model_use"),
    path("models/use/undo/", connect_views.model_use_undo, name="model_use_undo"),
    path("models/test/", views.model_test, name="model_test"),
]
