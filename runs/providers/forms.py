"""The forms of model providers and their keys."""

from typing import Any

from django import forms
from django.conf import settings

from teams.models import Credential
from teams.settings.forms import AddressField
from web.forms.messages import PageForm

from .providers import PROVIDERS, names_of


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


class ConnectForm(PageForm):
    """A model to try: with the key of its provider, or the address of a server of one's own, if there is none yet."""

    key = forms.CharField(
        # It stays as typed while the result of a test takes the place of the form around it.
        widget=forms.PasswordInput(
            attrs={"autocomplete": "new-password", "spellcheck": "false", "hx-morph-skip": "true"}
        ),
        help_text="Stored encrypted and never shown again. Kept only when the model answers.",
    )
    base_url = AddressField(
        label="Address",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "inputmode": "url", "placeholder": "http://localhost:11434/v1"}
        ),
    )
    model = forms.CharField(
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "list": "connect-models"}),
    )

    def __init__(self, kind: str, data: Any = None, *, is_usable: bool) -> None:
        super().__init__(data, auto_id=f"{kind}-%s")
        self.kind = kind
        is_local = kind == "openai-chat"
        self.fields["key"].required = not is_local
        self.fields["base_url"].help_text = _reach()
        if is_usable or not is_local:
            del self.fields["base_url"]
        if is_usable:
            del self.fields["key"]
        self.names = [name.partition(":")[2] for name in names_of({kind})]
        self.fields["model"].help_text = "As the provider calls it." if not is_local else "As the server calls it."

    @property
    def model_name(self) -> str:
        """As agents have it, whether it was typed so or without its provider."""
        return f"{self.kind}:{self.cleaned_data['model'].removeprefix(f'{self.kind}:')}"


def _reach() -> str:
    words = "Of a server that speaks OpenAI’s protocol, such as Ollama or vLLM."
    if settings.BATON_ALLOW_PRIVATE_ADDRESSES:
        return words
    return f"{words} Your operator can allow addresses inside your network: BATON_ALLOW_PRIVATE_ADDRESSES=1."
