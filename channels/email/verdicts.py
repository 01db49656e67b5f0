"""Which emails make no case: automatic answers, bounces, what lists send, and what Baton sent itself.

Programs say what they are in their headers (RFC 3834, RFC 3464, RFC 2919), and some only in the subject.
"""

import re
from dataclasses import dataclass
from email.message import Message
from typing import Literal

from channels.mime import headers
from channels.mime.reading import Email

Kind = Literal["bounce", "automatic", "list", "own"]

_AUTOMATIC_HEADERS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-mail-autoreply")
_LIST_HEADERS = ("list-id", "list-post", "list-unsubscribe", "mailing-list", "x-mailinglist")
_SAYS_AUTOMATIC = re.compile(
    r"^(?:automatic reply|auto(?:matic)?[- ]?response|auto[- ]?reply|autoreply|out of (?:the )?office|"
    r"automatische antwort|abwesenheitsnotiz|abwesend|réponse automatique|respuesta automática|risposta automatica|"
    r"automatisch antwoord|autosvar|resposta automática|automaattinen vastaus|自动回复|自動返信)\b\s?[:：]?",
    re.IGNORECASE,
)
_DAEMONS = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon|mdaemon)@", re.IGNORECASE)
_SAYS_BOUNCE = re.compile(
    r"^(?:undeliver(?:ed|able)|mail delivery (?:failed|failure|system)|delivery (?:status notification|failure)|"
    r"returned mail|failure notice|unzustellbar|message not delivered|mail system error)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Verdict:
    kind: Kind
    reason: str


def verdict(email: Email, own: set[str]) -> Verdict | None:
    """Why it makes no case, or None where a person wrote it."""
    message = email.message
    if _is_bounce(email):
        return Verdict("bounce", "It says that a message could not be delivered.")
    if email.sender and headers.same_address(email.sender) in own:
        return Verdict("own", "It comes from an address of Baton itself.")
    if _is_automatic(email):
        return Verdict("automatic", "It is an automatic answer or notification.")
    precedence = headers.raw(message, "precedence").lower()
    if precedence in ("bulk", "list", "junk") or any(headers.raw(message, name) for name in _LIST_HEADERS):
        return Verdict("list", "It was sent to a list.")
    return None


def _is_bounce(email: Email) -> bool:
    message = email.message
    if message.get_content_type() == "multipart/report" and "disposition-notification" not in _report_type(message):
        return True
    if headers.raw(message, "return-path").replace(" ", "") == "<>" and not _is_automatic(email):
        return True
    return bool(_DAEMONS.match(email.sender)) and bool(_SAYS_BOUNCE.match(email.subject))


def _report_type(message: Message) -> str:
    return headers.raw(message, "content-type").lower()


def _is_automatic(email: Email) -> bool:
    message = email.message
    says = headers.raw(message, "auto-submitted").partition(";")[0].strip().lower()
    if says not in ("", "no") or any(headers.raw(message, name) for name in _AUTOMATIC_HEADERS):
        return True
    if headers.raw(message, "precedence").lower() in ("auto_reply", "auto-reply"):
        return True
    return "disposition-notification" in _report_type(message) or bool(_SAYS_AUTOMATIC.match(email.subject))


# --- Which message came back -----------------------------------------------------------------


def returned(email: Email) -> tuple[list[str], str]:
    """Return, of a bounce, the ids of the message that it may be about, and why it was not delivered. A report that it
    is only late gives no id.
    """
    ids, why, is_late = list(email.references), "", False
    for part in _parts(email.message):
        match part.get_content_type():
            case "message/delivery-status":
                for block in _blocks(part):
                    is_late = is_late or headers.raw(block, "action").lower() in ("delayed", "delivered", "relayed")
                    why = why or headers.text(block, "diagnostic-code") or headers.text(block, "status")
            case "message/rfc822" | "text/rfc822-headers":
                ids += headers.ids(re.findall(r"(?im)^message-id:\s*(<[^<>\s]{1,900}>)", _headers_of(part)))
    return ([] if is_late else list(dict.fromkeys(ids))), why[:300]


def _parts(message: Message) -> list[Message]:
    found: list[Message] = []
    waiting = [message]
    while waiting and len(found) < 50:
        part = waiting.pop(0)
        found.append(part)
        if part.get_content_maintype() == "multipart":
            waiting += _blocks(part)
    return found


def _blocks(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _headers_of(part: Message) -> str:
    if inner := _blocks(part):
        return f"Message-ID: {headers.raw(inner[0], 'message-id')}"
    return str(part.get_payload())[:100_000]
