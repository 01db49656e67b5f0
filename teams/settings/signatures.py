"""What stands below each message of a team to a customer."""

from django.db import transaction

from data.texts.text import prose
from teams.audit import audit
from teams.models import Team

_LIMIT = 1000


@transaction.atomic
def change_signature(team: Team, signature: str) -> None:
    team = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    signature = prose(signature, "signature", _LIMIT).strip()
    if change := audit.changes([("Signature", team.signature, signature)]):
        Team.objects.filter(pk=team.pk).update(signature=signature)
        audit.record(team.pk, "settings_changed", "Signature", change)
