from django.urls import include, path

urlpatterns = [
    path("", include("ops.health.urls")),
]
