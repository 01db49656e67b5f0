from django.urls import include, path

urlpatterns = [
    path("", include("cases.work.urls")),
    path("", include("cases.notifications.urls")),
    path("", include("cases.imports.urls")),
    path("", include("cases.queues.urls")),
    path("", include("cases.collaboration.urls")),
    path("", include("cases.properties.urls")),
]
