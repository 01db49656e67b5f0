"""Every URL of the product."""

# The pages of the admin are loaded with the addresses: workers and commands do without both.
import django_rq.admin  # noqa: F401
from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path, re_path
from django.views.generic import RedirectView

import ops.admin  # noqa: F401
from teams.keys.api import no_such_address

from .api import api
from .help import help_page

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
handler429 = "teams.sign_in.adapter.too_many_tries"
handler404 = "teams.access.permissions.page_not_found"
handler400 = "web.http.failures.bad_request"
handler500 = "web.http.failures.server_error"


def icon(request: HttpRequest) -> HttpResponse:
    """Return the icon for pages that name none, such as those that operators and programs open."""
    return redirect(static("icon.svg"))


urlpatterns = [
    path("favicon.ico", icon),
    path("", include("teams.urls")),
    path("", include("builder.urls")),
    path("", include("cases.urls")),
    path("", include("channels.urls")),
    path("", include("runs.urls")),
    path("", include("routes.urls")),
    path("", include("ops.urls")),
    path("help/", help_page, name="help"),
    path("help/<path:name>/", help_page, name="help_page"),
    path("api/v1/", RedirectView.as_view(pattern_name="api-1:openapi-view")),
    path("api/v1/", api.urls),
    re_path("^api/", no_such_address),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/", admin.site.urls),
]
