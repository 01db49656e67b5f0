from django.urls import path

from . import views

urlpatterns = [
    path("settings/audit/", views.audit_log, name="audit_log"),
    path("settings/audit/export/", views.audit_export, name="audit_export"),
]
