"""What all routers of the API share: the key that says whose team it is, errors, and cursors."""

from django.http import HttpRequest
from ninja.security import HttpBearer

from .keys import find_key
from .models import ApiKey


class TeamKey(HttpBearer):
    """`Authorization: Bearer baton_...`; the operation finds the key as `request.auth`."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        return find_key(token)
