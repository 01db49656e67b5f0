"""The forms of schedules."""

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone

from data.errors import Refused
from runs.models import Schedule
from teams.models import Team
from teams.settings import zones
from teams.settings.forms import ZoneField
from web.forms.messages import PageForm
from web.forms.refusals import show_refusal
from web.forms.stale import SharedForm

from . import schedules

_PREVIEWED = 5


STATES = [("active", "Active"), ("paused", "Paused"), ("failing", "Failing")]


class ScheduleFilterForm(PageForm):
    """The filters of the list as they stand in its address."""

    q = forms.CharField(required=False)
    state = forms.ChoiceField(choices=STATES, required=False)

    def clean(self) -> dict[str, Any]:
        """Ignore filters that make no sense."""
        cleaned = dict(super().clean() or {})
        return {name: cleaned.get(name, "") for name in self.fields}


class ScheduleForm(SharedForm):
    """A schedule as simple fields, or as a cron expression. `cleaned_data["expression"]` and `times` are what both
    come to.
    """

    EVERY = (
        ("weekday", "Every weekday"),
        ("day", "Every day"),
        ("week", "Every week"),
        ("hour", "Every hour"),
        ("cron", "By a cron expression"),
    )
    # Which fields say when, for each choice.
    NEEDED: Mapping[str, tuple[str, ...]] = {
        "weekday": ("at",),
        "day": ("at",),
        "week": ("day", "at"),
        "hour": ("minute",),
        "cron": ("cron",),
    }

    every = forms.ChoiceField(
        label="When", choices=EVERY, initial="weekday", widget=forms.RadioSelect({"autofocus": True})
    )
    day = forms.ChoiceField(label="Day", choices=[(str(n), name) for n, name in enumerate(schedules.DAYS, 1)])
    at = forms.TimeField(
        label="Time",
        initial=time(8),
        widget=forms.TimeInput({"type": "time", "class": "max-w-40"}, format="%H:%M"),
    )
    minute = forms.IntegerField(
        label="Minutes past the hour",
        initial=0,
        min_value=0,
        max_value=59,
        widget=forms.NumberInput({"class": "max-w-40"}),
        error_messages=dict.fromkeys(["invalid", "min_value", "max_value"], "Enter a number from 0 to 59."),
    )
    cron = forms.CharField(
        label="Cron expression",
        widget=forms.TextInput({"autocomplete": "off", "placeholder": "0 8 * * 1-5"}),
        help_text="Minute, hour, day of month, month, day of week.",
    )
    zone = ZoneField()
    input = forms.CharField(
        label="What should it work on?",
        required=False,
        widget=forms.Textarea({"rows": 4}),
        help_text="The agent gets it together with its saved procedure, without a case.",
    )

    def __init__(self, data: Any = None, *, team: Team, schedule: Schedule | None = None) -> None:
        initial = _initial(schedule) if schedule else {"zone": team.time_zone}
        super().__init__(data, initial=initial)
        here = str(timezone.get_current_timezone())
        offered = [team.time_zone, *([here] if here in zones.names() else [])]
        # One from before may be an alias: it is left as it is, unless someone changes it.
        kept = schedule.zone if schedule else ""
        self.fields["zone"] = ZoneField(first=offered, kept=kept)
        self.times: list[datetime] = []
        if schedule:
            self.merge()

    def clean(self) -> dict[str, Any]:
        cleaned = dict(super().clean() or {})
        every = cleaned.get("every", "")
        needed = self.NEEDED.get(every, ())
        for name in {"day", "at", "minute", "cron"} - set(needed):
            self.errors.pop(name, None)  # nobody sees these
        if self.errors:
            return cleaned
        if every == "cron":
            cleaned["expression"] = " ".join(cleaned["cron"].split())
        elif every == "hour":
            cleaned["expression"] = f"{cleaned['minute']} * * * *"
        else:
            at: time = cleaned["at"]
            day = {"weekday": "1-5", "week": cleaned.get("day")}.get(every, "*")
            cleaned["expression"] = f"{at.minute} {at.hour} * * {day}"
        try:
            self.times = schedules.next_times(cleaned["expression"], cleaned["zone"], timezone.now(), _PREVIEWED)
        except Refused as refusal:
            show_refusal(self, refusal)
        return cleaned


def _initial(schedule: Schedule) -> dict[str, Any]:
    simple = re.fullmatch(r"(\d+) (\d+|\*) \* \* (\*|1-5|[1-7])", schedule.expression)
    about: dict[str, Any] = {
        "zone": schedule.zone,
        "input": schedule.input,
        "cron": schedule.expression,
        "every": "cron",
    }
    if simple and not (simple[2] == "*" and simple[3] != "*"):
        every = {"*": "hour" if simple[2] == "*" else "day", "1-5": "weekday"}.get(simple[3], "week")
        at = {"minute": int(simple[1])} if every == "hour" else {"at": time(int(simple[2]), int(simple[1]))}
        about |= {"every": every, "cron": "", **at}
        about |= {"day": simple[3]} if every == "week" else {}
    return about
