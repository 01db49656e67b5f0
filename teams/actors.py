"""Who did it: a person, a program with an API key, or Baton itself."""

from dataclasses import dataclass

from .models import ApiKey, User


@dataclass(frozen=True)
class Actor:
    """`label` is what timelines show. Baton itself has none."""

    label: str = ""
    user: User | None = None

    @property
    def is_outside(self) -> bool:
        """A person or a program of theirs, whose acts count as human ones."""
        return bool(self.label)


BATON = Actor()


def person(user: User) -> Actor:
    return Actor(str(user), user)


def program(key: ApiKey) -> Actor:
    return Actor(f"API key {key.name}")
