from django.urls import path

from . import run_views, views

urlpatterns = [
    path("runs/", views.runs, name="runs"),
    path("runs/<uuid:id>/", run_views.run, name="run"),
    path("runs/<uuid:id>/why/", run_views.run_why, name="run_why"),
    path("runs/<uuid:id>/text/", run_views.run_text, name="run_text"),
    path("runs/<uuid:id>/stop/", views.run_stop, name="run_stop"),
    path("runs/<uuid:id>/again/", views.run_again, name="run_again"),
    path("runs/<uuid:id>/seen/", views.run_seen, name="run_seen"),
    path("questions/<uuid:id>/answer/", views.answer, name="answer"),
    path("agents/<uuid:id>/run/", views.run_start, name="run_start"),
    path("agents/<uuid:id>/runs/", views.agent_runs, name="agent_runs"),
    path("agents/<uuid:id>/work/", views.agent_work, name="agent_work"),
    path("cases/<uuid:id>/runs/", views.case_runs, name="case_runs"),
]
