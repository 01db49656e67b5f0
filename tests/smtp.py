"""A mail server: a real one on this machine that keeps what it gets and refuses as told."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class MailServer:
    """`refuses`: addresses that it answers `refusal` for. `hangs_up`: it closes each connection at once. `breaks_at`:
    it closes the connection instead of answering `RCPT`, or the end of an email's content (`end`), which it keeps.
    """

    def __init__(self, port: int = 0, keep: Callable[[EmailMessage], object] | None = None) -> None:
        self.got: list[EmailMessage] = []
        self._keep = keep or self.got.append
        self.refuses: set[str] = set()
        self.refusal = "550 No such person"
        self.hangs_up = False
        self.breaks_at = ""
        self._server = _Server(("127.0.0.1", port), self._handler())
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(server) -> type[socketserver.StreamRequestHandler]:
        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                if not server.hangs_up:
                    self.say("220 here")
                    self.talk()

            def talk(self) -> None:
                while line := self.rfile.readline():
                    word, _, rest = line.decode().strip().partition(" ")
                    if word.upper() == server.breaks_at:
                        break
                    match word.upper():
                        case "RCPT" if any(f"<{address}>" in rest for address in server.refuses):
                            self.say(server.refusal)
                        case "DATA":
                            self.say("354 go on")
                            server._keep(self.read())
                            if server.breaks_at == "end":
                                break
                            self.say("250 kept")
                        case "QUIT":
                            self.say("221 bye")
                            break
                        case _:
                            self.say("250 fine")

            def say(self, words: str) -> None:
                self.wfile.write(f"{words}\r\n".encode())

            def read(self) -> EmailMessage:
                lines = []
                while (line := self.rfile.readline()) != b".\r\n":
                    lines.append(line.removeprefix(b".").replace(b"\r\n", b"\n"))
                message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
                assert isinstance(message, EmailMessage)
                return message

        return Handler


def text_of(message: EmailMessage) -> str:
    return _part(message, "plain")


def html_of(message: EmailMessage) -> str:
    return _part(message, "html")


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part, f"the email has no {kind} part"
    return str(part.get_content())


@pytest.fixture
def mail_server(settings) -> Iterator[MailServer]:
    running = MailServer()
    options = {"host": "127.0.0.1", "port": running.port, "timeout": 5}
    settings.MAILERS = {"default": {"BACKEND": "web.emails.smtp.Backend", "OPTIONS": options}}
    yield running
    running.close()
