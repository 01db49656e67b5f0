from django.urls import path

from . import views

urlpatterns = [
    path("agents/export/", views.agents_export, name="agents_export"),
    path("agents/<uuid:id>/export/", views.agent_export, name="agent_export"),
]
