"""Signing in: what django-allauth does here in our way."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.ratelimit import respond_429
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.mail import mailers
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from data.errors import Refused
from teams.access import live
from teams.models import User
from teams.people import accounts
from web.emails.message import compose
from web.http.links import link_to
from web.http.redirects import is_ours

from .attempts import Attempt, TooManyAttempts, attempt, clear
from .known_devices import remember

logger = logging.getLogger(__name__)

# All limits count within this time (ACCOUNT_RATE_LIMITS), so anyone who waits that long may try again.
WAIT_MINUTES = 5
_WAITED_FOR = {"account/email/password_reset_key", "account/email/unknown_account", "account/email/email_confirmation"}


class Sessions(DefaultUserSessionsAdapter):  # type: ignore[misc]
    def end_sessions(self, sessions: list[UserSession]) -> None:
        """Of one person, who signs other devices out."""
        super().end_sessions(sessions)
        for user_id in {session.user_id for session in sessions}:
            live.end_streams(user_id)


class Account(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "Wrong email or password.",
        "email_taken": "Someone else signs in with this address.",
        "duplicate_email": "This is your address already.",
        "enter_current_password": "This is not your password.",
        "incorrect_password": "This is not your password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People come by invitation."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Nowhere but to this address itself, whatever else it may be called."""
        return is_ours(self.request, url)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count this try; `authenticate` takes it back when the password is right."""
        self._login_failed_rl_usage = _Usage(counted(request, "login_failed", credentials.get("email", "")))

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """After a new password was set by a link in an email."""
        clear(request, "login_failed", credentials.get("email", ""))

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """Too many tries are an answer of their own, wherever they are noticed."""
        if code in ("too_many_login_attempts", "rate_limited"):
            raise ImmediateHttpResponse(respond_429(self.request))
        return super().validation_error(code, *args)  # type: ignore[no-any-return]

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        try:
            accounts.refuse_a_taken_address(email_address.email, email_address.user)
        except Refused as refusal:
            messages.error(request, refusal.message)
            return False
        return bool(super().confirm_email(request, email_address))

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """Not the one that they sign in with."""
        return bool(email_address.email != email_address.user.email)

    def post_login(self, request: HttpRequest, user: User, **about: Any) -> HttpResponse:
        request.session.clear_expired()  # of everyone; nothing else does
        response: HttpResponse = super().post_login(request, user, **about)
        remember(request, response, user)
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """In text and HTML. A person who waits for it is told when it fails; other failures are in the log."""
        if "default" not in mailers:
            return
        try:
            more = {
                "email": email,
                "home": link_to("/", self.request).rstrip("/"),
                "link": link_to(reverse("account_reset_password"), self.request),
            }
            compose(f"{template_prefix}.html", {**context, **more}, email).send()
        except OSError as error:  # those of smtplib are
            logger.warning("an email about an account could not be sent: %s", error)
            if template_prefix in _WAITED_FOR:
                messages.error(self.request, "The email could not be sent. Please try again in a few minutes.")

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _, token = key.partition("-")
        return link_to(reverse("account_reset_password_from_key", args=[uid, token]), self.request)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return link_to(reverse("account_confirm_email", args=[emailconfirmation.key]), request)


def counted(request: HttpRequest, what: str, address: str) -> Attempt:
    """A try that is counted, or the page that says how long to wait."""
    try:
        return attempt(request, what, address)
    except TooManyAttempts as refusal:
        raise ImmediateHttpResponse(too_many_tries(request, minutes=refusal.minutes)) from refusal


class _Usage:
    """A counted try, as allauth takes it back."""

    def __init__(self, counted: Attempt) -> None:
        self.rollback = counted.forget


def too_many_tries(request: HttpRequest, minutes: int = WAIT_MINUTES) -> HttpResponse:
    """For `handler429`, and for tries that we count ourselves."""
    response = render(request, "429.html", {"minutes": minutes}, status=429)
    response["Retry-After"] = str(minutes * 60)
    return response
