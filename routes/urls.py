from django.urls import include, path

urlpatterns = [
    path("", include("routes.checks.urls")),
    path("", include("routes.routing_tests.urls")),
    path("", include("routes.test_files.urls")),
    path("", include("routes.corrections.urls")),
    path("", include("routes.impact.urls")),
    path("", include("routes.map.urls")),
    path("", include("routes.reports.urls")),
    path("", include("routes.passages.urls")),
]
