"""The verbs of people, whatever teams they are in: their address, their password, their second step."""

from collections.abc import Iterator
from contextlib import contextmanager

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

from data.errors import Refused
from teams.access import live
from teams.audit import audit
from teams.audit.actors import Actor, person
from teams.models import User

from . import person_names


def clean_email(text: str) -> str:
    """The address as it is stored: in lower case."""
    email = User.objects.normalize_email(text.strip()).lower()
    try:
        validate_email(email)
    except ValidationError as error:
        message = "This is no email address."
        raise Refused(message, "invalid", {"email": message}) from error
    return email


def refuse_a_taken_address(email: str, user: User) -> None:
    if User.objects.filter(email=email).exclude(pk=user.pk).exists():
        message = "Someone else signs in with this address."
        raise Refused(message, "exists", {"email": message})


@transaction.atomic
def change_email(user: User, email: str, *, verified: bool) -> EmailAddress:
    """At once. `verified`: it is known that an email to it reaches them."""
    refuse_a_taken_address(email, user)
    user.email = email
    try:
        with transaction.atomic():
            user.save(update_fields=["email"])
    except IntegrityError as error:
        raise Refused("Someone else signs in with this address.", "exists") from error
    EmailAddress.objects.filter(user=user).exclude(email=email).delete()
    address, _ = EmailAddress.objects.update_or_create(
        user=user, email=email, defaults={"primary": True, "verified": verified}
    )
    return address


def password_link(user: User, by: Actor) -> str:
    """The address where they set a new password, once, within the time of PASSWORD_RESET_TIMEOUT."""
    audit.record_of_person(user, "password_link_made", by=by)
    uid, token = user_pk_to_url_str(user), default_token_generator.make_token(user)
    return settings.BATON_URL + reverse("account_reset_password_from_key", args=[uid, token])


@transaction.atomic
def save_account(user: User, by: Actor) -> None:
    """As an operator has filled it in; what holds a reference to the address follows it."""
    user.email = clean_email(user.email)
    person_names.lock()
    before = User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()
    if (name := user.get_full_name()) and (before is None or name != before.get_full_name()):
        person_names.check(name, user, field="first_name")
    with keeping_an_operator():
        user.save()
    live.end_streams(user.pk)
    if before is None or before.email != user.email:
        change_email(user, user.email, verified=True)
    if before is None:
        audit.record_of_person(user, "person_made", by=by)
    elif change := audit.changes((words, getattr(before, name), getattr(user, name)) for name, words in _FACTS.items()):
        audit.record_of_person(user, "person_changed", change, by=by)


_FACTS = {
    "email": "Email address",
    "first_name": "First name",
    "last_name": "Last name",
    "is_staff": "May open the admin",
    "is_superuser": "May do everything in the admin",
}


@contextmanager
def keeping_an_operator() -> Iterator[None]:
    """Refused when afterwards nobody is left who may do everything in the admin. Under their locks, in one order."""
    operators = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
    had_some = bool(operators.select_for_update(no_key=True))
    yield
    if had_some and not operators.exists():
        raise Refused("Nobody could open this admin any more. Make someone else a superuser first.", "last_operator")


def end_sessions(user: User) -> None:
    """Wherever they are signed in."""
    for session in UserSession.objects.filter(user=user):
        session.end()
    live.end_streams(user.pk)


@transaction.atomic
def end_two_step(user: User, by: Actor) -> None:
    """For who lost both the app and the recovery codes: then the password is enough again."""
    if Authenticator.objects.filter(user=user).delete()[0]:
        live.end_streams(user.pk)
        audit.record_of_person(user, "two_step_off", by=by)


@transaction.atomic
def rename(user: User, name: str) -> None:
    before = user.get_full_name()
    user.first_name, user.last_name = person_names.check(name, user), ""
    user.save(update_fields=["first_name", "last_name"])
    if change := audit.changes([("Name", before, user.get_full_name())]):
        audit.record_of_person(user, "person_changed", change, by=person(user))
