from django.urls import path

from . import views

urlpatterns = [
    path("agents/<uuid:id>/try/", views.agent_try, name="agent_try"),
    path("agents/<uuid:id>/try/sample/", views.agent_try_sample, name="agent_try_sample"),
    path("runs/<uuid:id>/try/", views.run_try, name="run_try"),
]
