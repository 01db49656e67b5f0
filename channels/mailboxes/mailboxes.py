"""A mailbox at an IMAP server, and what Baton does there.

The standard library's client connects by a method that may be overridden, so that only checked addresses are reached.
"""

import asyncio
import binascii
import imaplib
import io
import re
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesHeaderParser
from typing import cast

import httpcore2

from channels.mime import headers
from channels.mime.reading import LIMIT
from data.network import addresses

from .mailbox_settings import MailboxSettings

_SECONDS = 30.0
_SEARCHED_AT_ONCE, _OVERLAP = 50_000, 1_000
_IDLE, _LISTEN_SECONDS, _MOST_LINES = b"IDLE1", 2.0, 10_000
_KEPT_HEADERS = ("From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "References", "In-Reply-To")


class MailboxProblem(Exception):
    """Why the mailbox cannot be used, in a sentence for people."""


class SignInProblem(MailboxProblem):
    """The server does not take the password or token."""


class _CheckedClient(imaplib.IMAP4):
    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        super().__init__(host, port, _SECONDS)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        self.host, self.port = host, port
        plain = _connected(host, port, timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=host) if self._tls else plain
        self.file = self.sock.makefile("rb")


def _connected(host: str, port: int, timeout: float | None) -> socket.socket:
    failed: OSError | None = None
    # Connected by the address that was checked: the name could lead elsewhere a moment later.
    for address in asyncio.run(addresses.resolve(host, port)):
        try:
            return socket.create_connection((str(address), port), timeout)
        except OSError as error:
            failed = error
    raise failed or OSError(f"{host} was not found.")


@dataclass
class Mailbox:
    """An open folder. `validity`: the ids of its messages hold as long as this number does."""

    client: imaplib.IMAP4
    settings: MailboxSettings
    abilities: frozenset[str]
    size: int
    validity: int
    next_id: int

    def ids(self, *criteria: str) -> list[int]:
        """Return the ids of all messages that fit, in order."""
        if self.size <= _SEARCHED_AT_ONCE:
            return sorted(self._search(*criteria))
        found: set[int] = set()
        # In portions, as the client reads no answer of more than a million bytes. They overlap, since messages that
        # others delete in the meantime move the later ones down.
        for first in range(1, self.size, _SEARCHED_AT_ONCE - _OVERLAP):
            last = first + _SEARCHED_AT_ONCE - 1
            found |= self._search(f"{first}:{last if last < self.size else '*'}", *criteria)
        return sorted(found)

    def ids_after(self, last: int) -> list[int]:
        criteria = ("UID", f"{last + 1}:*")
        # A range to * always has the last message.
        is_few = self.next_id - last < _SEARCHED_AT_ONCE
        return sorted(id for id in (self._search(*criteria) if is_few else self.ids(*criteria)) if id > last)

    def _search(self, *criteria: str) -> set[int]:
        [found] = self._asked("SEARCH", *criteria)[:1] or [b""]
        return {int(id) for id in found.split()} if isinstance(found, bytes) else set()

    def read(self, id: int) -> bytes | None:
        """Return the message without marking it as read, or what stands for one that is too large. None: it is gone."""
        found = _literal(self._asked("FETCH", str(id), "(RFC822.SIZE BODY.PEEK[HEADER])"))
        if found is None:
            return None
        said, head = found
        size = re.search(rb"RFC822\.SIZE (\d+)", said)
        # The size is asked for first, so that a huge message is never fetched.
        if size and int(size[1]) > LIMIT:
            return _too_large(BytesHeaderParser().parsebytes(head), int(size[1]))
        whole = _literal(self._asked("FETCH", str(id), "(BODY.PEEK[])"))
        return whole[1] if whole else None

    def newest_at(self) -> datetime | None:
        """Return when the newest message came, by the server's clock."""
        with _problems(self.settings):
            _, answer = self.client.fetch("*", "(INTERNALDATE)") if self.size else ("", [])
        moment = imaplib.Internaldate2tuple(answer[0]) if answer and isinstance(answer[0], bytes) else None
        return datetime.fromtimestamp(time.mktime(moment), UTC) if moment else None

    def finish(self, id: int) -> None:
        """Do with a message that was taken in what the settings say. Doing it again does no harm."""
        match self.settings.after:
            case "seen":
                self._asked("STORE", str(id), "+FLAGS.SILENT", r"(\Seen)")
            case "delete":
                self._delete(id)
            case "move":
                folder = quoted(self.settings.move_to)
                # Older servers have no MOVE (RFC 6851): there a message is copied, then deleted.
                if "MOVE" in self.abilities:
                    self._asked("MOVE", str(id), folder)
                else:
                    self._asked("COPY", str(id), folder)
                    self._delete(id)

    def _delete(self, id: int) -> None:
        self._asked("STORE", str(id), "+FLAGS.SILENT", r"(\Deleted)")
        # Without UIDPLUS all messages marked as deleted go, also those that others marked.
        if "UIDPLUS" in self.abilities:
            self._asked("EXPUNGE", str(id))
        else:
            self.client.expunge()

    # --- News ----------------------------------------------------------------------------------

    @property
    def can_tell(self) -> bool:
        """Whether the server can say by itself when a message comes."""
        return "IDLE" in self.abilities

    def listen(self, is_wanted: Callable[[], bool], seconds: float) -> bool:
        """Wait until the server says that a message has come. False: the time is over, it said something else, or it is
        no longer wanted.
        """
        with _problems(self.settings):
            self.client.send(b"%b IDLE\r\n" % _IDLE)
            self._read_until(b"+")
            ends = time.monotonic() + seconds
            while is_wanted() and time.monotonic() < ends and not self._has_news():
                pass
            self.client.send(b"DONE\r\n")
            return any(b" EXISTS" in line for line in self._read_until(_IDLE + b" OK"))

    def _read_until(self, begins: bytes) -> list[bytes]:
        lines: list[bytes] = []
        for _ in range(_MOST_LINES):
            line = self.client.readline()
            if not line or (line.startswith(_IDLE) and not line.startswith(begins)):
                raise MailboxProblem(f"The server ended IDLE: {_words([line])}")
            if line.startswith(begins):
                return lines
            lines.append(line)
        raise MailboxProblem("The server says too much.")

    def _has_news(self) -> bool:
        """Wait a little for something to read."""
        # What was read with the line before is no longer in the socket.
        self.client.sock.settimeout(0)
        try:
            if cast(io.BufferedReader, self.client.file).peek(1):
                return True
        except ssl.SSLWantReadError:
            pass
        finally:
            self.client.sock.settimeout(_SECONDS)
        return bool(select.select([self.client.sock], [], [], _LISTEN_SECONDS)[0])

    def _asked(self, command: str, *arguments: str) -> list[object]:
        status, answer = self.client.uid(command, *arguments)
        if status != "OK":
            raise MailboxProblem(f"The server refused {command}: {_words(answer)}")
        return answer


@contextmanager
def opened(settings: MailboxSettings, secret: str) -> Iterator[Mailbox]:
    """Sign in and open the folder. MailboxProblem says what went wrong, then or later."""
    client: imaplib.IMAP4 | None = None
    try:
        with _problems(settings):
            client = _connect(settings)
            _sign_in(client, settings, secret)
            # Many servers can do more once someone has signed in.
            abilities = frozenset(str(client.capability()[1][-1], "ascii", "replace").upper().split())
            status, answer = client.select(quoted(settings.folder))
            if status != "OK":
                raise MailboxProblem(f"There is no folder “{settings.folder}”: {_words(answer)}")
            size = int(answer[0] or 0)
            yield Mailbox(client, settings, abilities, size, _number(client, "UIDVALIDITY"), _number(client, "UIDNEXT"))
    finally:
        if client is not None:
            with suppress(OSError, imaplib.IMAP4.error):
                client.logout()


@contextmanager
def _problems(settings: MailboxSettings) -> Iterator[None]:
    """Say in a sentence for people what goes wrong within."""
    try:
        yield
    except imaplib.IMAP4.error as error:
        raise MailboxProblem(f"The server said: {_words([error])}") from error
    except httpcore2.ConnectError as error:
        raise MailboxProblem(str(error)) from error
    except ssl.SSLCertVerificationError as error:
        words = error.verify_message.rstrip(".")
        raise MailboxProblem(f"The certificate of {settings.host} is not accepted: {words}.") from error
    except ssl.SSLError as error:
        raise MailboxProblem(f"No secure connection to {settings.host}: {error.reason or error}.") from error
    except OSError as error:
        raise MailboxProblem(f"{settings.host} cannot be reached: {error.strerror or error}.") from error


def _connect(settings: MailboxSettings) -> imaplib.IMAP4:
    # Certificates are checked: a mailbox's password must not go to any server that answers.
    context = ssl.create_default_context()
    client = _CheckedClient(settings.host, settings.port, context if settings.tls == "implicit" else None)
    if settings.tls == "starttls":
        client.starttls(context)
    return client


def _sign_in(client: imaplib.IMAP4, settings: MailboxSettings, secret: str) -> None:
    user = settings.user
    try:
        if settings.sign_in in ("xoauth2", "oauth"):
            client.authenticate("XOAUTH2", lambda _: f"user={user}\x01auth=Bearer {secret}\x01\x01".encode())
        # LOGIN carries ASCII only, so others sign in with PLAIN, which takes UTF-8.
        elif secret.isascii() and user.isascii():
            client.login(user, secret)
        else:
            client.authenticate("PLAIN", lambda _: f"\0{user}\0{secret}".encode())
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise SignInProblem(f"Baton could not sign in as {user}: {_words([error])}") from error


def _number(client: imaplib.IMAP4, name: str) -> int:
    _, [found, *_] = client.response(name)
    return int(found) if found else 0


def _literal(answer: Sequence[object]) -> tuple[bytes, bytes] | None:
    """The first literal of an answer, with what was said around it."""
    said = b" ".join(part for part in answer if isinstance(part, bytes))
    for part in answer:
        if isinstance(part, tuple):
            return part[0] + b" " + said, part[1]
    return None


def _words(answer: Sequence[object]) -> str:
    parts = [part.decode(errors="replace") if isinstance(part, bytes) else str(part) for part in answer if part]
    words = " ".join(" ".join(parts).removeprefix("b'").split())[:200] or "no reason given"
    return words if words.endswith(".") else f"{words}."


def quoted(folder: str) -> str:
    """A folder's name as IMAP writes it: in modified UTF-7, within quotes."""
    written = re.sub(r"[^\x20-\x7e]+", lambda found: _in_base64(found[0]), folder.replace("&", "&-"))
    return '"' + written.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _in_base64(text: str) -> str:
    packed = binascii.b2a_base64(text.encode("utf-16-be"), newline=False).decode()
    return f"&{packed.rstrip('=').replace('/', ',')}-"


def _too_large(message: Message, size: int) -> bytes:
    """What is taken in instead of a message that is larger than Baton keeps. It stays in the mailbox."""
    lines = [f"{name}: {value}" for name in _KEPT_HEADERS if (value := headers.raw(message, name))]
    words = f"This email has {size // 1_000_000} MB, more than Baton takes in. It is still in the mailbox."
    return "\n".join([*lines, "Content-Type: text/plain; charset=utf-8", "", words, ""]).encode(
        "utf-8", "surrogateescape"
    )
