from django.urls import path

from . import export, import_views, label_views, people_views, upload_views, views

urlpatterns = [
    path("queues/", views.queues, name="queues"),
    path("queues/new/", views.queue_new, name="queue_new"),
    path("queues/<uuid:id>/", views.queue, name="queue"),
    path("queues/<uuid:id>/edit/", views.queue_edit, name="queue_edit"),
    path("queues/<uuid:id>/pause/", views.queue_pause, name="queue_pause"),
    path("queues/<uuid:id>/resume/", views.queue_resume, name="queue_resume"),
    path("queues/<uuid:id>/delete/", views.queue_delete, name="queue_delete"),
    path("queues/<uuid:id>/cases/new/", views.case_new, name="case_new"),
    path("queues/<uuid:id>/cases/paste/", upload_views.cases_paste, name="cases_paste"),
    path("queues/<uuid:id>/cases/upload/", upload_views.cases_upload, name="cases_upload"),
    path("cases/", views.cases, name="cases"),
    path("cases/export/", export.cases_export, name="cases_export"),
    path("cases/imports/<uuid:id>/", upload_views.case_import, name="case_import"),
    path("cases/imports/<uuid:id>/stop/", upload_views.case_import_stop, name="case_import_stop"),
    path("cases/imports/<uuid:id>/rows/", upload_views.case_import_rows, name="case_import_rows"),
    path("cases/count/", label_views.case_count, name="case_count"),
    path("labels/", label_views.label_list, name="labels"),
    path("cases/<uuid:id>/", views.case, name="case"),
    path("cases/<uuid:id>/edit/", views.case_edit, name="case_edit"),
    path("cases/<uuid:id>/comments/", people_views.comment_add, name="comment_add"),
    path("cases/<uuid:id>/watch/", people_views.case_watch, name="case_watch"),
    path("cases/<uuid:id>/attachments/", people_views.attachments_add, name="attachments_add"),
    path("comments/<uuid:id>/edit/", people_views.comment_edit, name="comment_edit"),
    path("comments/<uuid:id>/delete/", people_views.comment_delete, name="comment_delete"),
    path("attachments/<uuid:id>/", people_views.attachment, name="attachment"),
    path("attachments/<uuid:id>/delete/", people_views.attachment_delete, name="attachment_delete"),
    path("agents/import/", import_views.agents_import, name="agents_import"),
    path("agents/import/<uuid:id>/", import_views.agents_import_preview, name="agents_import_preview"),
]
