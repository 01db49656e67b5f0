from django.urls import path

from cases.search import export

from . import views

urlpatterns = [
    path("queues/<uuid:id>/cases/new/", views.case_new, name="case_new"),
    path("cases/", views.cases, name="cases"),
    path("cases/export/", export.cases_export, name="cases_export"),
    path("cases/<uuid:id>/", views.case, name="case"),
    path("cases/<uuid:id>/edit/", views.case_edit, name="case_edit"),
]
