"""What people fill in about a group."""

from collections.abc import Iterator
from typing import Any

from django import forms
from pydantic import ValidationError

from data.errors import Refused
from data.texts.schema_errors import words_of
from teams.models import Group, Member, Team
from teams.settings.forms import ZoneField
from web.forms.messages import PageForm
from web.forms.refusals import show_refusal
from web.forms.stale import SharedForm

from .groups import MOST_HOURS, GroupFields
from .hours import DAYS, Opening

MOST_OPENINGS = 14


class OpeningForm(PageForm):
    """One line of the working hours. An empty line counts as none."""

    days = forms.MultipleChoiceField(
        choices=[(day, day.capitalize()) for day in DAYS], required=False, widget=forms.CheckboxSelectMultiple
    )
    start = forms.TimeField(label="From", required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    # Empty for the end of the day, which a browser's field of time cannot say.
    end = forms.TimeField(label="To", required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M"))

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("start") and not given.get("days"):
            self.add_error("days", "Choose the days.")
        if given.get("days") and not given.get("start") and "start" not in self.errors:
            self.add_error("start", "Enter a time.")
        if not self.errors and self.is_given:
            try:
                self.opening()
            except ValidationError as error:
                self.add_error("end", words_of(error.errors()[0]))
        return given

    @property
    def is_given(self) -> bool:
        return bool(self.cleaned_data.get("days") and self.cleaned_data.get("start"))

    def opening(self) -> Opening:
        start, end = self.cleaned_data["start"], self.cleaned_data["end"]
        return Opening(days=self.cleaned_data["days"], start=f"{start:%H:%M}", end=f"{end:%H:%M}" if end else "24:00")


class GroupForm(SharedForm):
    """The fields of a group; `openings` are the lines of its working hours, the last one empty."""

    name = forms.CharField(max_length=80, widget=forms.TextInput({"autocomplete": "off", "autofocus": True}))
    member_ids = forms.TypedMultipleChoiceField(label="Members", required=False, widget=forms.CheckboxSelectMultiple)
    due_hours = forms.IntegerField(
        label="Time to take a case",
        required=False,
        min_value=1,
        max_value=MOST_HOURS,
        help_text="In working hours. Cases that wait longer are overdue. Leave empty for no limit.",
    )

    def __init__(self, team: Team, data: Any = None, *, group: Group | None = None) -> None:
        initial: dict[str, Any] = {"time_zone": team.time_zone}
        if group:
            initial = {"name": group.name, "time_zone": group.time_zone, "due_hours": group.due_hours}
            initial["member_ids"] = [str(id) for id in group.members.values_list("user__uuid", flat=True)]
        super().__init__(data, initial=initial)
        # A zone that this machine's list lacks by now may stay.
        self.fields["time_zone"] = ZoneField(first=[team.time_zone], kept=group.time_zone if group else "")
        people = Member.objects.filter(team=team, user__is_active=True).select_related("user").order_by("user__email")
        members = self.fields["member_ids"]
        assert isinstance(members, forms.TypedMultipleChoiceField)
        members.choices = [(str(one.user.uuid), f"{one.user} · {one.user.email}") for one in people]
        self.openings = list(_openings(data, group.hours if group else []))
        self.order_fields(["name", "member_ids", "time_zone", "due_hours"])
        if group:
            self.merge(*self.openings)

    def is_valid(self) -> bool:
        return all([super().is_valid(), *(row.is_valid() for row in self.openings)])

    def fields_of_group(self) -> GroupFields:
        """Of a valid form."""
        said = self.cleaned_data
        return GroupFields(
            said["name"],
            said["member_ids"],
            said["time_zone"],
            [row.opening() for row in self.openings if row.is_given],
            said["due_hours"],
        )

    def show(self, refusal: Refused) -> None:
        show_refusal(self, refusal)


def _openings(data: Any, saved: list[dict[str, Any]]) -> Iterator[OpeningForm]:
    """The saved lines and an empty one; of what was sent, as many as came back."""
    rows = [{"days": row["days"], "start": row["from"], "end": row["to"].replace("24:00", "")} for row in saved]
    sent = [number for number in range(MOST_OPENINGS) if f"hours-{number}-start" in data] if data else []
    for number in range(max(len(rows) + 1, len(sent))):
        initial = rows[number] if number < len(rows) else {}
        yield OpeningForm(data, initial=initial, prefix=f"hours-{number}")
