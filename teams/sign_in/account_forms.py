"""What people fill in to sign in, and about their own account: allauth's forms in our words."""

from typing import Any, ClassVar

from allauth.account import forms as account
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.internal.flows.manage_email import emit_email_changed
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as two_step
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from django import forms
from django.core.mail import mailers
from django.http import HttpRequest

from data.errors import Refused
from teams.models import User
from teams.people import accounts
from web.forms.messages import FriendlyErrors, PageForm

from .adapter import counted

_NEW = "At least 10 characters; a few words that only you would put together are best."


# What a code may belong to, the app before the recovery codes.
_BY_CODE = [Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES]


class _Plain(FriendlyErrors):
    """No placeholders, no lists of rules in HTML; labels and help are ours."""

    labels: ClassVar[dict[str, str]] = {}
    helps: ClassVar[dict[str, str]] = {}
    focus: ClassVar[str] = ""
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)
            field.help_text = self.helps.get(name, "")
            if name == self.focus:
                field.widget.attrs["autofocus"] = True


class SignIn(_Plain, account.LoginForm):  # type: ignore[misc]
    labels = {"login": "Email address"}
    focus = "login"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class ResetPassword(_Plain, account.ResetPasswordForm):  # type: ignore[misc]
    labels = {"email": "Email address"}
    focus = "email"
    users: list[User]

    def clean_email(self) -> str:
        email: str = super().clean_email()
        # No one signs in by an address that is not confirmed yet.
        self.users = [user for user in self.users if user.email == email.lower()]
        return email

    def clean(self) -> dict[str, Any]:
        if "default" not in mailers:
            raise forms.ValidationError("This Baton sends no email.")
        if email := self.cleaned_data.get("email"):
            counted(context.request, "reset_link", email)
        return super().clean() or {}


class NewPassword(_Plain, account.ResetPasswordKeyForm):  # type: ignore[misc]
    labels = {"password1": "New password", "password2": "New password again"}
    focus = "password1"
    helps = {"password1": _NEW}


class ChangePassword(_Plain, account.ChangePasswordForm):  # type: ignore[misc]
    labels = {"oldpassword": "Current password", "password1": "New password", "password2": "New password again"}
    helps = {"password1": _NEW}


class SetPassword(_Plain, account.SetPasswordForm):  # type: ignore[misc]
    labels = {"password1": "New password", "password2": "New password again"}
    helps = {"password1": _NEW}


class Reauthenticate(_Plain, account.ReauthenticateForm):  # type: ignore[misc]
    labels = {"password": "Your password"}
    focus = "password"


class _Code(_Plain):
    labels = {"code": "Code"}
    focus = "code"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}


class _OwnCode(_Code):
    """Of someone with a second step. Codes are counted as passwords are: allauth counts them by person alone, so that
    one who has the password keeps the right person out."""

    user: User
    authenticator: Authenticator

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        tried = counted(context.request, "code", self.user.email)
        rows = list(Authenticator.objects.filter(user=self.user, type__in=_BY_CODE).order_by("-type"))
        for row in rows:
            if row.wrap().validate_code(code):
                row.user = self.user
                self.authenticator = row
                tried.forget()
                return code
        for row in rows[:1]:
            self._emit_authentication_failed(row)  # type: ignore[attr-defined]
        raise get_adapter().validation_error("incorrect_code")


class TwoStepCode(_OwnCode, two_step.AuthenticateForm):  # type: ignore[misc]
    pass


class TwoStepCodeAgain(_OwnCode, two_step.ReauthenticateForm):  # type: ignore[misc]
    pass


class FirstCode(_Code, totp.ActivateTOTPForm):  # type: ignore[misc]
    labels = {"code": "The code that the app shows now"}


class ChangeEmail(_Plain, account.AddEmailForm):  # type: ignore[misc]
    """With an email server the new address is confirmed by a link sent to it; without, it holds at once."""

    labels = {"email": "New email address"}

    def clean_email(self) -> str:
        email: str = super().clean_email()
        if "default" not in mailers:
            try:
                accounts.refuse_a_taken_address(email, self.user)
            except Refused as refusal:
                raise forms.ValidationError(refusal.message) from refusal
        return email

    def save(self, request: HttpRequest) -> EmailAddress:
        user: User = self.user
        if "default" not in mailers:
            before = EmailAddress(user=user, email=user.email)
            address = accounts.change_email(user, self.cleaned_data["email"], verified=False)
            emit_email_changed(request, before, address)
            return address
        # The address until now stays, even one that was never confirmed.
        EmailAddress.objects.filter(user=user, verified=False).exclude(email=user.email).delete()
        address = EmailAddress.objects.create(user=user, email=self.cleaned_data["email"])
        send_verification_email_to_address(request, address)
        return address


class NameForm(PageForm):
    name = forms.CharField(
        label="Name",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text="What others of your teams see you as.",
    )

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
