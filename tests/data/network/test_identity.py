"""What Baton calls itself."""

import tomllib
from pathlib import Path

from data.network.identity import USER_AGENT, VERSION


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
    assert f"Baton/{VERSION}" == USER_AGENT
