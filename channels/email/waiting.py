"""Emails that wait because their sender sent too many at once: each is taken in when an hour has room for it again."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now

from channels.models import Arrival, Source
from data.errors import Refused
from data.threads import BackgroundTask

from . import originals
from .email_settings import email_settings
from .intake import settle_waiting

_AT_ONCE = 200
_HOUR = timedelta(hours=1)


def has_waiting() -> bool:
    return bool(_due())


def _due() -> list[tuple[Source, str, int]]:
    """Return, for each sender with waiting emails and room for some, the source, the sender, and how many."""
    waiting = Arrival.objects.filter(status=Arrival.Status.WAITING, source__deleted_at=None)
    senders = waiting.values_list("source_id", "sender").annotate(count=Count("pk")).order_by()[:_AT_ONCE]
    sources = Source.objects.in_bulk({source_id for source_id, _, _ in senders})
    found = []
    for source_id, sender, _ in senders:
        source = sources[source_id]
        room = email_settings(source).per_hour - _taken(source, sender).count()
        if room > 0:
            found.append((source, sender, room))
    return found


def _taken(source: Source, sender: str) -> QuerySet[Arrival]:
    within = Q(status=Arrival.Status.ADDED, settled_at__gt=Now() - _HOUR)
    return source.arrivals.filter(within, sender=sender)


def take_in_what_waits() -> None:
    for source, sender, room in _due():
        waiting = source.arrivals.filter(status=Arrival.Status.WAITING, sender=sender).order_by("at", "pk")
        for id in waiting.values_list("pk", flat=True)[:room]:
            try:
                settle_waiting(id)
            except Refused as refusal:
                # Its original is gone, so that it can never be taken in.
                gone = Arrival.objects.filter(pk=id, status=Arrival.Status.WAITING)
                gone.update(status=Arrival.Status.REFUSED, error=refusal.message, settled_at=Now())


@transaction.atomic
def forget_originals() -> None:
    """Delete what is stored of arrivals that the log has forgotten, and that no case has."""
    old = Arrival.objects.filter(at__lt=Now() - timedelta(days=30)).exclude(original="").order_by("at")
    rows = list(old.values_list("pk", "team_id", "original")[:1000])
    Arrival.objects.filter(pk__in=[pk for pk, _, _ in rows]).update(original="")
    for team_id in {team_id for _, team_id, _ in rows}:
        places = [place for _, other, place in rows if other == team_id]
        transaction.on_commit(lambda team_id=team_id, places=places: originals.forget(team_id, places))  # type: ignore[misc]


def background_task() -> BackgroundTask:
    return BackgroundTask("waiting emails", has_waiting, take_in_what_waits, forget_originals)
