"""What people fill in about mailboxes and messages."""

from typing import Any

from django import forms

from cases.models import Case
from channels.mailboxes.mailbox_sources import MailboxFields
from channels.models import Source
from data.errors import Refused
from data.ids import parse_uuid
from teams.models import Team
from web.forms.messages import PageForm
from web.forms.refusals import show_refusal
from web.forms.stale import SharedForm

from .replies import TEXT_LIMIT

_FILES_SHOWN = 200
_OFF = {"autocomplete": "off", "spellcheck": "false"}


class ReplyForm(PageForm):
    """`send`: files of the case that go along. New ones are uploaded beside the form's fields, as `files`."""

    text = forms.CharField(label="Message", max_length=TEXT_LIMIT, strip=True, widget=forms.Textarea({"rows": 6}))
    send = forms.TypedMultipleChoiceField(
        label="Files of this case to send along", coerce=parse_uuid, required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, case: Case, data: Any = None) -> None:
        super().__init__(data)
        files = case.attachments.order_by("-created_at", "-pk")[:_FILES_SHOWN]
        self.fields["send"].choices = [(str(file.pk), file.name) for file in files]  # type: ignore[attr-defined]


def _secret(label: str, help_text: str) -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": "new-password"})
    return forms.CharField(
        label=label, required=False, strip=False, max_length=10_000, widget=widget, help_text=help_text
    )


class MailboxForm(SharedForm):
    """A new mailbox, or one to change: then an empty password keeps the present one."""

    apart = frozenset({"secret", "refresh_token", "client_secret"})

    name = forms.CharField(max_length=80, widget=forms.TextInput(_OFF | {"autofocus": True, "placeholder": "Support"}))
    queue_id = forms.TypedChoiceField(label="Queue", coerce=parse_uuid, help_text="Where its emails become cases.")
    host = forms.CharField(
        label="Server", max_length=253, widget=forms.TextInput(_OFF | {"placeholder": "imap.example.com"})
    )
    port = forms.IntegerField(
        min_value=1, max_value=65535, initial=993, widget=forms.NumberInput({"class": "max-w-28"})
    )
    tls = forms.ChoiceField(
        label="Encryption",
        choices=[("implicit", "TLS (port 993)"), ("starttls", "STARTTLS (port 143)"), ("none", "None")],
        initial="implicit",
    )
    user = forms.CharField(label="User name", max_length=320, widget=forms.TextInput(_OFF))
    sign_in = forms.ChoiceField(
        label="Sign in with",
        choices=[
            ("password", "A password"),
            ("oauth", "OAuth, with tokens that Baton gets and renews"),
            ("xoauth2", "A token (XOAUTH2) that you renew"),
        ],
        initial="password",
        widget=forms.RadioSelect,
    )
    secret = _secret("Password or token", "Stored encrypted and never shown again.")
    token_url = forms.CharField(
        label="Token address",
        required=False,
        max_length=2000,
        widget=forms.TextInput(_OFF | {"placeholder": "https://oauth2.googleapis.com/token"}),
    )
    client_id = forms.CharField(label="Client ID", required=False, max_length=500, widget=forms.TextInput(_OFF))
    client_secret = _secret("Client secret", "")
    refresh_token = _secret(
        "Refresh token", "Left empty, the application signs in as itself, as those of Microsoft 365 can."
    )
    scope = forms.CharField(required=False, max_length=1000, widget=forms.TextInput(_OFF))
    folder = forms.CharField(max_length=200, initial="INBOX", widget=forms.TextInput(_OFF))
    after = forms.ChoiceField(
        label="Emails after import",
        choices=[
            ("seen", "Mark as read"),
            ("move", "Move to a folder"),
            ("delete", "Delete"),
            ("leave", "Leave as they are"),
        ],
        initial="seen",
    )
    move_to = forms.CharField(label="Move to", max_length=200, required=False, widget=forms.TextInput(_OFF))
    address = forms.CharField(
        label="Address",
        max_length=320,
        required=False,
        widget=forms.TextInput(_OFF | {"placeholder": "support@example.com"}),
        help_text="Customers are answered from it. Left empty, it is the user name.",
    )
    closed = forms.ChoiceField(
        label="Answers to a closed case",
        choices=[("reopen", "Reopen the case"), ("new", "Create a new case")],
        initial="reopen",
        widget=forms.RadioSelect,
    )
    per_hour = forms.IntegerField(
        label="Emails per sender and hour",
        min_value=1,
        max_value=1000,
        initial=20,
        help_text="Further emails wait in the log.",
        widget=forms.NumberInput({"class": "max-w-28"}),
    )
    take = forms.MultipleChoiceField(
        label="Also take in",
        choices=[("lists", "What lists and newsletters send"), ("automatic", "Automatic notifications and answers")],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    verified_by = forms.CharField(
        label="Server that verifies senders",
        max_length=253,
        required=False,
        widget=forms.TextInput(_OFF | {"placeholder": "mx.example.com"}),
        help_text="Its name in the header Authentication-Results. Members can then answer agents by replying to the"
        " email about a question. Left empty it is known for Gmail and Microsoft 365; “off” allows no such replies.",
    )

    def __init__(self, team: Team, data: Any = None, *, source: Source | None = None) -> None:
        initial = {"name": source.name, "queue_id": source.queue_id, **source.settings} if source else {}
        super().__init__(data, initial=initial)
        queues = {queue.pk: queue for queue in team.queues.live().order_by("name")}
        if source and source.queue_id not in queues:
            queues[source.queue_id] = source.queue
        self.queues = queues
        self.fields["queue_id"].choices = [(str(pk), queue.name) for pk, queue in queues.items()]  # type: ignore[attr-defined]
        if source:
            for name in self.apart:
                self.fields[name].help_text = "Left empty, the present one stays."
            self.merge()

    def mailbox(self) -> MailboxFields:
        """Return what a valid form says."""
        said = self.said()
        secrets = {name: said.pop(name) for name in self.apart}
        return MailboxFields(said.pop("name"), self.queues[said.pop("queue_id")], said, **secrets)

    def show(self, refusal: Refused) -> None:
        names = {"settings.password": "secret"}
        fields = {names.get(name, name.removeprefix("settings.")): words for name, words in refusal.fields.items()}
        show_refusal(self, Refused(refusal.message, refusal.code, fields))
