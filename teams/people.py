"""The verbs of people, whatever teams they are in: their address, their password, their second step."""

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.urls import reverse

from .errors import Refused
from .models import User
from .text import one_line


def clean_email(text: str) -> str:
    """As addresses are kept: in small letters."""
    email = User.objects.normalize_email(text.strip()).lower()
    try:
        validate_email(email)
    except ValidationError as error:
        message = "This is no e-mail address."
        raise Refused(message, "invalid", {"email": message}) from error
    return email


def refuse_a_taken_address(email: str, user: User) -> None:
    if User.objects.filter(email=email).exclude(pk=user.pk).exists():
        message = "Somebody else signs in with this address."
        raise Refused(message, "exists", {"email": message})


@transaction.atomic
def change_email(user: User, email: str, *, verified: bool) -> EmailAddress:
    """At once. `verified`: it is known that mail to it reaches them."""
    refuse_a_taken_address(email, user)
    user.email = email
    try:
        with transaction.atomic():
            user.save(update_fields=["email"])
    except IntegrityError as error:
        raise Refused("Somebody else signs in with this address.", "exists") from error
    EmailAddress.objects.filter(user=user).exclude(email=email).delete()
    address, _ = EmailAddress.objects.update_or_create(
        user=user, email=email, defaults={"primary": True, "verified": verified}
    )
    return address


def password_link(user: User) -> str:
    """The address where they set a new password, once, within the time of PASSWORD_RESET_TIMEOUT."""
    uid, token = user_pk_to_url_str(user), default_token_generator.make_token(user)
    return settings.BATON_URL + reverse("account_reset_password_from_key", args=[uid, token])


def end_sessions(user: User) -> None:
    """Wherever they are signed in."""
    for session in UserSession.objects.filter(user=user):
        session.end()


def end_two_step(user: User) -> None:
    """For who lost both the app and the recovery codes: then the password is enough again."""
    Authenticator.objects.filter(user=user).delete()


def rename(user: User, name: str) -> None:
    user.first_name, user.last_name = one_line(name, "name", 150), ""
    user.save(update_fields=["first_name", "last_name"])
