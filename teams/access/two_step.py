"""The second step of signing in: a code of an app, or a recovery code."""

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.utils.safestring import SafeString, mark_safe
from qrcode.main import QRCode

from data.secrets import Unreadable, seal, unseal
from teams.models import User

# What allauth keeps sealed of a second step, among other things: the app's secret, what recovery codes are made of.
SEALED = ("secret", "seed")


# Of members whose sign-in takes no code.
IS_MISSING = ~Exists(Authenticator.objects.filter(user=OuterRef("user"), type=Authenticator.Type.TOTP))


def is_on(user: User) -> bool:
    """Does signing in take a code of an app?"""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


class TwoStep(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This code is wrong, or was used before. Codes of the app change every 30 seconds.",
    }

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return unseal(encrypted_text)
        except Unreadable as error:
            raise ValidationError(
                "This server lost the key of your second step. Please ask the person who runs it."
            ) from error

    def build_totp_svg(self, url: str) -> SafeString:
        """One path without styles, which the content security policy would refuse."""
        code = QRCode(border=4)
        code.add_data(url)
        rows = code.get_matrix()
        dark = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark)
        return mark_safe(  # noqa: S308 - numbers only
            f'<svg viewBox="0 0 {len(rows)} {len(rows)}" role="img" aria-label="QR code for the app"'
            f' shape-rendering="crispEdges"><path d="{dark}" fill="black"/></svg>'
        )
