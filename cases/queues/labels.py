"""The labels of a team. A case says the names of its labels; what stands here is their colours."""

from collections.abc import Iterable
from uuid import UUID
from zlib import crc32

from django.db import transaction
from django.db.models import Q

from cases.models import Label
from data.texts.text import plain_name
from teams.audit import audit
from teams.models import Team


def know(team_id: UUID, names: Iterable[str]) -> None:
    """Create labels on their first use, with a colour derived from the name."""
    new = [Label(team_id=team_id, name=name, colour=usual_colour(name)) for name in sorted(set(names))]
    if new:
        Label.objects.bulk_create(new, ignore_conflicts=True)


def usual_colour(name: str) -> str:
    colours = Label.Colour.values
    return colours[crc32(name.encode()) % len(colours)]


def colours(team: Team) -> dict[str, str]:
    """Return the colours of the labels by name, in their order."""
    return dict(team.labels.values_list("name", "colour"))


@transaction.atomic
def recolour(label: Label, colour: str) -> None:
    if Label.objects.filter(pk=label.pk).exclude(colour=colour).update(colour=colour):
        audit.record(label.team_id, "label_changed", label, audit.changes([("Colour", label.colour, colour)]))


@transaction.atomic
def rename(label: Label, name: str) -> str:
    """Create the new label, of the same colour unless there is one, and return its name. The cases and the old
    label follow by a bulk action, as they may be many.
    """
    name = plain_name(name, "name", 40)
    Label.objects.bulk_create([Label(team_id=label.team_id, name=name, colour=label.colour)], ignore_conflicts=True)
    if name != label.name:
        audit.record(label.team_id, "label_changed", label, audit.changes([("Name", label.name, name)]))
    return name


def forget(team_id: UUID, name: str) -> None:
    """Delete a label, which no case may have any more."""
    Label.objects.filter(team_id=team_id, name=name).delete()


def find_labels(team: Team, words: str = "") -> list[Label]:
    """Return the labels with all the words in their names."""
    said = Q()
    for word in words.split():
        said &= Q(name__icontains=word)
    return list(team.labels.filter(said))
