from django.urls import path

from . import views

urlpatterns = [
    path("settings/keys/", views.keys, name="keys"),
    path("settings/keys/<int:id>/revoke/", views.key_revoke, name="key_revoke"),
]
