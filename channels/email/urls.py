from django.urls import path

from . import views

urlpatterns = [
    path("cases/<uuid:id>/messages/", views.case_messages, name="case_messages"),
    path("cases/<uuid:id>/reply/", views.case_reply, name="case_reply"),
    path("cases/messages/<uuid:id>/send-again/", views.message_send_again, name="message_send_again"),
    path("cases/messages/<uuid:id>/original/", views.message_original, name="message_original"),
    path("settings/sources/mailbox/new/", views.mailbox_new, name="mailbox_new"),
    path("settings/sources/<uuid:id>/mailbox/", views.mailbox_edit, name="mailbox_edit"),
    path("settings/sources/<uuid:id>/look/", views.mailbox_look, name="mailbox_look"),
]
