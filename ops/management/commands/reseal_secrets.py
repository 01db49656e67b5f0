"""manage.py reseal_secrets: encrypt all secrets with the newest of BATON_ENCRYPTION_KEYS."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError

from builder.models import ToolServer
from channels.models import Source
from data.secrets import Unreadable, reseal
from teams.access import two_step
from teams.models import Credential, KeptAnswer, Webhook

_SEALED = [
    *((Credential, "key"), (Webhook, "secret"), (Webhook, "old_secret"), (Webhook, "sealed_url")),
    *((ToolServer, "credential"), (KeptAnswer, "body"), (Source, "secret")),
]


class Command(BaseCommand):
    help = (
        "Encrypt all secrets in the database with the newest of BATON_ENCRYPTION_KEYS. Then you can remove older keys."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done, lost = 0, []
        for model, field in _SEALED:
            rows: Any = model._base_manager
            for pk, sealed in rows.exclude(**{field: ""}).values_list("pk", field).iterator():
                try:
                    # A secret that was changed in the meantime already uses the newest key.
                    done += rows.filter(pk=pk, **{field: sealed}).update(**{field: reseal(sealed)})
                except Unreadable:
                    lost.append(f"{model._meta.verbose_name} {pk}")
        for step in Authenticator.objects.iterator():
            try:
                fresh = {name: reseal(step.data[name]) for name in two_step.SEALED if name in step.data}
                done += Authenticator.objects.filter(pk=step.pk, data=step.data).update(data={**step.data, **fresh})
            except Unreadable:
                lost.append(f"{step.get_type_display()} of user {step.user_id}")
        self.stdout.write(f"{done} sealed with the newest key.")
        if lost:
            raise CommandError(
                "These cannot be read with any key of BATON_ENCRYPTION_KEYS, nor with SECRET_KEY. Add the key they were"
                " sealed with, or give them again on their pages: " + ", ".join(lost)
            )
