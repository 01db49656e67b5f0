from django.urls import include, path

urlpatterns = [
    path("", include("teams.sign_in.account_urls")),
    path("", include("teams.settings.urls")),
    path("", include("teams.people.urls")),
    path("", include("teams.groups.urls")),
    path("", include("teams.saved_views.urls")),
    path("", include("teams.webhooks.urls")),
    path("", include("teams.keys.urls")),
    path("", include("teams.audit.urls")),
    path("", include("teams.access.urls")),
]
