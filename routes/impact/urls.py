from django.urls import path

from . import uploads, views

urlpatterns = [
    path("agents/<uuid:id>/impact/", views.agent_impact, name="agent_impact"),
    path("agents/import/<uuid:id>/impact/", uploads.upload_impact, name="upload_impact"),
    path("impacts/<uuid:id>/", views.impact, name="impact"),
    path("impacts/<uuid:id>/confirm/", views.impact_confirm, name="impact_confirm"),
    path("impacts/<uuid:id>/stop/", views.impact_stop, name="impact_stop"),
    path("impacts/<uuid:id>/test/", views.impact_test, name="impact_test"),
]
