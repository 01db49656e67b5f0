"""Who did it: a person, a program with an API key, an operator, or Baton itself."""

from dataclasses import dataclass

from teams.models import ApiKey, AuditEntry, User

_Source = AuditEntry.Source


@dataclass(frozen=True)
class Actor:
    """`label` is what timelines show. Baton itself has none. `source`: what the audit log calls other than people."""

    label: str = ""
    user: User | None = None
    source: str = ""
    key: ApiKey | None = None

    @property
    def is_outside(self) -> bool:
        """A person or a program of theirs, whose acts count as human ones."""
        return bool(self.label)

    @property
    def identity(self) -> tuple[str, str]:
        """The id and the address, or the beginning of the key: what stays the same when someone changes their name."""
        if self.user:
            return str(self.user.uuid), self.user.email
        return (str(self.key.pk), f"{self.key.prefix}…") if self.key else ("", "")


BATON = Actor()
# Someone at the command line of the server.
COMMAND_LINE = Actor("Command line", source=_Source.OPERATOR)


def person(user: User) -> Actor:
    return Actor(str(user), user)


def operator(user: User) -> Actor:
    """A person who acts in the admin, as no member of the team."""
    return Actor(str(user), user, _Source.OPERATOR)


def program(key: ApiKey) -> Actor:
    return Actor(f"API key {key.name}", source=_Source.KEY, key=key)


def signature(name: str, user: User | None) -> dict[str, str | None]:
    """Return who did it, as the API and webhooks say it: beside the name, what stays the same when that changes."""
    return {
        "actor": name or None,
        "actor_id": str(user.uuid) if user else None,
        "actor_email": user.email if user else None,
    }


def known_as(name: str, user: User | None) -> str:
    """A name as it was noted, with the address of the row: people can call themselves anything."""
    return f"{name} ({user.email})" if user and name and name != user.email else name
