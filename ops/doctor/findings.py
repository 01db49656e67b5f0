"""What was looked at, how it stands, and how to mend it."""

from dataclasses import asdict, dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """`mend` says what to do; empty when all is well."""

    name: str
    state: State
    said: str
    mend: str = ""

    def as_json(self) -> dict[str, str]:
        return asdict(self)
