from django.urls import path

from . import views

urlpatterns = [
    path("agents/<uuid:id>/mentions/", views.mention_options, name="mention_options"),
    path("mentions/", views.mention_options, name="mention_options"),
    path("mentions/new/", views.mention_create, name="mention_create"),
]
