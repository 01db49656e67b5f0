from django.urls import path

from . import views

urlpatterns = [
    path("settings/webhooks/", views.webhooks, name="webhooks"),
    path("settings/webhooks/new/", views.webhook_new, name="webhook_new"),
    path("settings/webhooks/<uuid:id>/", views.webhook, name="webhook"),
    path("settings/webhooks/<uuid:id>/edit/", views.webhook_edit, name="webhook_edit"),
    path("settings/webhooks/<uuid:id>/pause/", views.webhook_pause, name="webhook_pause"),
    path("settings/webhooks/<uuid:id>/resume/", views.webhook_resume, name="webhook_resume"),
    path("settings/webhooks/<uuid:id>/test/", views.webhook_ping, name="webhook_ping"),
    path("settings/webhooks/<uuid:id>/secret/", views.webhook_secret, name="webhook_secret"),
    path("settings/webhooks/<uuid:id>/secret/drop/", views.webhook_secret_drop, name="webhook_secret_drop"),
    path("settings/webhooks/<uuid:id>/delete/", views.webhook_delete, name="webhook_delete"),
    path("settings/deliveries/<uuid:id>/resend/", views.delivery_resend, name="delivery_resend"),
]
