from django.urls import path

from . import health, home, inbox, metrics, model_views, trying_views, views

urlpatterns = [
    path("", home.home, name="home"),
    path("tips/dismiss/", home.tips_dismiss, name="tips_dismiss"),
    path("runs/", views.runs, name="runs"),
    path("runs/<uuid:id>/", views.run, name="run"),
    path("runs/<uuid:id>/stop/", views.run_stop, name="run_stop"),
    path("runs/<uuid:id>/again/", views.run_again, name="run_again"),
    path("questions/<uuid:id>/answer/", views.answer, name="answer"),
    path("questions/<uuid:id>/assign/", inbox.assign, name="assign"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/count/", inbox.inbox_count, name="inbox_count"),
    path("agents/<uuid:id>/run/", views.run_start, name="run_start"),
    path("agents/<uuid:id>/runs/", views.agent_runs, name="agent_runs"),
    path("agents/<uuid:id>/work/", views.agent_work, name="agent_work"),
    path("agents/<uuid:id>/try/", trying_views.agent_try, name="agent_try"),
    path("agents/<uuid:id>/try/sample/", trying_views.agent_try_sample, name="agent_try_sample"),
    path("runs/<uuid:id>/try/", trying_views.run_try, name="run_try"),
    path("cases/<uuid:id>/runs/", views.case_runs, name="case_runs"),
    path("cases/<uuid:id>/complete/", views.case_complete, name="case_complete"),
    path("cases/<uuid:id>/fail/", views.case_fail, name="case_fail"),
    path("cases/<uuid:id>/postpone/", views.case_postpone, name="case_postpone"),
    path("cases/<uuid:id>/reprocess/", views.case_reprocess, name="case_reprocess"),
    path("cases/<uuid:id>/delete/", views.case_delete, name="case_delete"),
    path("models/", model_views.models, name="models"),
    path("models/test/", model_views.model_test, name="model_test"),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("readyz", health.readyz, name="readyz"),
]
