from django.urls import path

from . import views

urlpatterns = [
    path("settings/tools/", views.tool_servers, name="tool_servers"),
    path("settings/tools/new/", views.tool_server_new, name="tool_server_new"),
    path("settings/tools/<uuid:id>/", views.tool_server, name="tool_server"),
    path("settings/tools/<uuid:id>/edit/", views.tool_server_edit, name="tool_server_edit"),
    path("settings/tools/<uuid:id>/look/", views.tool_server_look, name="tool_server_look"),
    path("settings/tools/<uuid:id>/delete/", views.tool_server_delete, name="tool_server_delete"),
    path("settings/tools/<uuid:id>/accept/", views.tool_accept, name="tool_accept"),
    path("settings/tools/<uuid:id>/pin/", views.tool_pin, name="tool_pin"),
]
