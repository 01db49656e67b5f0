"""What people fill in about their team."""

from typing import Any

from django import forms

from . import outbox
from .errors import Refused
from .models import Webhook
from .refusals import show_refusal


class WebhookForm(forms.Form):
    url = forms.CharField(
        label="Address",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "placeholder": "https://example.com/baton", "inputmode": "url"}
        ),
        help_text="Gets a POST request with JSON for each event.",
    )
    description = forms.CharField(
        label="In one line",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="What it is for, for your colleagues.",
    )
    events = forms.MultipleChoiceField(
        label="Tell it when",
        choices=[(name, f"{words} ({name})") for name, words in outbox.EVENTS.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Please choose at least one."},
    )

    def __init__(self, data: Any = None, *, webhook: Webhook | None = None) -> None:
        initial: dict[str, Any] = {"events": list(outbox.EVENTS)}
        if webhook:
            initial = {"url": webhook.url, "description": webhook.description, "events": webhook.events}
        super().__init__(data, initial=initial, label_suffix="")

    def show(self, refusal: Refused) -> None:
        """What a verb refused, beside the fields it is about."""
        show_refusal(self, refusal)
