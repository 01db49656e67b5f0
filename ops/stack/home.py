"""BATON_HOME: the folder with one installation's embedded data and with files about its running processes."""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# A socket's path may have 103 bytes on macOS and 107 on Linux; this is the longest name that Baton puts into a folder.
_SOCKET_PATH = 103
_SOCKET_NAME = "/.s.PGSQL.5432"
# On macOS a server with an account of its own has to pass through the folder.
PRIVATE = 0o711 if sys.platform == "darwin" and os.geteuid() == 0 else 0o700


class CannotStart(Exception):
    """Baton cannot start; the message tells the person who started it why."""


@dataclass(frozen=True)
class Account:
    """The system account that a server runs as, if it is not the caller's."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Home:
    path: Path

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def processes(self) -> Path:
        """Lists the started processes, so that the next supervisor can stop them if this one is killed."""
        return self.path / "processes.json"

    @property
    def servers(self) -> Path:
        """The file with the addresses of the running servers; config/settings/installation.py reads it."""
        return self.path / "servers.json"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def spare(self) -> Path:
        """The folder for a copy of programs that another account cannot reach in their place."""
        return Path(f"/var/tmp/baton-{self.digest}")  # noqa: S108 (made by us alone)

    def has_password(self, server: str) -> bool:
        return (self.path / f"{server}_password").exists()

    def password(self, server: str) -> str:
        """Return the password of an embedded server. It is created once, so that running programs can keep using it,
        and only its owner can read it. The caller holds the lock."""
        path = self.path / f"{server}_password"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(32))
        return path.read_text()

    @property
    def digest(self) -> str:
        return hashlib.sha256(os.fsencode(self.path.resolve())).hexdigest()[:10]


def claim(home: Home) -> int:
    """Take the lock of this home for as long as the returned file stays open. The kernel releases it
    however the process ends."""
    try:
        home.path.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        # Remove other accounts' access, which earlier versions left. A folder with other uses stays as it is.
        found = home.path.stat()
        is_only_ours = home.postgres.exists() and found.st_uid == os.geteuid() and not found.st_mode & stat.S_ISVTX
        if is_only_ours and found.st_mode & 0o077 & ~PRIVATE:
            home.path.chmod(PRIVATE)
        lock = os.open(home.lock, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        address = home.lock.read_text() or "another address"
        raise CannotStart(f"Baton is already running at {address} with this BATON_HOME ({home.path}).") from None
    except OSError as error:
        raise CannotStart(f"BATON_HOME {home.path} cannot be written: {error.strerror}.") from None
    os.ftruncate(lock, 0)
    return lock


def announce(lock: int, address: str) -> None:
    """Write down the address of the lock's holder for other processes that try to take the lock."""
    os.pwrite(lock, address.encode(), 0)


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write JSON as `write_private` writes text."""
    write_private(path, json.dumps(content))


def write_private(path: Path, text: str, account: Account | None = None) -> None:
    """Replace the file in one step, readable by its owner only: a reader sees the old content or the new one."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            if account:
                os.fchown(file.fileno(), account.uid, account.gid)
            file.write(text)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def make_socket_folder(home: Home, server: str, account: Account | None = None) -> Path:
    """Create a private folder with a short path, always the same one for a home and a server, so that a program that
    keeps the address finds the server again after a restart. Nothing may be running in the folder."""
    folder = _short_place(f"baton-{home.digest}-{server}", account) / f"baton-{home.digest}-{server}"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(mode=0o700)  # fails if another account created it first, so the folder belongs to this one alone
        if account:
            os.chown(folder, account.uid, account.gid)
    except OSError as error:
        raise CannotStart(f"The folder {folder} for the sockets cannot be made: {error.strerror}.") from None
    return folder


def _short_place(name: str, account: Account | None) -> Path:
    for place in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 (the folder in it is private)
        short = len(os.fsencode(place / name)) + len(_SOCKET_NAME) <= _SOCKET_PATH
        open_to_all = all(folder.stat().st_mode & 0o001 for folder in (place, *place.parents))
        if short and (account is None or open_to_all):
            return place
    raise CannotStart("No folder for temporary files has a path short enough for a socket; set TMPDIR to one.")
