"""What the audit log is told of signing in and out, passwords and second steps, and whose open pages that ends.

Django and allauth say it; of second steps allauth does so when the change is committed.
"""

from typing import Any

from allauth.account.signals import email_changed, password_changed, password_reset, password_set
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver

from teams.access import live
from teams.audit import audit
from teams.audit.actors import Actor, person
from teams.models import AuditEntry, User

_SOMEONE = Actor("Someone", source=AuditEntry.Source.UNKNOWN)


@receiver(user_logged_in)
def signed_in(user: User, **about: Any) -> None:
    _record(user, "signed_in")


@receiver(user_logged_out)
def signed_out(user: User | None, **about: Any) -> None:
    if user is not None:
        live.end_streams(user.pk)
        _record(user, "signed_out")


@receiver(user_login_failed)
def sign_in_failed(credentials: dict[str, Any], **about: Any) -> None:
    """Of an address that nobody has: in the log of the installation. What was typed as password stays out."""
    typed = str(credentials.get("email") or credentials.get("username") or "")
    user = User.objects.filter(email=typed.replace("\x00", "").lower()).first()
    if user is not None:
        _record(user, "sign_in_failed", "Wrong password", _SOMEONE)
    else:
        audit.record(None, "sign_in_failed", typed or "No address", by=_SOMEONE)


@receiver(authentication_failed)
def second_step_failed(user: User, **about: Any) -> None:
    _record(user, "sign_in_failed", "Wrong code of the second step", _SOMEONE)


@receiver([password_changed, password_set, password_reset])
def changed_password(user: User, **about: Any) -> None:
    live.end_streams(user.pk)
    _record(user, "password_changed")


@receiver(email_changed)
def changed_email(user: User, from_email_address: Any, to_email_address: Any, **about: Any) -> None:
    before = from_email_address and from_email_address.email
    _record(user, "email_changed", audit.changes([("Address", before, to_email_address.email)]))


@receiver(authenticator_added)
def added_second_step(user: User, authenticator: Authenticator, **about: Any) -> None:
    is_codes = authenticator.type == Authenticator.Type.RECOVERY_CODES
    _record(user, "recovery_codes_made" if is_codes else "two_step_on")


@receiver(authenticator_removed)
def removed_second_step(user: User, authenticator: Authenticator, **about: Any) -> None:
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        _record(user, "two_step_off")


@receiver(authenticator_reset)
def renewed_recovery_codes(user: User, **about: Any) -> None:
    _record(user, "recovery_codes_made")


@transaction.atomic
def _record(user: User, act: str, change: str = "", by: Actor | None = None) -> None:
    audit.record_of_person(user, act, change, by=by or person(user))
