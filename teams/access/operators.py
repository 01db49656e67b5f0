"""The operators of an installation, who see all teams in the admin."""

from typing import cast

from django.db.models import Model
from django.http import HttpRequest

from teams.audit.actors import Actor, operator
from teams.models import User


def operator_of(request: HttpRequest) -> Actor:
    return operator(cast(User, request.user))


def may_operate(request: HttpRequest, model: type[Model]) -> bool:
    """Return whether the user may call verbs on rows of the model, which anyone may who may change them."""
    return cast(User, request.user).has_perm(f"{model._meta.app_label}.change_{model._meta.model_name}")
