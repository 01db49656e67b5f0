from django.urls import path

from . import views

urlpatterns = [
    path("agents/<uuid:id>/draft/", views.agent_draft, name="agent_draft"),
    path("agents/<uuid:id>/draft/discard/", views.agent_draft_discard, name="agent_draft_discard"),
    path("agents/<uuid:id>/revisions/", views.agent_revisions, name="revisions"),
    path("agents/<uuid:id>/revisions/<int:number>/", views.agent_revision, name="revision"),
    path("agents/<uuid:id>/revisions/<int:number>/restore/", views.agent_revision_restore, name="revision_restore"),
]
