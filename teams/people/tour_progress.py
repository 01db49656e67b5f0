"""What a member has looked at on the tour of the start page. What they did, runs/home/tour_views.py reads."""

from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, F, Func, Value
from django.db.models.functions import Now

from teams.models import Member

AGENT, HANDOVER = "agent", "handover"


def saw(member: Member, what: str) -> None:
    """Costs nothing but the first time, and nothing once the tour is left."""
    if member.tips_dismissed_at is None and what not in member.tour_seen:
        more = Func(F("tour_seen"), Value(what), function="array_append", output_field=ArrayField(CharField()))
        Member.objects.filter(pk=member.pk).exclude(tour_seen__contains=[what]).update(tour_seen=more)


def leave(member: Member) -> None:
    Member.objects.filter(pk=member.pk, tips_dismissed_at=None).update(tips_dismissed_at=Now())


def begin(member: Member) -> None:
    """Start from scratch: what was done before does not count."""
    Member.objects.filter(pk=member.pk).update(tips_dismissed_at=None, tour_seen=[], tour_began_at=Now())
