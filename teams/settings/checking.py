"""What a team has said of its routing tests: how often each is asked, what they may cost, who may save past them."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from data.redis import bell
from teams.audit import audit
from teams.models import Team

_LABELS = {
    "test_repetitions": "Repetitions of routing tests",
    "test_usd_per_day": "US dollars per day for routing tests",
    "builders_may_override": "Builders can save past routing tests",
}


@transaction.atomic
def change_checking(team: Team, wanted: Mapping[str, Any]) -> None:
    """For checks that start from now on."""
    before = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    Team.objects.filter(pk=team.pk).update(**wanted)
    facts = [(_LABELS[name], getattr(before, name), value) for name, value in wanted.items()]
    if change := audit.changes(facts):
        audit.record(team.pk, "settings_changed", "General", change)
    bell.ring()  # what the old limit held back may run now
