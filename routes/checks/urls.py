from django.urls import path

from . import routing_test_views, views

urlpatterns = [
    path("agents/<uuid:id>/tests/", routing_test_views.agent_tests, name="agent_tests"),
    path("agents/<uuid:id>/tests/new/", routing_test_views.test_new, name="test_new"),
    path("agents/<uuid:id>/tests/run/", routing_test_views.agent_tests_run, name="agent_tests_run"),
    path("tests/<uuid:id>/", routing_test_views.test_edit, name="test_edit"),
    path("tests/<uuid:id>/run/", routing_test_views.test_run, name="test_run"),
    path("tests/<uuid:id>/delete/", routing_test_views.test_delete, name="test_delete"),
    path("runs/<uuid:id>/test/", routing_test_views.run_test, name="run_test"),
    path("checks/<uuid:id>/", views.check, name="check"),
    path("checks/<uuid:id>/stop/", views.check_stop, name="check_stop"),
    path("checks/<uuid:id>/override/", views.check_override, name="check_override"),
    path("checks/<uuid:id>/accept/", views.check_accept, name="check_accept"),
]
