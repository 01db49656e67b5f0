"""The settings of a source of the kind IMAP: the server, how to sign in, and what is read."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from django.conf import settings
from pydantic import Field, ValidationError, field_validator, model_validator

from channels.email.email_settings import EmailSettings
from data.errors import Refused
from data.network.addresses import URL_LIMIT, check_url
from data.texts.schema_errors import words_of

Tls = Literal["implicit", "starttls", "none"]
After = Literal["seen", "move", "delete", "leave"]


class MailboxSettings(EmailSettings):
    """The settings of a mailbox. `after`: what is done with a message that was taken in. `sign_in`: what the secret
    is; for `oauth` see `tokens`, where Baton gets tokens from `token_url`.
    """

    host: str = Field(min_length=1, max_length=253)
    port: int = Field(993, ge=1, le=65535)
    tls: Tls = "implicit"
    user: str = Field(min_length=1, max_length=320)
    sign_in: Literal["password", "xoauth2", "oauth"] = "password"
    token_url: str = Field("", max_length=URL_LIMIT)
    client_id: str = Field("", max_length=500)
    scope: str = Field("", max_length=1000)
    folder: str = Field("INBOX", min_length=1, max_length=200)
    after: After = "seen"
    move_to: str = Field("", max_length=200)

    @field_validator(
        *("host", "user", "folder", "move_to", "address", "verified_by", "token_url", "client_id", "scope"),
        mode="before",
    )
    @classmethod
    def _in_one_line(cls, value: Any) -> Any:
        value = value.strip() if isinstance(value, str) else value
        if isinstance(value, str) and any(ord(sign) < 32 or ord(sign) == 127 for sign in value):
            raise ValueError("This holds characters that cannot be shown. Remove them.")
        return value

    @model_validator(mode="after")
    def _fit(self) -> "MailboxSettings":
        if self.after == "move" and not self.move_to:
            raise ValueError("move_to: Say to which folder.")
        if self.sign_in == "oauth" and not self.token_url:
            raise ValueError("token_url: Required")
        if self.sign_in == "oauth" and not self.client_id:
            raise ValueError("client_id: Required")
        if not self.address and "@" in self.user:
            self.address = self.user
        return self


def mailbox_settings(said: Mapping[str, Any]) -> MailboxSettings:
    """Return the settings, or Refused at the fields that are wrong."""
    try:
        found = MailboxSettings.model_validate(said)
    except ValidationError as error:
        raise _refused(error) from error
    if re.search(r"[\s/@?#\\]", found.host):
        message = "Enter the name of a server, such as imap.example.com."
        raise Refused(message, "invalid", {"settings.host": message})
    try:
        check_url(f"https://{found.host}:{found.port}", "settings.host")
    except Refused as refusal:
        is_inside = "private" in refusal.message
        message = refusal.message if is_inside else "Enter the name of a server, such as imap.example.com."
        raise Refused(message, "invalid", {"settings.host": message}) from refusal
    if found.tls == "none" and not settings.BATON_ALLOW_PRIVATE_ADDRESSES:
        message = "Use implicit or starttls: without TLS anyone on the way reads the password."
        raise Refused(message, "invalid", {"settings.tls": message})
    if found.sign_in == "oauth":
        _check_token_url(found.token_url)
    return found


def _check_token_url(url: str) -> None:
    check_url(url, "settings.token_url")
    if not url.startswith("https://") and not settings.BATON_ALLOW_PRIVATE_ADDRESSES:
        message = "Use https: without it anyone on the way reads the tokens."
        raise Refused(message, "invalid", {"settings.token_url": message})


def _refused(error: ValidationError) -> Refused:
    fields = {}
    for item in error.errors():
        words = words_of(item)
        if not item["loc"]:
            name, _, words = words.partition(": ")
        else:
            name = str(item["loc"][0])
        fields[f"settings.{name}"] = words
    return Refused(" ".join(f"{name.partition('.')[2]}: {words}" for name, words in fields.items()), "invalid", fields)
