from django.urls import include, path

urlpatterns = [
    path("", include("runs.home.urls")),
    path("", include("runs.results.urls")),
    path("", include("runs.answers.urls")),
    path("", include("runs.people.urls")),
    path("", include("runs.providers.urls")),
    path("", include("runs.trying.urls")),
    path("", include("runs.schedules.urls")),
    path("", include("runs.bulk.urls")),
    path("", include("runs.telemetry.urls")),
]
