"""What people fill in to start an agent by the clock."""

import re
from datetime import datetime, time
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils import timezone

from teams.errors import Refused
from teams.refusals import show_refusal

from . import schedules
from .models import Schedule

_PREVIEWED = 5


class ScheduleForm(forms.Form):
    """Simple fields, or a cron expression. `cleaned_data["expression"]` and `times` are what both come to."""

    EVERY = (
        ("weekday", "Every weekday"),
        ("day", "Every day"),
        ("week", "Every week"),
        ("hour", "Every hour"),
        ("cron", "Cron expression"),
    )

    every = forms.ChoiceField(label="When", choices=EVERY, initial="weekday")
    day = forms.ChoiceField(
        label="Day",
        choices=[(str(n), name) for n, name in enumerate(schedules.DAYS, 1)],
        required=False,
        help_text="Only for every week.",
    )
    at = forms.TimeField(
        label="Time",
        initial=time(8),
        required=False,
        widget=forms.TimeInput({"type": "time", "class": "max-w-40"}, format="%H:%M"),
        help_text="Of every hour only the minutes count.",
        error_messages={"invalid": "Please give a time, such as 08:00."},
    )
    cron = forms.CharField(
        label="Cron expression",
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "placeholder": "0 8 * * 1-5"}),
        help_text="Only for cron: minute, hour, day of month, month, day of week.",
    )
    zone = forms.ChoiceField(
        label="Time zone", choices=lambda: [(name, name) for name in sorted(available_timezones())]
    )
    input = forms.CharField(
        label="What should it work on?",
        required=False,
        widget=forms.Textarea({"rows": 4}),
        help_text="The agent gets it beside its saved procedure, without a case.",
    )

    def __init__(self, data: Any = None, *, schedule: Schedule | None = None) -> None:
        here = str(timezone.get_current_timezone())
        initial = _initial(schedule) if schedule else {"zone": here if here in available_timezones() else "UTC"}
        super().__init__(data, initial=initial, label_suffix="")
        self.times: list[datetime] = []

    def clean(self) -> dict[str, Any]:
        cleaned = dict(super().clean() or {})
        every, at = cleaned.get("every"), cleaned.get("at") or time()
        if every != "cron" and cleaned.get("at") is None and "at" not in self.errors:
            self.add_error("at", "Please give a time.")
        if self.errors:
            return cleaned
        if every == "cron":
            cleaned["expression"] = " ".join(cleaned["cron"].split())
        else:
            hour = "*" if every == "hour" else at.hour
            day = {"weekday": "1-5", "week": cleaned["day"] or "1"}.get(str(every), "*")
            cleaned["expression"] = f"{at.minute} {hour} * * {day}"
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
        hour = 0 if simple[2] == "*" else int(simple[2])
        about |= {"every": every, "at": time(hour, int(simple[1])), "cron": ""}
        about |= {"day": simple[3]} if every == "week" else {}
    return about
