from django.urls import path

from . import palette_views, tour_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("tour/leave/", tour_views.tour_leave, name="tour_leave"),
    path("tour/begin/", tour_views.tour_begin, name="tour_begin"),
    path("find/", palette_views.palette_page, name="palette"),
]
