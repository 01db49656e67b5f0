"""A real IMAP server on this machine: Dovecot, with one mailbox."""

import imaplib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests import children

BINARY = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")
USER, PASSWORD = "support@shop.example", "geheim & ünique"
_NOBODY = 65534
_SETTINGS = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
mail_location = maildir:{folder}/mail
first_valid_uid = 1
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = scheme=plain {folder}/users
}}
passdb {{
  driver = static
  mechanisms = xoauth2
  args = password=token
}}
userdb {{
  driver = static
  args = uid={nobody} gid={nobody} home={folder}
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
namespace inbox {{
  inbox = yes
  mailbox Done {{
    auto = create
  }}
}}
"""


class Dovecot:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        (folder / "mail").mkdir()
        (folder / "users").write_text(f"{USER}:{PASSWORD}:::::\n")
        os.chown(folder / "mail", _NOBODY, _NOBODY)
        (folder / "conf").write_text(_SETTINGS.format(folder=folder, port=self.port, nobody=_NOBODY))
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        assert BINARY
        self.process = children.start([BINARY, "-F", "-c", self.folder / "conf"], stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(OSError, imaplib.IMAP4.error), imaplib.IMAP4("127.0.0.1", self.port, 5):
                return
            assert self.process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.05)
        raise AssertionError("Dovecot does not answer.")

    def stop(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
            self.process = None

    def client(self) -> imaplib.IMAP4:
        client = imaplib.IMAP4("127.0.0.1", self.port, 30)
        client.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
        return client

    def put(self, *contents: bytes, folder: str = "INBOX") -> None:
        with self.client() as client:
            for content in contents:
                assert client.append(folder, "", "", content.replace(b"\n", b"\r\n"))[0] == "OK"

    def flags(self, folder: str = "INBOX") -> list[str]:
        """Of each message in a folder, in order."""
        with self.client() as client:
            client.select(folder, readonly=True)
            if client.search(None, "ALL")[1] == [b""]:
                return []
            _, found = client.fetch("1:*", "(FLAGS)")
            return [row.partition(b"FLAGS ")[2].decode() for row in found if isinstance(row, bytes)]

    @property
    def settings(self) -> dict[str, object]:
        return {"host": "127.0.0.1", "port": self.port, "tls": "none", "user": USER}


@pytest.fixture
def dovecot(settings) -> Iterator[Dovecot]:
    if BINARY is None or os.getuid():
        pytest.skip("Dovecot is not installed, or the tests do not run as root")
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = True
    with tempfile.TemporaryDirectory(prefix="dovecot", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        running = Dovecot(Path(folder))
        try:
            yield running
        finally:
            running.stop()
