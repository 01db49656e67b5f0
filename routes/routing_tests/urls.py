from django.urls import path

from . import views

urlpatterns = [path("agents/<uuid:id>/tests/recent/", views.tests_recent, name="tests_recent")]
