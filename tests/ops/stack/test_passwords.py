"""The embedded servers let in those who know their passwords, and no one else on the same machine."""

import json
import os
import pwd
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from psycopg.conninfo import conninfo_to_dict

from .harness import Started

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

type Start = Callable[..., Started]

# Tries what it is told as an account without rights, and says how it ended.
_ATTACK = """
import os, socket, sys
os.setgroups([]); os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
for path in sys.argv[2:]:
    try:
        if path.endswith((".sock", ".5432")):
            socket.socket(socket.AF_UNIX).connect(path)
        elif os.path.isdir(path):
            os.listdir(path)
        else:
            open(path).read()
        print("in", path)
    except OSError:
        print("out")
"""


def _told(home: Path) -> tuple[str, str]:
    told = json.loads((home / "servers.json").read_text())
    return told["database_url"], told["redis_url"]


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return url.replace(f":{parts.password}@", "@")


def test_no_server_answers_without_its_password(home: Path, start: Start) -> None:
    start(home).ready()
    database, queue = _told(home)
    for poor in (_without_password(database), database.replace(":5432/baton", ":5432/postgres")):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(poor.replace(urlsplit(database).password or "-", "wrong"))
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(unix_socket_path=urlsplit(queue).path).ping()
    assert redis.Redis.from_url(queue).ping()
    with psycopg.connect(database) as connection:
        assert connection.execute(
            "select rolpassword like 'SCRAM-SHA-256$%' from pg_authid where rolpassword <> ''"
        ).fetchall() == [(True,)]


def test_passwords_are_in_private_files_and_in_no_list_of_processes(home: Path, start: Start) -> None:
    baton = start(home).ready()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "postgres").stat().st_mode) == 0o700
    for url, name in zip(_told(home), ("postgres", "valkey"), strict=True):
        file = home / f"{name}_password"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.read_text() == urlsplit(url).password
        assert len(file.read_text()) >= 40
        listed = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        assert file.read_text() not in listed
    assert baton.stop() == 0


def test_the_passwords_stay_when_baton_starts_again(home: Path, start: Start) -> None:
    start(home).ready().stop()
    before = [(home / name).read_text() for name in ("postgres_password", "valkey_password")]
    start(home).ready()
    assert [(home / name).read_text() for name in ("postgres_password", "valkey_password")] == before


def test_a_lost_password_is_replaced_at_the_next_start(home: Path, start: Start) -> None:
    baton = start(home).ready()
    with baton.connect() as connection:
        connection.execute("create table kept as select 42 as answer")
    baton.stop()
    (home / "postgres_password").unlink()
    with start(home).ready().connect() as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(_without_password(_told(home)[0]))


def _as_it_was(home: Path, start: Start) -> None:
    """Data of a version that knew no passwords, as root left them, with a table in them."""
    baton = start(home).ready()
    with baton.connect() as connection:
        connection.execute("create table kept as select 42 as answer")
        connection.execute("alter role postgres password null")
    baton.stop()
    for name in ("postgres_password", "valkey_password"):
        (home / name).unlink()
    (home / "postgres/pg_hba.conf").write_text(
        "# as initdb writes it\nlocal all all trust\nhost all all 127.0.0.1/32 trust\n"
    )
    home.chmod(0o755)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        for path in (home / "postgres", *(home / "postgres").rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)


def test_data_of_a_version_without_passwords_are_closed_at_the_first_start_and_kept(home: Path, start: Start) -> None:
    _as_it_was(home, start)
    for _ in range(2):
        baton = start(home).ready()
        with baton.connect() as connection:
            assert connection.execute("select answer from kept").fetchone() == (42,)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(_without_password(_told(home)[0]))
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        if os.geteuid() == 0:
            assert (home / "postgres").stat().st_uid not in (0, pwd.getpwnam("nobody").pw_uid)
        assert baton.stop() == 0


@as_root
@on_linux
def test_no_account_without_rights_gets_in_anywhere(tmp_path: Path, start: Start) -> None:
    """Not even when an operator has opened the folders above, as one on a disk of its own may be."""
    home = tmp_path / "home"
    start(home).ready()
    for folder in (home, *home.parents):
        if stat.S_IMODE(folder.stat().st_mode) & 0o005 != 0o005:
            folder.chmod(0o755)
    database, queue = _told(home)
    folder = Path(str(conninfo_to_dict(database)["host"]))
    assert (folder / ".s.PGSQL.5432").exists()
    targets = [home / "postgres", home / "postgres/pg_hba.conf", home / "postgres/base", home / "servers.json"]
    targets += [home / "postgres_password", home / "valkey_password", Path(urlsplit(queue).path)]
    targets += [folder, folder / ".s.PGSQL.5432", Path(urlsplit(queue).path).with_name("valkey.conf")]
    for account in (pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("daemon").pw_uid):
        command = [sys.executable, "-c", _ATTACK, str(account), *map(str, targets)]
        said = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/").stdout.splitlines()
        assert said == ["out"] * len(targets)
