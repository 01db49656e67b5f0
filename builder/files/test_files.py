"""Routing tests in files beside those of their agents, as export and import meet them. What stands behind it is a
setting, TEST_FILES.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from builder.models import Agent
from teams.audit.actors import Actor
from teams.models import Team

from .archives import TextFile
from .planned import Plan

# Beside triage.md stands triage.tests.yaml.
ENDING = ".tests.yaml"


@dataclass(frozen=True)
class TestsItem:
    """What would become of the tests in one file. `new` and `changed` are known to those who wrote the plan."""

    source: str
    agent_id: UUID
    agent_name: str
    new: Sequence[Any]
    changed: Sequence[Any]
    same: int

    @property
    def does_something(self) -> bool:
        return bool(self.new or self.changed)


class TestFiles(Protocol):
    """What TEST_FILES names."""

    def export(self, agents: Sequence[Agent]) -> dict[UUID, str]:
        """The text of the file of each agent that has tests, by the agent's id."""

    def plan(self, team: Team, texts: Sequence[TextFile], agents: Plan) -> list[TestsItem]:
        """Return what would become of the tests in these files, beside agents that are imported by that plan. Flawed,
        with everything that is wrong with them.
        """

    def write(self, items: Sequence[TestsItem], by: Actor) -> None:
        """Create and change tests as the items say. Their agents are there."""


def is_tests(file: TextFile) -> bool:
    return file.name.lower().endswith((ENDING, ".tests.yml"))


def beside(name: str) -> str:
    """The name of the file with the tests of the agent in the file `name`."""
    return name.removesuffix(".md") + ENDING


def files_of_tests() -> TestFiles:
    found: TestFiles = import_string(settings.TEST_FILES)
    return found
