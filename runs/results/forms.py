"""What people send to pages of runs and to the verbs of cases."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from builder.models import Agent
from cases.models import Case
from runs.models import Outcome, Run, Status
from teams.models import Team
from web.forms.messages import PageForm

from .queries import ATTENTION, LONGEST, MOST_EXPENSIVE, ON_CASE, STANDALONE, RunFilter

STATES = [
    (ATTENTION, "Needs attention"),
    (Status.QUEUED, "Queued"),
    (Status.RUNNING, "Running"),
    (Status.WAITING, "Waiting"),
    *((outcome, outcome.label) for outcome in Outcome),
    (Status.COMPLETED, "Completed, any outcome"),
    (Status.FAILED, "Failed"),
    (Status.STOPPED, "Stopped"),
]
ON = [(ON_CASE, "On a case"), (STANDALONE, "Standalone")]
SORTS = [(LONGEST, "Longest first"), (MOST_EXPENSIVE, "Most expensive first")]


class FilterForm(PageForm):
    """The filters of the runs list as they stand in its address. What makes no sense there is not asked for."""

    q = forms.CharField(required=False)
    state = forms.ChoiceField(choices=STATES, required=False)
    agent = forms.UUIDField(required=False)
    on = forms.ChoiceField(choices=ON, required=False)
    case = forms.UUIDField(required=False)
    chain = forms.UUIDField(required=False)
    trigger = forms.ChoiceField(choices=Run.Trigger.choices, required=False)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    sort = forms.ChoiceField(choices=SORTS, required=False)


def run_filter(query: QueryDict) -> RunFilter:
    form = FilterForm(query)
    form.is_valid()
    return RunFilter(**{name: value for name, value in form.cleaned_data.items() if value})


class PostponeForm(PageForm):
    """Until when a case is postponed. `preset` is one of PRESETS and goes before `until`, which is a time of the
    person's zone.
    """

    PRESETS: Sequence[tuple[str, str]] = (
        ("hour", "In 1 hour"),
        ("tomorrow", "Tomorrow at 9:00"),
        ("monday", "Next Monday at 9:00"),
    )

    preset = forms.ChoiceField(choices=PRESETS, required=False)
    until = forms.DateTimeField(
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = dict(super().clean() or {})
        if preset := cleaned.get("preset"):
            cleaned["until"] = preset_time(preset)
        elif not cleaned.get("until") and "until" not in self.errors:
            self.add_error("until", "Choose a time.")
        return cleaned


def preset_time(preset: str) -> datetime | None:
    now = timezone.localtime()
    if preset == "never":
        return None
    if preset == "hour":
        return now + timedelta(hours=1)
    days = 1 if preset == "tomorrow" else 7 - now.weekday()
    return timezone.make_aware(datetime.combine(now.date() + timedelta(days=days), time(9)))


class TryForm(PageForm):
    """What to try an agent on. `sample` is a case whose text is taken when `input` is empty."""

    what = forms.ChoiceField(
        choices=[("typed", "The text as typed"), ("live", "What is live")],
        widget=forms.Select({"class": "select", "aria-label": "Which text to try"}),
        required=False,
    )
    sample = forms.ModelChoiceField(
        Case.objects.none(), required=False, empty_label="Custom text", widget=forms.Select({"class": "select"})
    )
    input = forms.CharField(
        label="Works on",
        required=False,
        strip=False,
        widget=forms.Textarea({"class": "textarea", "rows": 6, "placeholder": "For example the text of an email."}),
    )

    def __init__(self, data: Any = None, *, samples: Sequence[Case]) -> None:
        super().__init__(data, auto_id="try-%s")
        field = self.fields["sample"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Case.objects.filter(pk__in=[case.pk for case in samples]).order_by("-number")


class SendForm(PageForm):
    """Where to send a case. Without an agent, any agent of the queue may take it."""

    assignee_id = forms.ModelChoiceField(
        Agent.objects.none(), required=False, error_messages={"invalid_choice": "There is no such agent."}
    )
    note = forms.CharField(required=False, max_length=10_000)

    def __init__(self, data: Any, *, team: Team) -> None:
        super().__init__(data)
        field = self.fields["assignee_id"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Agent.objects.live().filter(team=team)


class DueForm(PostponeForm):
    """When a request is to be answered. `preset` `never` is no time at all."""

    PRESETS = (*PostponeForm.PRESETS, ("never", "No due time"))

    preset = forms.ChoiceField(choices=PRESETS, required=False)


class AnswerTimeForm(PageForm):
    """How many hours people have to answer; empty for no limit."""

    hours = forms.IntegerField(
        label="Hours to answer",
        required=False,
        min_value=1,
        max_value=720,
        widget=forms.NumberInput(attrs={"placeholder": "No limit"}),
        help_text="What is not answered by then goes to another member of the team. It holds for what agents ask from"
        " now on.",
        error_messages=dict.fromkeys(
            ["invalid", "min_value", "max_value"], "Enter a number of hours between 1 and 720, or leave it empty."
        ),
    )
