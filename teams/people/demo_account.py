"""The account of the demo, whose password is well known until Baton is opened to other machines."""

from functools import lru_cache

from django.contrib.auth.hashers import check_password

from teams.people.models import User

EMAIL, PASSWORD = "demo@example.com", "demo"


def is_open() -> bool:
    """Return whether anyone can sign in with the well-known password."""
    kept = User.objects.filter(email=EMAIL, is_active=True).values_list("password", flat=True).first()
    return kept is not None and _is_known(kept)


@lru_cache(maxsize=1)
def _is_known(kept: str) -> bool:
    # To check a password is slow on purpose, so this is done once for each that the account gets.
    return check_password(PASSWORD, kept)
