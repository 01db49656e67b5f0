"""The four kinds of APIs that Baton's providers speak."""

from . import chat, google, messages, responses
from .dialect import Dialect

DIALECTS = (
    Dialect(chat.is_asked, chat.ask, chat.is_forced, chat.Pieces, chat.settle),
    Dialect(responses.is_asked, responses.ask, responses.is_forced, responses.Pieces, responses.settle),
    Dialect(messages.is_asked, messages.ask, messages.is_forced, messages.Pieces, messages.settle, messages.replay),
    Dialect(google.is_asked, google.ask, google.is_forced, google.Pieces, google.settle, needs_another_address=True),
)


def dialect_of(path: str) -> Dialect | None:
    return next((dialect for dialect in DIALECTS if dialect.is_asked(path)), None)
