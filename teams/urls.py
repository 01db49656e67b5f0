from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from . import live

urlpatterns = [
    path(
        "sign-in/",
        LoginView.as_view(template_name="teams/sign_in.html", redirect_authenticated_user=True),
        name="sign_in",
    ),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("live/", live.stream, name="live"),
]
