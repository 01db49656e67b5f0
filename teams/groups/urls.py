from django.urls import path

from . import views

urlpatterns = [
    path("settings/groups/", views.groups, name="groups"),
    path("settings/groups/new/", views.group_new, name="group_new"),
    path("settings/groups/<uuid:id>/", views.group_edit, name="group_edit"),
    path("settings/groups/<uuid:id>/delete/", views.group_delete, name="group_delete"),
]
