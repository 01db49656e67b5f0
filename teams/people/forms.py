"""What people fill in about members and API keys."""

from django import forms

from teams.models import ApiKey, Member
from web.forms.messages import PageForm

_NO_SUGGESTIONS = {"autocomplete": "off"}
EXPIRIES = [("30", "in 30 days"), ("90", "in 90 days"), ("365", "in a year"), ("never", "never")]


class InviteForm(PageForm):
    email = forms.CharField(label="Email address", widget=forms.EmailInput(attrs=_NO_SUGGESTIONS))
    role = forms.ChoiceField(label="Role", choices=Member.Role.choices, initial=Member.Role.OPERATOR)


class AcceptForm(PageForm):
    name = forms.CharField(label="Your name", max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 10 characters.",
    )


class KeyForm(PageForm):
    name = forms.CharField(
        label="Name", widget=forms.TextInput(attrs=_NO_SUGGESTIONS), help_text="What uses it, to recognise it by."
    )
    scopes = forms.MultipleChoiceField(
        label="Permissions",
        choices=ApiKey.Scope.choices,
        initial=[ApiKey.Scope.READ],
        widget=forms.CheckboxSelectMultiple,
    )
    expires = forms.ChoiceField(label="Expires", choices=EXPIRIES, initial="365")
    per_minute = forms.IntegerField(
        label="Requests a minute",
        required=False,
        min_value=1,
        max_value=1_000_000,
        widget=forms.NumberInput(attrs={"class": "max-w-28"}),
        help_text="Above this, requests are throttled. Leave empty to use the limit of this server.",
    )
