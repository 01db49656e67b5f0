"""The forms of model providers and their keys."""

from typing import Any

from django import forms

from teams.models import Credential
from teams.settings.forms import AddressField
from web.forms.messages import PageForm

from .providers import PROVIDERS


class CredentialForm(PageForm):
    provider = forms.ChoiceField(
        choices=[(kind, row.title) for kind, row in PROVIDERS.items()], widget=forms.Select(attrs={"autofocus": True})
    )
    name = forms.CharField(
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Account of the support team"}),
        help_text="A name your colleagues recognise.",
    )
    key = forms.CharField(
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
        help_text="Stored encrypted and never shown again.",
    )
    base_url = AddressField(
        label="Address",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "url"}),
        help_text="Empty for the provider’s own. For a server that speaks its protocol, e.g. https://example.com/v1",
    )

    def __init__(self, data: Any = None, *, provider: str = "", credential: Credential | None = None) -> None:
        initial = {"provider": provider}
        if credential:
            initial = {"name": credential.name, "base_url": credential.base_url}
        super().__init__(data, initial=initial)
        if credential:
            del self.fields["provider"]
            if credential.key:
                ends = f"The present one ends in {credential.hint}. " if credential.hint else ""
                self.fields["key"].help_text = f"{ends}Leave this empty to keep it."
