"""Pausing a team, or all of them at once: for operators who must make everything stand still.

Nothing new starts, and runs do not ask their models again: they are given back, which counts as no loss. A pause waits
for those who are giving out or claiming work at this moment, so that nothing starts once it is committed.
"""

from collections.abc import Collection
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from data import rows
from data.errors import Refused
from data.redis import bell
from teams.access import live
from teams.audit import audit
from teams.models import Installation, Team

_LOCK = 0x42_41_54_4F_4F

# Of a row of teams_team.
AT_WORK = "teams_team.paused_at is null and not exists (select from teams_installation where paused_at is not null)"


# No pause comes before the transaction ends. The statements that follow see every one that came first.
HOLD_OFF = rows.Selected("select pg_advisory_xact_lock_shared(%s)", [_LOCK])
# The same, without waiting for a pause that is being made: whether none is.
TRY_TO_HOLD_OFF = rows.Selected("select pg_try_advisory_xact_lock_shared(%s)", [_LOCK])


def paused(team_ids: Collection[UUID]) -> set[UUID]:
    """Those of the teams that are paused, each by itself or all together."""
    with connection.cursor() as cursor:
        cursor.execute(f"select id from teams_team where id = any(%s) and not ({AT_WORK})", [list(team_ids)])  # noqa: S608
        return {id for (id,) in cursor.fetchall()}


def check_at_work(team_id: UUID) -> None:
    """Refused when the team is paused."""
    if paused([team_id]):
        raise Refused("Work is paused by an operator of Baton, so nothing starts.", "paused")


@transaction.atomic
def pause_team(team: Team) -> None:
    """The reverse is `resume_team`."""
    _wait_for_starts()
    if Team.objects.filter(pk=team.pk, paused_at=None).update(paused_at=Now()):
        audit.record(team.pk, "team_paused", team)
    _announce(Q(pk=team.pk))


@transaction.atomic
def resume_team(team: Team) -> None:
    if Team.objects.filter(pk=team.pk, paused_at__isnull=False).update(paused_at=None):
        audit.record(team.pk, "team_resumed", team)
    _announce(Q(pk=team.pk))
    bell.ring()


@transaction.atomic
def pause_everything() -> None:
    """All teams, also those that are made later. The reverse is `resume_everything`."""
    _wait_for_starts()
    Installation.objects.get_or_create(pk=Installation.ONLY)
    if Installation.objects.filter(paused_at=None).update(paused_at=Now()):
        audit.record(None, "everything_paused", "All teams")
    _announce(Q())


@transaction.atomic
def resume_everything() -> None:
    """But for teams that are paused by themselves."""
    if Installation.objects.filter(paused_at__isnull=False).update(paused_at=None):
        audit.record(None, "everything_resumed", "All teams")
    _announce(Q())
    bell.ring()


def _wait_for_starts() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])


def _announce(which: Q) -> None:
    for team_id in Team.objects.filter(which).values_list("pk", flat=True):
        live.announce(team_id, "team", team_id)
