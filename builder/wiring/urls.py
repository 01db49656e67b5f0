from django.urls import path

from . import views

urlpatterns = [
    path("agents/new/wiring/", views.agent_wiring, name="agent_new_wiring"),
    path("agents/<uuid:id>/wiring/", views.agent_wiring, name="agent_wiring"),
]
