"""How requests of programs pass the gate of routing tests: they wait a little, or say why they go past it."""

from collections.abc import Callable
from typing import Annotated

from django.core.exceptions import PermissionDenied
from pydantic import Field

from data.texts.text import one_line
from teams.audit.actors import program
from teams.keys.api import KeyRequest, Scope
from teams.keys.fields import Length

from . import gate

# How long a request waits for routing tests.
_SECONDS = 10
Override = Annotated[
    str,
    Length(500, 1),
    Field(
        description="A reason to save it although routing tests hold it back. Takes the scope `admin`, and is kept on"
        " the revision."
    ),
]


def override_of(request: KeyRequest, reason: str | None) -> str:
    """Return the reason to go past the gate, which takes the right to do so."""
    if reason is None:
        return ""
    if Scope.ADMIN not in request.auth.scopes:
        raise PermissionDenied("Going past routing tests takes a key with the scope “admin”.")
    return one_line(reason, "override", 500)


def save_through_gate(request: KeyRequest, save: Callable[[], object], override: str = "") -> None:
    if not override:
        gate.pass_gate(request.auth.team.pk, save, program(request.auth), _SECONDS)
    request.once.hold()
    try:
        save()
    except gate.RoutesHeld as held:  # what it was checked against is not what is live any more
        held.wait(program(request.auth), 0)
        save()
