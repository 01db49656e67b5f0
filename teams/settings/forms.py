"""What people fill in about their team."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from data.errors import Refused
from data.network.addresses import check_url
from teams.models import Webhook
from teams.webhooks import chat, outbox
from web.forms.messages import PageForm
from web.forms.refusals import show_refusal
from web.forms.stale import SharedForm

from . import zones
from .budgets import Budget

_CENT = Decimal("0.01")
_A_DAY = "Of all its runs together, by the team’s time zone. When it is reached, nothing new starts until the next day."


class AddressField(forms.CharField):
    """Says what is wrong with an address together with what is wrong in the fields beside it."""

    def clean(self, value: Any) -> str:
        url: str = super().clean(value)
        try:
            return check_url(url) if url else ""
        except Refused as refusal:
            raise forms.ValidationError(refusal.message) from refusal


_CHAT_HELP = "The chat gives it to you. It is kept encrypted, as anyone who knows it can write to the channel."


class ChatAddressField(AddressField):
    """Of a saved one only the shortened address is shown: `kept`, which stays if it is sent back."""

    kept = ""

    def clean(self, value: Any) -> str:
        return self.kept if self.kept and value == self.kept else super().clean(value)


class ZoneInput(forms.TextInput):
    """Searches among the canonical names as one types; `first` are offered before the others."""

    def __init__(self, first: Sequence[str] = ()) -> None:
        super().__init__({"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false", "class": "max-w-80"})
        self.first = list(first)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        offered = f"{(attrs or {}).get('id', name)}-names"
        field = super().render(name, value, {**(attrs or {}), "list": offered}, renderer)
        names = dict.fromkeys([*self.first, *zones.names()])
        # With the blanks that people type.
        options = format_html_join(
            "", '<option value="{}">{}</option>', ((one, one.replace("_", " ")) for one in names)
        )
        return format_html('{}<datalist id="{}">{}</datalist>', field, offered, options)


class ZoneField(forms.CharField):
    """A canonical name, or what leads to one: people may write small letters and blanks, and old names. `kept` may be
    sent back as it is.
    """

    def __init__(self, *, first: Sequence[str] = (), kept: str = "", **more: Any) -> None:
        super().__init__(label="Time zone", max_length=64, widget=ZoneInput(first), **more)
        self.kept = kept

    def clean(self, value: Any) -> str:
        name: str = super().clean(value)
        try:
            return name if name == self.kept else zones.meant(name)
        except Refused as refusal:
            raise forms.ValidationError(refusal.message) from refusal


class GeneralForm(PageForm):
    time_zone = ZoneField(help_text="Agents are told its date and time. Its days count for budgets and usage.")
    require_two_step = forms.BooleanField(
        label="Require two-step sign-in for administrators",
        required=False,
        help_text="Administrators who have not set it up only see how to do so.",
    )
    signature = forms.CharField(
        max_length=1000,
        required=False,
        widget=forms.Textarea({"rows": 4}),
        help_text="Below each message to a customer.",
    )
    test_repetitions = forms.IntegerField(
        label="Repetitions",
        required=False,
        min_value=1,
        max_value=10,
        help_text="How often a language model is asked each routing test. All of them must pass. The offline router is"
        " asked once.",
    )
    test_usd_per_day = forms.DecimalField(
        label="US dollars per day",
        required=False,
        min_value=0,
        max_value=1_000_000,
        decimal_places=2,
        help_text="What routing tests may cost. After that, changes that they guard are held back until the next day.",
    )
    builders_may_override = forms.BooleanField(
        label="Builders can save past routing tests",
        required=False,
        help_text="Administrators always can. It takes a reason, which History and the audit log show.",
    )

    def clean(self) -> dict[str, Any]:
        for name in ("test_repetitions", "test_usd_per_day"):
            if name in self.data and self.cleaned_data.get(name, 0) is None:
                self.add_error(name, "Enter a number.")
        return self.cleaned_data

    @property
    def of_tests(self) -> dict[str, Any]:
        """Return what it says of routing tests; a number that was not sent stays. Of a valid form."""
        names = ("test_repetitions", "test_usd_per_day", "builders_may_override")
        return {name: self.cleaned_data[name] for name in names if self.cleaned_data[name] is not None}


class WebhookForm(SharedForm):
    url = AddressField(
        label="Address",
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autofocus": True,
                "placeholder": "https://example.com/baton",
                "inputmode": "url",
            }
        ),
        help_text="Gets a POST request with JSON for each event.",
    )
    description = forms.CharField(
        label="Short description",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="What it is for, for your colleagues.",
    )
    events = forms.MultipleChoiceField(
        label="Tell it when",
        choices=[
            (name, format_html('<span>{} <code class="text-muted text-sm">{}</code></span>', words, name))
            for name, words in outbox.EVENTS.items()
        ],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: Any = None, *, webhook: Webhook | None = None, is_chat: bool = False) -> None:
        initial: dict[str, Any] = {"events": chat.USUAL if is_chat else list(outbox.EVENTS)}
        if webhook:
            initial = {"url": webhook.url, "description": webhook.description, "events": webhook.events}
            is_chat = webhook.is_chat
        super().__init__(data, initial=initial)
        if is_chat:
            self._ask_for_chat(webhook)
        if webhook:
            self.merge()

    def _ask_for_chat(self, webhook: Webhook | None) -> None:
        field = self.fields["url"] = ChatAddressField(
            label="Incoming webhook address", widget=self.fields["url"].widget, help_text=_CHAT_HELP
        )
        field.kept = webhook.url if webhook else ""
        field.widget.attrs["placeholder"] = "https://hooks.slack.com/services/…"
        self.fields["events"].label = "Write when"

    def show(self, refusal: Refused) -> None:
        """What a verb refused, beside the fields it is about."""
        show_refusal(self, refusal)


class BudgetForm(PageForm):
    """An empty field takes the value of the next level, which it shows as a placeholder: `inherited`, by field."""

    requests = forms.IntegerField(label="Requests to its model", min_value=1, max_value=1000)
    tokens = forms.IntegerField(label="Tokens", min_value=1, max_value=10**9)
    usd = forms.DecimalField(label="US dollars", min_value=_CENT, max_value=100_000, decimal_places=2)
    minutes = forms.IntegerField(label="Minutes of work", min_value=1, max_value=10_080)
    usd_per_day = forms.DecimalField(
        label="US dollars a day", min_value=_CENT, max_value=1_000_000, decimal_places=2, help_text=_A_DAY
    )

    def __init__(
        self,
        data: Any = None,
        *,
        budget: Mapping[str, float],
        inherited: Mapping[str, float | None],
        prefix: str | None = None,
    ) -> None:
        super().__init__(data, initial={name: _typed(value) for name, value in budget.items()}, prefix=prefix)
        for name, field in self.fields.items():
            field.required = False
            most = inherited.get(name)
            field.widget.attrs["placeholder"] = f"{most:,g}" if most and most < 10**5 else f"{most or 0:,.0f}"
            if not most:
                field.widget.attrs["placeholder"] = "no limit"

    def wanted(self) -> Budget:
        """Of a valid form."""
        return Budget(**{name: self.cleaned_data[name] for name in Budget.model_fields})


class TeamBudgetForm(SharedForm, BudgetForm):
    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.merge()


def _typed(amount: float) -> float | Decimal:
    return amount if isinstance(amount, int) else Decimal(str(amount)).quantize(_CENT)
