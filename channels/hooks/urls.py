from django.urls import path

from . import views

urlpatterns = [
    path("in/<str:token>", views.receive, name="hook"),
]
