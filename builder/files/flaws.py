"""What is wrong with a file of agents or of tests."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Flaw:
    """What is wrong with a file, in a sentence. `line` counts from 1; 0: the file as a whole."""

    source: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.source}, line {self.line}: {self.message}" if self.line else f"{self.source}: {self.message}"


class Flawed(Exception):
    """A text that cannot be read as an agent."""

    def __init__(self, flaws: Iterable[Flaw]) -> None:
        self.flaws = list(flaws)
        super().__init__("\n".join(map(str, self.flaws)))
