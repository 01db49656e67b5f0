from django.urls import path

from . import views

urlpatterns = [path("agents/<uuid:id>/tests/import/", views.tests_import, name="tests_import")]
