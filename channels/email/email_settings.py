"""What a source says of the emails that it takes in, and the addresses that are Baton's own."""

from typing import Literal

from django.conf import settings
from pydantic import BaseModel, Field

from channels.mime import headers
from channels.models import Source


class EmailSettings(BaseModel):
    """`address`: the mailbox's own, from which answers come. `closed`: what an answer to a closed case does. `take`:
    what else makes cases than people's own emails.
    """

    address: str = ""
    closed: Literal["reopen", "new"] = "reopen"
    per_hour: int = Field(20, ge=1, le=1000)
    take: list[Literal["automatic", "lists"]] = []
    verified_by: str = Field("", max_length=253)


def email_settings(source: Source) -> EmailSettings:
    return EmailSettings.model_validate(source.settings)


def own_addresses() -> set[str]:
    """Return the addresses of all sources, as another one of ours would answer forever too, and of the installation."""
    said = Source.objects.present().exclude(settings__address="").values_list("settings__address", flat=True)
    pairs = headers.addresses([settings.DEFAULT_FROM_EMAIL, settings.SERVER_EMAIL])
    return {headers.same_address(address) for address in [*filter(None, said), *(address for _, address in pairs)]}
