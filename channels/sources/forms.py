"""What people fill in about a source."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.forms import BoundField

from cases.imports.columns import Role, text_of
from channels.models import Arrival, Source
from data.errors import Refused
from data.ids import parse_uuid
from teams.models import Team
from web.forms.messages import PageForm
from web.forms.refusals import show_refusal
from web.forms.stale import SharedForm

from .mapping import ROLES, Parts, parts_of, roles_of
from .sources import SourceFields

_BY_NAME = ""
_EXAMPLE = 80


class SourceForm(SharedForm):
    name = forms.CharField(
        max_length=80,
        widget=forms.TextInput({"autocomplete": "off", "autofocus": True, "placeholder": "Shop"}),
        help_text="The timeline of its cases names it.",
    )
    queue_id = forms.TypedChoiceField(label="Queue", coerce=parse_uuid, help_text="Where its cases are created.")
    auth = forms.ChoiceField(
        label="How senders prove who they are",
        choices=Source.Auth.choices,
        widget=forms.RadioSelect,
        help_text="Choose a signature if the sender can sign. With a user name, the user is “baton”.",
    )

    def __init__(self, team: Team, data: Any = None, *, source: Source | None = None) -> None:
        initial: dict[str, Any] = {"auth": Source.Auth.SIGNATURE}
        if source:
            initial = {"name": source.name, "queue_id": source.queue_id, "auth": source.settings["auth"]}
        super().__init__(data, initial=initial)
        queues = {queue.pk: queue for queue in team.queues.live().order_by("name")}
        if source and source.queue_id not in queues:
            queues[source.queue_id] = source.queue
        self.queues = queues
        choices = [(str(pk), queue.name) for pk, queue in queues.items()]
        self.fields["queue_id"].choices = choices  # type: ignore[attr-defined]
        if source:
            self.merge()

    def fields_of_source(self, source: Source | None = None) -> SourceFields:
        """Return what a valid form says. It leaves the mapping as it is."""
        said = self.cleaned_data
        mapping = source.settings["mapping"] if source else {}
        return SourceFields(said["name"], self.queues[said["queue_id"]], said["auth"], mapping)

    def show(self, refusal: Refused) -> None:
        show_refusal(self, refusal)


class MappingForm(PageForm):
    """A choice of roles for each field of the last messages. `examples` are the values of the newest message."""

    def __init__(self, source: Source, arrivals: Sequence[Arrival], data: Any = None) -> None:
        super().__init__(data)
        self.parts = _parts(arrivals)
        self.mapping: dict[str, str] = source.settings["mapping"]
        guessed = roles_of(self.parts, {})
        for place, name in enumerate(self.names):
            usual = Role(guessed[name]).label if name in guessed else Role.FIELD.label
            choices = [(_BY_NAME, f"By its name: {usual}"), *ROLES]
            self.fields[f"role-{place}"] = forms.ChoiceField(
                label=name,
                choices=choices,
                required=False,
                initial=self.mapping.get(name, ""),
                widget=forms.Select({"class": "select w-full"}),
            )

    @property
    def names(self) -> list[str]:
        """Return the fields of the last messages, and those that only the mapping knows."""
        return [*self.parts, *(name for name in self.mapping if name not in self.parts)]

    def rows(self) -> Iterator[tuple[BoundField, str]]:
        for place, name in enumerate(self.names):
            yield self[f"role-{place}"], text_of(self.parts.get(name))[:_EXAMPLE]

    def chosen(self) -> dict[str, str]:
        """Return the mapping that a valid form says."""
        roles = {name: self.cleaned_data[f"role-{place}"] for place, name in enumerate(self.names)}
        return {name: role for name, role in roles.items() if role}


def _parts(arrivals: Sequence[Arrival]) -> Parts:
    """Return the parts of all these messages, with the value of the newest that has it."""
    found: Parts = {}
    for arrival in arrivals:
        for name, value in parts_of(arrival.message).items():
            found.setdefault(name, value)
    return dict(list(found.items())[:100])
