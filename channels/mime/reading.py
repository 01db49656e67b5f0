"""An email's bytes, read into what a case needs. It never raises: what cannot be read is said, and nothing is lost.

The parts are walked by their structure, with bounds on their number and depth. Of alternatives the plain text is taken,
else the HTML. Everything that is no text becomes a file.
"""

import email
import email.policy
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message
from email.parser import BytesHeaderParser

from cases.collaboration.attachments import FILE_LIMIT, FILES_AT_ONCE, clean_name
from data.texts.text import storable

from . import headers, histories, html_texts, invitations, outlook

# Of an email as it comes.
LIMIT = 50 * 1024 * 1024
_MOST_PARTS, _DEEPEST = 500, 25
_LONGEST_PART, _LONGEST_TEXT = 4 * 1024 * 1024, 60_000
_LONGEST_SUBJECT = 500
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
_SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_FORWARDS = ("fw:", "fwd:", "wg:", "tr:", "rv:", "i:", "vs:", "doorst:", "转发:")
_ANSWERS = ("re:", "aw:", "sv:", "antw:", "odp:", "ynt:", "回复:", "rif:", "r:")


@dataclass(frozen=True)
class EmailFile:
    """A file of an email. `kind`: the type that its sender gives."""

    name: str
    kind: str
    data: bytes


@dataclass(frozen=True)
class Email:
    """An email as it was read. `notes`: what could not be read or kept, in sentences. `text` is without quoted
    history.
    """

    message: Message = field(repr=False)
    sender: str
    sender_name: str
    reply_to: str
    recipients: tuple[str, ...]
    subject: str
    message_id: str
    references: tuple[str, ...]
    sent_at: datetime | None
    text: str
    files: tuple[EmailFile, ...] = ()
    notes: tuple[str, ...] = ()
    is_unreadable: bool = False


@dataclass
class _Found:
    texts: list[str] = field(default_factory=list)
    files: list[EmailFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    parts: int = 0

    def note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)


def read(content: bytes) -> Email:
    message, is_whole = _parsed(content)
    subject = headers.text(message, "subject")[:_LONGEST_SUBJECT]
    references = headers.ids([*headers.all_of(message, "references"), *headers.all_of(message, "in-reply-to")])
    found, is_answer = _Found(), _is_answer(subject, references)
    if is_whole:
        try:
            found.texts = list(_texts(message, found, is_answer, 0))
        except Exception:  # one broken part must not lose the others: what was found so far stays
            found.note("A part of this email could not be read. The email as it came is kept.")
    text = _joined(found.texts)
    text = histories.without_history(text) if is_answer else text
    is_unreadable = not is_whole or not message.keys() or not (text or found.files or subject)
    if is_unreadable:
        found.note("This email could not be read. Download it as it came to see what it holds.")
    if len(text) > _LONGEST_TEXT:
        text = text[:_LONGEST_TEXT].rstrip() + " …"
        found.note("The text is longer than shown here. The email as it came holds all of it.")
    sender_name, sender = _sender(message)
    return Email(
        message=message,
        sender=sender,
        sender_name=sender_name,
        reply_to=next((address for _, address in headers.addresses(headers.all_of(message, "reply-to"))), ""),
        recipients=_recipients(message),
        subject=subject,
        message_id=_message_id(message, content),
        references=tuple(references[:1] + references[1:][-49:]),
        sent_at=headers.moment(message, "date"),
        text=str(storable(text)),
        files=_bounded(found),
        notes=tuple(found.notes),
        is_unreadable=is_unreadable,
    )


def _parsed(content: bytes) -> tuple[Message, bool]:
    try:
        message = email.message_from_bytes(content, policy=email.policy.compat32)
    except Exception:  # such as RecursionError, by a thousand nested parts
        try:
            return BytesHeaderParser(policy=email.policy.compat32).parsebytes(content[:1_000_000]), False
        except Exception:
            return Message(), False
    return message, True


def _is_answer(subject: str, references: list[str]) -> bool:
    begins = subject.lower()
    if begins.startswith(_FORWARDS):
        return False
    return bool(references) or begins.startswith(_ANSWERS)


def _sender(message: Message) -> tuple[str, str]:
    for name in ("from", "sender", "return-path"):
        if found := headers.addresses(headers.all_of(message, name)):
            return found[0][0], found[0][1][:320]
    return "", ""


_RECIPIENTS = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to")


def _recipients(message: Message) -> tuple[str, ...]:
    """Whom it is meant for and whom it was delivered to: the latter knows more where someone forwarded or copied it."""
    values = [value for name in _RECIPIENTS for value in headers.all_of(message, name)]
    return tuple(dict.fromkeys(address for _, address in headers.addresses(values)))


def _message_id(message: Message, content: bytes) -> str:
    """Return the email's own id, or one made of what is the same in every copy of it: without what servers on its way
    add.
    """
    own = headers.raw(message, "message-id")
    if found := headers.ids([own]):
        return found[0]
    if own and len(own) < 900 and own.isascii():
        return headers.kept_id(f"<{own.strip('<> ')}>".replace(" ", ""))
    body = content.partition(b"\r\n\r\n")[2] or content.partition(b"\n\n")[2]
    same = [headers.raw(message, name) for name in ("from", "to", "date", "subject")]
    digest = hashlib.sha256(repr(same).encode("utf-8", "surrogateescape") + body.replace(b"\r\n", b"\n"))
    return f"<{digest.hexdigest()}@no-id>"


# --- Its parts -------------------------------------------------------------------------------


def _texts(part: Message, found: _Found, is_answer: bool, depth: int) -> Iterator[str]:
    """The texts of a part and those within it. Its files are added to what is found."""
    found.parts += 1
    if found.parts > _MOST_PARTS or depth > _DEEPEST:
        found.note("This email has more parts than Baton reads. The email as it came holds all of them.")
        return
    kind = _kind(part)
    if kind == "message/rfc822" or (kind.startswith("message/") and part.is_multipart()):
        found.files.append(_forwarded(part, kind))
    elif kind == "multipart/alternative":
        yield from _best_of(part, found, is_answer, depth)
    elif part.is_multipart():
        for inner in _inner(part):
            yield from _texts(inner, found, is_answer, depth + 1)
    else:
        yield from _leaf(part, kind, found, is_answer)


def _inner(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _best_of(part: Message, found: _Found, is_answer: bool, depth: int) -> Iterator[str]:
    """Return, of several ways to say the same, the first that says something, plain text first. The files of the others
    stay.
    """
    inner = sorted(_inner(part), key=lambda one: (_kind(one) == "text/calendar", _kind(one) != "text/plain"))
    chosen: list[str] = []
    for one in inner:
        texts = [text for text in _texts(one, found, is_answer, depth + 1) if text.strip()]
        if not chosen or _kind(one) == "text/calendar":
            chosen += texts
    yield from chosen


def _leaf(part: Message, kind: str, found: _Found, is_answer: bool) -> Iterator[str]:
    data, name = _data(part), _name(part)
    is_file = (part.get_content_disposition() or "") == "attachment" or bool(name)
    if kind in _TNEF or name.lower() == "winmail.dat":
        yield from _unpacked(data, found)
    elif kind in _SEALED or (kind == "application/octet-stream" and name.lower() == "encrypted.asc"):
        found.note("This email is encrypted. Baton cannot read it.")
        found.files.append(EmailFile(name or "smime.p7m", kind, data))
    elif kind == "text/calendar":
        found.files.append(EmailFile(name or "invite.ics", kind, data))
        yield invitations.in_words(headers.decoded(data[:_LONGEST_PART], _charset(part)))
    elif (kind in ("text/plain", "text/html") or kind.startswith("multipart/")) and not is_file:
        if len(data) > _LONGEST_PART:
            found.note("The text is longer than shown here. The email as it came holds all of it.")
        text = headers.decoded(data[:_LONGEST_PART], _charset(part))
        yield html_texts.text_of(text, is_answer=is_answer) if kind == "text/html" else _flowed(part, text)
    elif data or name:
        found.files.append(EmailFile(name or f"part-{found.parts}{_ENDINGS.get(kind, '')}", kind, data))


_ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "application/pdf": ".pdf"} | {
    "text/html": ".html",
    "text/plain": ".txt",
    "text/csv": ".csv",
}


def _unpacked(data: bytes, found: _Found) -> Iterator[str]:
    packed = outlook.unpack(data)
    if packed is None:
        found.note("Outlook packed this email into winmail.dat, which could not be unpacked.")
        found.files.append(EmailFile("winmail.dat", "application/ms-tnef", data))
        return
    found.files += [EmailFile(name, "application/octet-stream", content) for name, content in packed.files]
    if packed.text and not any(text.strip() for text in found.texts):
        yield packed.text


def _forwarded(part: Message, kind: str) -> EmailFile:
    inner = next(iter(_inner(part)), None)
    if inner is None:
        return EmailFile(_name(part) or "message.eml", kind, _data(part))
    try:
        data = inner.as_bytes()
    except Exception:  # headers that it can read and not write
        data = str(inner.get_payload()).encode("utf-8", "surrogateescape")
    subject = headers.text(inner, "subject")[:80]
    return EmailFile(_name(part) or f"{subject or 'message'}.eml", kind, data)


def _kind(part: Message) -> str:
    try:
        return part.get_content_type()
    except Exception:
        return "text/plain"


def _charset(part: Message) -> str | None:
    try:
        return part.get_content_charset()
    except Exception:
        return None


def _name(part: Message) -> str:
    try:
        name = part.get_filename() or ""
    except Exception:
        return ""
    return clean_name(headers.readable(str(name)[:1000])) if name else ""


def _data(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except Exception:
        payload = None
    if isinstance(payload, bytes):
        return payload
    return str(part.get_payload() or "").encode("utf-8", "surrogateescape")


def _flowed(part: Message, text: str) -> str:
    """Lines as they were typed, where the sender says that a blank at the end of a line means that it goes on."""
    try:
        if str(part.get_param("format", "")).lower() != "flowed":
            return text
    except Exception:
        return text
    lines: list[str] = []
    for line in text.splitlines():
        goes_on = bool(lines) and lines[-1].endswith(" ") and lines[-1].strip() not in ("", "--")
        if goes_on and not line.startswith(">") and line.strip():
            lines[-1] += line.removeprefix(" ")
        else:
            lines.append(line.removeprefix(" "))
    return "\n".join(lines)


def _joined(texts: list[str]) -> str:
    said = [text.replace("\r\n", "\n").replace("\r", "\n").strip() for text in texts]
    return _without_controls("\n\n".join(text for text in said if text))


def _without_controls(text: str) -> str:
    return "".join(char for char in text if char in "\n\t" or ord(char) >= 32)


def _bounded(found: _Found) -> tuple[EmailFile, ...]:
    """The files that a case can have; of the others the notes tell."""
    kept: list[EmailFile] = []
    for file in found.files:
        if len(file.data) > FILE_LIMIT:
            found.note(f"{clean_name(file.name)} is too large to attach. The email as it came holds it.")
        elif len(kept) == FILES_AT_ONCE:
            found.note(f"Only {FILES_AT_ONCE} files are attached. The email as it came holds all of them.")
        else:
            kept.append(file)
    return tuple(kept)
