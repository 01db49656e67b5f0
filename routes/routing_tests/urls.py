from django.urls import path

from . import recent_views, views

urlpatterns = [
    path("agents/<uuid:id>/tests/", views.agent_tests, name="agent_tests"),
    path("agents/<uuid:id>/tests/new/", views.test_new, name="test_new"),
    path("agents/<uuid:id>/tests/run/", views.agent_tests_run, name="agent_tests_run"),
    path("agents/<uuid:id>/tests/recent/", recent_views.tests_recent, name="tests_recent"),
    path("tests/void/<uuid:id>/", views.tests_void, name="tests_void"),
    path("tests/<uuid:id>/", views.test_edit, name="test_edit"),
    path("tests/<uuid:id>/run/", views.test_run, name="test_run"),
    path("tests/<uuid:id>/delete/", views.test_delete, name="test_delete"),
    path("runs/<uuid:id>/test/", views.run_test, name="run_test"),
]
