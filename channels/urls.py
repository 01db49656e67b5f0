from django.urls import include, path

urlpatterns = [
    path("", include("channels.sources.urls")),
    path("", include("channels.email.urls")),
    path("", include("channels.hooks.urls")),
    path("", include("channels.forms.urls")),
]
