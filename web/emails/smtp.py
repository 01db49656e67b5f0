"""Django's SMTP backend, which also says when the server is about to get an email.

Until then the server can have nothing of it. From then on, until the server's answer is noted, nobody can know.
"""

import smtplib
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.mail.backends.smtp import EmailBackend

# Servers may look into an email before they answer. A client that hangs up too early never learns what they did.
_ANSWER_SECONDS = 120.0


class Backend(EmailBackend):
    """`before_content` is called when the server has accepted the sender and the recipients. What it raises keeps the
    email from being sent, and leaves the connection unusable.
    """

    before_content: Callable[[], object] = staticmethod(lambda: None)

    @property
    def connection_class(self) -> Any:
        return partial(_Smtps if self.use_ssl else _Smtp, self)


class _Smtp(smtplib.SMTP):
    def __init__(self, backend: Backend, *args: Any, **options: Any) -> None:
        self.backend = backend
        super().__init__(*args, **options)

    def data(self, msg: Any) -> Any:
        self.backend.before_content()
        assert self.sock
        self.sock.settimeout(_ANSWER_SECONDS)
        try:
            return super().data(msg)
        finally:
            if self.sock:
                self.sock.settimeout(self.timeout)


class _Smtps(_Smtp, smtplib.SMTP_SSL):
    """The same backend, with TLS from the start."""
