"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path

from .api import api

urlpatterns = [
    path("", include("teams.urls")),
    path("", include("builder.urls")),
    path("", include("cases.urls")),
    path("", include("runs.urls")),
    path("api/v1/", api.urls),
    path("admin/", admin.site.urls),
]
