"""Secrets in the database: sealed, so that a copy of the database alone gives none away.

The keys are those of BATON_ENCRYPTION_KEYS, the newest first; SECRET_KEY's own comes last, so that what was sealed
before there were others can still be opened.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """Sealed with a key that is no longer known."""


def seal(text: str) -> str:
    return _keys().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable from None


def reseal(sealed: str) -> str:
    """The same with the newest key, so that older ones can go. Raises Unreadable."""
    try:
        return _keys().rotate(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable from None


def _keys() -> MultiFernet:
    return MultiFernet([_key(key) for key in [*settings.BATON_ENCRYPTION_KEYS, settings.SECRET_KEY]])


def _key(phrase: str) -> Fernet:
    """Of any long text. Apart from whatever else is derived from it, e.g. Django's signatures."""
    derived = HKDF(SHA256(), length=32, salt=None, info=b"baton: secrets in the database").derive(phrase.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
