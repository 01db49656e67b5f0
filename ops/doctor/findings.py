"""What a check found: its subject, its state, and how to fix a problem."""

from dataclasses import asdict, dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """The result of one check. `fix` says how to fix the problem, and is empty if there is none."""

    name: str
    state: State
    said: str
    fix: str = ""

    def as_json(self) -> dict[str, str]:
        return asdict(self)
