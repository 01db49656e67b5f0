"""A real IMAP server on this machine: Dovecot, with one mailbox."""

import imaplib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

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
{tls}
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
    port = {tls_port}
    ssl = yes
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
    """`tls_names`: whom its certificate is for, signed by an authority whose own one is in `ca`; none: no TLS."""

    def __init__(self, folder: Path, *tls_names: str) -> None:
        self.folder, self.ca = folder, folder / "ca.pem"
        with socket.socket() as free, socket.socket() as other:
            free.bind(("127.0.0.1", 0))
            other.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
            self.tls_port: int = other.getsockname()[1] if tls_names else 0
        (folder / "mail").mkdir()
        (folder / "users").write_text(f"{USER}:{PASSWORD}:::::\n")
        os.chown(folder / "mail", _NOBODY, _NOBODY)
        tls = _with_certificate(folder, tls_names) if tls_names else "ssl = no"
        ports = {"port": self.port, "tls_port": self.tls_port}
        (folder / "conf").write_text(_SETTINGS.format(folder=folder, nobody=_NOBODY, tls=tls, **ports))
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

    def kill(self) -> None:
        if self.process:
            self.process.kill()
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

    def flag(self, flag: str) -> None:
        """Set a flag on all messages of the folder."""
        with self.client() as client:
            client.select("INBOX")
            client.store("1:*", "+FLAGS", flag)

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


def _with_certificate(folder: Path, names: Sequence[str]) -> str:
    """Write a certificate for the names. Return the settings that use it."""
    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of the tests")])
    now = datetime.now(UTC)

    def certificate(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        made = made.serial_number(x509.random_serial_number())
        by = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
        made = made.add_extension(by, critical=False)
        return made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))

    def write(name: str, content: Any) -> None:
        (folder / name).write_bytes(content)

    signs = {"key_cert_sign": True, "crl_sign": True}
    others = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    usage = x509.KeyUsage(**signs, **dict.fromkeys((*others, "encipher_only", "decipher_only"), False))
    ca = certificate(issuer, authority).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    ca = ca.add_extension(usage, critical=True)
    ca = ca.add_extension(x509.SubjectKeyIdentifier.from_public_key(authority.public_key()), critical=False)
    write("ca.pem", ca.sign(authority, SHA256()).public_bytes(Encoding.PEM))
    known = x509.SubjectAlternativeName(
        [x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names]
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    signed = certificate(subject, own).add_extension(known, critical=False).sign(authority, SHA256())
    write("cert.pem", signed.public_bytes(Encoding.PEM))
    write("key.pem", own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return f"ssl = yes\nssl_cert = <{folder}/cert.pem\nssl_key = <{folder}/key.pem"


@contextmanager
def started(*tls_names: str) -> Iterator[Dovecot]:
    if BINARY is None or os.getuid():
        pytest.skip("Dovecot is not installed, or the tests do not run as root")
    with tempfile.TemporaryDirectory(prefix="dovecot", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        running = Dovecot(Path(folder), *tls_names)
        try:
            yield running
        finally:
            running.stop()


@pytest.fixture
def dovecot(settings) -> Iterator[Dovecot]:
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = True
    with started() as running:
        yield running
