import os
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh one, as far as script/install looks at it."""
    folder = tmp_path / "a checkout"
    (folder / "script").mkdir(parents=True)
    for name in ("install", "uv"):
        shutil.copy(CHECKOUT / "script" / name, folder / "script")
    shutil.copy(CHECKOUT / ".python-version", folder)
    (folder / "requirements.txt").write_text("")
    if (CHECKOUT / ".venv-uv").exists():  # uv is not on the PATH of this machine
        (folder / ".venv-uv").symlink_to(CHECKOUT / ".venv-uv")
    return folder


def install(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", checkout / "script/install", "requirements.txt"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_uv_and_python_the_installation_says_what_it_needs(checkout: Path, tmp_path: Path) -> None:
    (checkout / ".venv-uv").unlink(missing_ok=True)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("dirname", "cat", "cmp", "rm"):
        (tools / name).symlink_to(shutil.which(name) or name)
    refused = install(checkout, PATH=str(tools))
    assert refused.returncode == 1
    assert refused.stderr == (
        "Baton needs uv (https://docs.astral.sh/uv/) or Python 3.\nBaton cannot be installed. See above.\n"
    )


def test_nothing_is_installed_twice(checkout: Path) -> None:
    first = install(checkout)
    assert first.returncode == 0, first.stderr
    assert "Installing the packages" in first.stdout
    # Even uv is not asked again.
    assert install(checkout, PATH="/usr/bin:/bin").stdout == ""
    (checkout / "requirements.txt").write_text("# changed\n")
    assert "Installing the packages" in install(checkout).stdout


def test_a_package_that_cannot_be_installed_is_said_and_tried_again(checkout: Path) -> None:
    (checkout / "requirements.txt").write_text("./missing-package.whl\n")
    for _ in range(2):
        refused = install(checkout)
        assert refused.returncode == 1
        assert "could not be installed on" in refused.stderr.splitlines()[-1]


STEPS = ["", "mypy", "check .", "format", "makemigrations", "not alone", "-m alone"]


@pytest.mark.parametrize("failing", STEPS)
def test_the_tests_end_well_only_if_each_step_does(failing: str, tmp_path: Path) -> None:
    steps, tools = tmp_path / ".venv" / "bin", tmp_path / "tools"
    for folder in (tmp_path / "script", tmp_path / "templates", steps, tools):
        folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(CHECKOUT / "script" / "test", tmp_path / "script")
    # Each prints a number of test processes, as Python is asked for one, and fails where it is told to.
    step = '#!/bin/sh\necho 1\n[ -z "$FAILING" ] || case "$*" in *"$FAILING"*) exit 1 ;; esac\n'
    for tool in (tmp_path / "script" / "install", *(steps / name for name in ("python", "ruff", "djade"))):
        tool.write_text(step)
        tool.chmod(0o755)
    for name in ("apt-get", "chromium", "chromium-headless-shell", "pgbouncer", "systemd-analyze", "nginx", "dovecot"):
        (tools / name).symlink_to("/bin/true")
    environment = {**os.environ, "FAILING": failing, "PATH": f"{tools}:{os.environ['PATH']}"}
    ended = subprocess.run(["/bin/sh", tmp_path / "script" / "test"], env=environment, capture_output=True, check=False)
    assert ended.returncode == (1 if failing else 0), ended.stderr


# Put together, so that this file does not name them either.
HOSTS = ["pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "deb.debian" + ".org"]


def test_no_file_names_the_host_of_a_package_registry() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    wrong = [
        name
        for name in listed.stdout.split("\0")
        if (path := CHECKOUT / name).is_file() and any(host.encode() in path.read_bytes() for host in HOSTS)
    ]
    assert wrong == []
