"""Who did it: a person, a program with an API key, an operator, or Baton itself."""

from dataclasses import dataclass

from .models import ApiKey, AuditEntry, User

_Source = AuditEntry.Source


@dataclass(frozen=True)
class Actor:
    """`label` is what timelines show. Baton itself has none. `source`: what the audit log calls other than people."""

    label: str = ""
    user: User | None = None
    source: str = ""

    @property
    def is_outside(self) -> bool:
        """A person or a program of theirs, whose acts count as human ones."""
        return bool(self.label)


BATON = Actor()
# Whoever is at the command line of the server.
COMMAND_LINE = Actor("Command line", source=_Source.OPERATOR)


def person(user: User) -> Actor:
    return Actor(str(user), user)


def operator(user: User) -> Actor:
    """A person who acts in the admin, as no member of the team."""
    return Actor(str(user), user, _Source.OPERATOR)


def program(key: ApiKey) -> Actor:
    return Actor(f"API key {key.name}", source=_Source.KEY)
