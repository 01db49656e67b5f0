from django.urls import path

from . import settings_views, views

urlpatterns = [
    path("f/<str:token>", views.public_form, name="public_form"),
    path("f/status/<str:token>", views.form_status, name="form_status"),
    path("settings/sources/form/new/", settings_views.form_new, name="form_new"),
    path("settings/sources/<uuid:id>/form/", settings_views.form_edit, name="form_edit"),
]
