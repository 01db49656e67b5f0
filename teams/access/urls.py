from django.urls import path

from . import live_streams

urlpatterns = [
    path("live/", live_streams.stream, name="live"),
]
