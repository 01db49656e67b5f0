from django.urls import path

from . import views

urlpatterns = [
    path("agents/<uuid:id>/passages/", views.agent_passages, name="agent_passages"),
    path("agents/<uuid:id>/passages/counts/", views.agent_passage_counts, name="agent_passage_counts"),
]
