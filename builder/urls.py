from django.urls import include, path

urlpatterns = [
    path("", include("builder.agents.urls")),
    path("", include("builder.files.urls")),
    path("", include("builder.wiring.urls")),
    path("", include("builder.procedures.urls")),
    path("", include("builder.usage.urls")),
    path("", include("builder.history.urls")),
    path("", include("builder.tools.urls")),
]
