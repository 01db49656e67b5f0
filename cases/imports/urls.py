from django.urls import path

from . import agent_views, views

urlpatterns = [
    path("queues/<uuid:id>/cases/paste/", views.cases_paste, name="cases_paste"),
    path("queues/<uuid:id>/cases/upload/", views.cases_upload, name="cases_upload"),
    path("cases/imports/<uuid:id>/", views.case_import, name="case_import"),
    path("cases/imports/<uuid:id>/stop/", views.case_import_stop, name="case_import_stop"),
    path("cases/imports/<uuid:id>/rows/", views.case_import_rows, name="case_import_rows"),
    path("agents/import/", agent_views.agents_import, name="agents_import"),
    path("agents/import/<uuid:id>/", agent_views.agents_import_preview, name="agents_import_preview"),
]
