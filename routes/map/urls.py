from django.urls import path

from . import views

urlpatterns = [
    path("map/", views.handover_map_page, name="map"),
    path("map/handovers/", views.handovers, name="handovers"),
]
