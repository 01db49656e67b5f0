"""What administrators fill in about a form."""

from typing import Any

from django import forms

from channels.email import replies
from channels.models import Source
from data.errors import Refused
from data.ids import parse_uuid
from teams.models import Team
from web.forms.refusals import show_refusal
from web.forms.stale import SharedForm

from .form_settings import INTRO_LIMIT, MOST_FILES, form_settings
from .form_sources import FormFields
from .questions import EMAIL, Question, all_questions

_ASKS = [("required", "Required"), ("optional", "Optional"), ("hidden", "Not asked")]
_SHARES = [("status", "How far the case is"), ("answer", "The last answer that was sent")]


class FormForm(SharedForm):
    """A new form, or one to change, with a choice for each field that its queue and its agents ask for."""

    name = forms.CharField(
        max_length=80,
        widget=forms.TextInput({"autocomplete": "off", "autofocus": True, "placeholder": "Contact us"}),
        help_text="Customers see it as the heading.",
    )
    queue_id = forms.TypedChoiceField(
        label="Queue", coerce=parse_uuid, help_text="Its schema and its agents say what is asked."
    )
    intro = forms.CharField(
        label="Introduction",
        required=False,
        max_length=INTRO_LIMIT,
        widget=forms.Textarea({"rows": 3}),
        help_text="Customers read it above the fields.",
    )
    ask_email = forms.ChoiceField(
        label="Email address",
        choices=_ASKS,
        initial="optional",
        help_text="Where customers are answered. Nobody checks that it is theirs.",
    )
    most_files = forms.IntegerField(
        label="Files",
        min_value=0,
        max_value=MOST_FILES,
        initial=0,
        help_text="How many may be attached, of 20 MB together.",
        widget=forms.NumberInput({"class": "max-w-28"}),
    )
    shares = forms.MultipleChoiceField(
        label="Customers see of their case",
        choices=_SHARES,
        initial=[name for name, _ in _SHARES],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="With the link that they get when they have sent the form. Its number is always shown.",
    )
    confirm = forms.BooleanField(
        label="Email a confirmation",
        required=False,
        help_text="With the reference and the link, where an email address is asked for. It repeats nothing that was"
        " typed, as anyone can enter any address, and one address gets at most 3 within an hour.",
    )
    per_hour = forms.IntegerField(
        label="From one network within an hour",
        min_value=1,
        max_value=1000,
        initial=10,
        widget=forms.NumberInput({"class": "max-w-28"}),
    )
    per_hour_in_all = forms.IntegerField(
        label="In all within an hour",
        min_value=1,
        max_value=10_000,
        initial=200,
        widget=forms.NumberInput({"class": "max-w-28"}),
    )
    proof_of_work = forms.BooleanField(
        label="Let browsers work for about a second before they send",
        required=False,
        help_text="Makes it costly to send many. The form then needs JavaScript and HTTPS.",
    )
    origins = forms.CharField(
        label="Websites that may show it in a frame",
        required=False,
        max_length=6000,
        widget=forms.Textarea({"rows": 3, "placeholder": "https://www.example.com"}),
        help_text="One origin per line. Other websites can only link to it.",
    )

    def __init__(self, team: Team, data: Any = None, *, source: Source | None = None) -> None:
        initial: dict[str, Any] = {}
        self.asked: list[Question] = []
        if source:
            said = form_settings(source)
            initial = {"name": source.name, "queue_id": source.queue_id, **said.model_dump()}
            initial["most_files"] = said.files
            initial["origins"] = "\n".join(said.origins)
            self.asked = [one for one in all_questions(source.queue, said) if not one.must and one.name != EMAIL]
            initial |= {f"as-{one.key}": said.fields.get(one.name, "") for one in self.asked}
        super().__init__(data, initial=initial)
        queues = {queue.pk: queue for queue in team.queues.live().order_by("name")}
        if source and source.queue_id not in queues:
            queues[source.queue_id] = source.queue
        self.queues = queues
        self.fields["queue_id"].choices = [(str(pk), queue.name) for pk, queue in queues.items()]  # type: ignore[attr-defined]
        for one in self.asked:
            usual = "Required" if one.required else "Optional"
            choices = [("", f"Default: {usual.lower()}"), *_ASKS]
            self.fields[f"as-{one.key}"] = forms.ChoiceField(label=one.label, choices=choices, required=False)
        if not replies.is_set_up():
            self.fields["confirm"].help_text = "Baton cannot send email yet. Ask an operator to set EMAIL_URL."
        if source:
            self.merge()

    def overrides(self) -> list[forms.BoundField]:
        return [self[f"as-{one.key}"] for one in self.asked]

    def said_form(self) -> FormFields:
        """Return what a valid form says."""
        said = self.said()
        chosen = {one.name: how for one in self.asked if (how := said.pop(f"as-{one.key}"))}
        name, queue = said.pop("name"), self.queues[said.pop("queue_id")]
        origins = said.pop("origins").split()
        said["files"] = said.pop("most_files")
        return FormFields(name, queue, {**said, "fields": chosen, "origins": origins})

    def show(self, refusal: Refused) -> None:
        fields = {name.removeprefix("settings."): words for name, words in refusal.fields.items()}
        show_refusal(self, Refused(refusal.message, refusal.code, fields))
