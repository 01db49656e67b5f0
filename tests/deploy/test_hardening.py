"""What a deployment closes by its files: units, containers and proxies, as far as this machine can tell."""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml
from django.conf import settings
from django.db import connection

from builder.models import Agent
from ops.stack.valkey import find_binary
from tests import children
from tests.deploy.test_files import run, stages
from tests.paths import ROOT
from tests.provider import Provider, provider
from tests.runs.workers.test_workers import desk, is_done, wait_for

__all__ = ["desk", "provider"]

UNITS = sorted((ROOT / "deploy/systemd").glob("*.service"))
_PR_SET_MDWE = 65

# --- Units -----------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_counts_the_exposure_of_each_unit_below_one_and_a_half(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    done = run(["systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", unit])
    assert done.returncode == 0, done.stdout


def test_all_units_are_closed_in_the_same_way() -> None:
    own = r"(?m)^(#|Description|ExecStart|TimeoutStopSec).*\n"
    assert len({re.sub(own, "", unit.read_text()) for unit in UNITS}) == 1


def members(group: str) -> set[str]:
    """The system calls of one of systemd's groups."""
    lines = run(["systemd-analyze", "syscall-filter", "--no-pager", group]).stdout.splitlines()[1:]
    words = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
    return {name for word in words for name in (members(word) if word.startswith("@") else [word])}


def refused_calls() -> set[str]:
    """What the units' filter keeps from them."""
    filters = re.findall(r"(?m)^SystemCallFilter=(.*)$", UNITS[0].read_text())
    allowed, refused = (entry.lstrip("~").split() for entry in sorted(filters, key=lambda entry: entry[0] == "~"))
    allowed_calls = set[str]().union(*map(members, allowed)) - set[str]().union(*map(members, refused))
    return members("@known") - allowed_calls


@pytest.fixture
def under_the_units_rules(tmp_path: Path, provider: Provider) -> Iterator[Any]:
    """Starts a part as its unit does: what the filter refuses fails, and no memory becomes executable."""
    if not shutil.which("strace") or not shutil.which("systemd-analyze"):
        pytest.skip("strace and systemd are needed")
    refused = ",".join(f"?{name}" for name in sorted(refused_calls()))
    libc, started = ctypes.CDLL(None), []
    if libc.prctl(66, 0, 0, 0, 0) < 0:
        pytest.skip("this kernel cannot refuse executable memory")
    database = os.environ["TEST_DATABASE_URL"].rpartition("/")[0] + "/" + connection.settings_dict["NAME"]
    environment = os.environ | provider.environment | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    environment |= {"DATABASE_URL": database, "REDIS_URL": settings.REDIS_URL, "BATON_HOME": str(tmp_path)}
    environment |= {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PORT": "0"}

    def start(part: str) -> Path:
        said = tmp_path / f"{part}.calls"
        forbid = f"import ctypes, os, sys; ctypes.CDLL(None).prctl({_PR_SET_MDWE}, 1, 0, 0, 0)"
        begin = [sys.executable, "-c", f"{forbid}; os.execv(sys.argv[1], sys.argv[1:])", ROOT / "deploy/run", part]
        trace = [
            "strace",
            "-f",
            "--seccomp-bpf",
            "-qq",
            "-e",
            "signal=none",
            "-o",
            said,
            "-e",
            f"inject={refused}:error=EPERM",
        ]
        process = children.start([*trace, "-e", f"trace={refused}", *begin], env=environment, start_new_session=True)
        started.append(process)
        return said

    yield start
    for process in started:  # strace, and what it started, which would outlive it
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.django_db(transaction=True)
def test_a_case_ends_under_the_rules_of_the_units(under_the_units_rules, desk: Agent, make_case) -> None:
    said = [under_the_units_rules(part) for part in ("worker", "clock", "web")]
    case = make_case("I want a refund", assignee=desk)
    wait_for(lambda: is_done(case), 120)
    assert [file.read_text() for file in said] == ["", "", ""], "none asked for what its unit refuses"


# --- Containers ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return found


def test_every_container_has_no_rights_a_read_only_system_and_limits(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] is True, name
        assert service["tmpfs"] and service["mem_limit"] and service["pids_limit"], name
        assert not {"privileged", "network_mode", "pid", "ipc", "devices"} & set(service), name
    with_rights = {name: found["cap_add"] for name, found in compose["services"].items() if "cap_add" in found}
    assert with_rights == {"postgres": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]}


def test_only_the_web_server_is_reached_from_outside(compose: dict[str, Any]) -> None:
    services, networks = compose["services"], compose["networks"]
    assert {name for name, service in services.items() if "ports" in service} == {"web"}
    closed = {name for name, network in networks.items() if (network or {}).get("internal")}
    for name in ("postgres", "valkey", "migrate"):
        assert set(services[name]["networks"]) <= closed, name
    beside_web = {name for name, service in services.items() if "front" in service["networks"]}
    assert beside_web == {"web"}
    assert all(set(service["networks"]) <= set(networks) for service in services.values())


def test_the_containers_know_the_password_of_valkey_and_no_command_line_does(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name in ("web", "worker", "clock"):
        assert services[name]["environment"]["REDIS_URL"].startswith("redis://:${VALKEY_PASSWORD:?"), name
    assert "${VALKEY_PASSWORD" not in str(services["valkey"]["command"])


def test_valkey_of_the_containers_asks_for_its_password(compose: dict[str, Any], tmp_path: Path) -> None:
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "valkey-server").symlink_to(find_binary())
    socket = tmp_path / "valkey.sock"
    *shell, script = compose["services"]["valkey"]["command"]
    script = script.replace("$$", "$").replace('save ""', f'save ""\nport 0\nunixsocket {socket}')
    environment = {"PATH": f"{binaries}:{os.environ['PATH']}", "VALKEY_PASSWORD": "of-this-test"}
    server = children.start([*shell, script], env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        wait_for(socket.exists)
        with pytest.raises(redis.AuthenticationError), redis.Redis(unix_socket_path=str(socket)) as stranger:
            stranger.ping()
        with redis.Redis(unix_socket_path=str(socket), password="of-this-test") as known:
            assert known.ping()
            assert known.config_get("save", "appendonly") == {"save": "", "appendonly": "no"}
        assert b"of-this-test" not in Path(f"/proc/{server.pid}/cmdline").read_bytes()
    finally:
        server.terminate()
        server.wait(60)


def test_the_image_holds_no_program_that_gives_other_rights() -> None:
    [*_, final] = stages()
    at = next(index for index, (word, rest) in enumerate(final) if word == "RUN" and "chmod a-s" in rest)
    assert not [rest for word, rest in final[at + 1 :] if word == "RUN"], "nothing is installed after it"


# --- Proxies ---------------------------------------------------------------------------------


def test_the_samples_for_both_kinds_of_nginx_differ_in_http2_alone() -> None:
    new, old = ((ROOT / f"deploy/{name}").read_text() for name in ("nginx.conf", "nginx-before-1.25.conf"))
    assert "http2 on;" in new and "ssl http2;" not in new
    assert "http2 on;" not in old and old.count("443 ssl http2;") == 2

    def alike(text: str) -> list[str]:
        lines = text.replace("443 ssl http2;", "443 ssl;").splitlines()
        return [line for line in lines if "http2 on;" not in line and "1.25" not in line]

    assert alike(new) == alike(old)


@pytest.mark.parametrize("name", ["nginx.conf", "nginx-before-1.25.conf"])
def test_nginx_limits_tries_to_sign_in(name: str) -> None:
    text = (ROOT / "deploy" / name).read_text()
    [pattern] = re.findall(r"location ~ (\S+) \{\s+limit_req zone=sign_in", text)
    for path in ("/sign-in/", "/sign-in/code/", "/password/", "/account/again/", "/admin/login/"):
        assert re.search(pattern, path), path
    for path in ("/", "/cases/", "/live/", "/account/", "/settings/keys/"):
        assert not re.search(pattern, path), path
    assert "limit_req_zone $who_tries zone=sign_in" in text
    assert 'POST    $binary_remote_addr;\n    default "";' in text, "looking at the page is not counted"
    assert "limit_req_status 429;" in text


def test_nginx_accepts_the_sample(tmp_path: Path) -> None:
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed here")
    version = tuple(map(int, re.findall(r"\d+", run([nginx, "-v"]).stderr)[:3]))
    name = "nginx.conf" if version >= (1, 25, 1) else "nginx-before-1.25.conf"
    made = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=baton", "-keyout", "key", "-out"]
    assert run([*made, "certificate"], cwd=tmp_path).returncode == 0
    site = (ROOT / "deploy" / name).read_text()
    site = site.replace("/etc/ssl/baton/fullchain.pem", f"{tmp_path}/certificate")
    site = site.replace("/etc/ssl/baton/privkey.pem", f"{tmp_path}/key")
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid; events {{}} http {{ access_log off;\n{site}\n}}")
    done = run([nginx, "-t", "-e", "stderr", "-p", tmp_path, "-c", tmp_path / "nginx.conf"])
    assert "syntax is ok" in done.stderr, done.stderr
