"""Signing in by e-mail address and password."""

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.db import transaction
from django.http import HttpResponse

from . import audit
from .actors import person
from .models import Member


class SignIn(LoginView):
    @transaction.atomic
    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Each team of the person has it in its audit log."""
        user = form.get_user()
        for team_id in Member.objects.filter(user=user).values_list("team_id", flat=True):
            audit.record(team_id, "signed_in", user, by=person(user))
        return super().form_valid(form)
