from django.urls import path

from . import views

urlpatterns = [
    path("cases/<uuid:id>/comments/", views.comment_add, name="comment_add"),
    path("cases/<uuid:id>/watch/", views.case_watch, name="case_watch"),
    path("cases/<uuid:id>/attachments/", views.attachments_add, name="attachments_add"),
    path("comments/<uuid:id>/edit/", views.comment_edit, name="comment_edit"),
    path("comments/<uuid:id>/delete/", views.comment_delete, name="comment_delete"),
    path("attachments/<uuid:id>/", views.attachment, name="attachment"),
    path("attachments/<uuid:id>/image/", views.attachment_image, name="attachment_image"),
    path("attachments/<uuid:id>/preview/", views.attachment_preview, name="attachment_preview"),
    path("attachments/<uuid:id>/delete/", views.attachment_delete, name="attachment_delete"),
]
