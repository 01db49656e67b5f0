"""script/release, which says what a release lacks and makes its tag."""

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from django.conf import settings

from data.network.identity import VERSION

ROOT = Path(settings.BASE_DIR)
_SHAPE = ["script/release", "pyproject.toml", "data/network/identity.py", "CHANGELOG.md"]


def git(folder: Path, *command: str) -> str:
    who = ["-c", "user.name=Someone", "-c", "user.email=someone@example.com"]
    done = subprocess.run(["git", *who, *command], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def release(folder: Path) -> subprocess.CompletedProcess[str]:
    who = {"GIT_COMMITTER_NAME": "Someone", "GIT_COMMITTER_EMAIL": "someone@example.com"}
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), **who}
    command: list[str | Path] = ["/bin/sh", folder / "script/release"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clean one, as far as script/release looks at it, of a version that is ready."""
    for name in [*_SHAPE, f"tests/deploy/releases/{VERSION}.sql"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "All")
    return tmp_path


def test_a_complete_release_gets_its_tag_once(checkout: Path) -> None:
    made = release(checkout)
    assert (made.returncode, made.stderr) == (0, "")
    assert git(checkout, "tag").split() == [f"v{VERSION}"]
    again = release(checkout)
    assert (again.returncode, again.stderr) == (1, f"The tag v{VERSION} exists already.\n")


@pytest.mark.parametrize(
    ("name", "change", "complaint"),
    [
        ("CHANGELOG.md", lambda text: text.replace(f"## {VERSION}", "## Unreleased"), "has no section for"),
        ("data/network/identity.py", lambda text: text.replace(VERSION, "0.0.1"), "name different versions"),
        ("CHANGELOG.md", lambda text: f"{text}\nMore.\n", "The working tree has changes"),
        (f"tests/deploy/releases/{VERSION}.sql", None, "is not recorded"),
    ],
)
def test_what_a_release_lacks_is_said_and_no_tag_made(checkout: Path, name: str, change, complaint: str) -> None:
    path = checkout / name
    if change is None:
        path.unlink()
    else:
        path.write_text(change(path.read_text()))
    refused = release(checkout)
    assert refused.returncode == 1
    assert complaint in refused.stderr
    assert git(checkout, "tag") == ""


def test_the_version_is_said_once_in_words_and_once_in_code() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
    assert f"\n## {VERSION}\n" in (ROOT / "CHANGELOG.md").read_text()


def test_the_changelog_says_nothing_twice() -> None:
    """Entries of one section; each begins with its dash."""
    entries = [entry.strip() for entry in (ROOT / "CHANGELOG.md").read_text().split("\n- ")[1:]]
    assert len(set(entries)) == len(entries)
    assert all(entry[0].isupper() or not entry[0].isalpha() or entry[0] == "`" for entry in entries)
