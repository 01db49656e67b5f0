"""What people fill in about the goals of a queue."""

from decimal import Decimal
from typing import Any

from django import forms

from cases.models import Queue
from teams.groups.groups import MOST_HOURS
from teams.models import Group, Team
from web.forms.messages import PageForm

from .goals import Goals

_NUMBER = {"class": "max-w-28", "step": "any"}


def _hours(label: str, help_text: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=Decimal("0.01"),
        max_value=MOST_HOURS,
        decimal_places=2,
        error_messages=dict.fromkeys(
            ["invalid", "min_value", "max_value", "max_decimal_places"],
            f"Enter hours between 0.02 and {MOST_HOURS:,}, with at most two decimals.",
        ),
        help_text=help_text,
        widget=forms.NumberInput(attrs=_NUMBER),
    )


class GoalFields(PageForm):
    """The fields of a form that sets goals too; `offer_groups` completes them."""

    first_look_hours = _hours(
        "First look within", "Hours until an agent or a person starts on a new case, such as 0.5. Empty: no such goal."
    )
    done_hours = _hours("Done within", "Hours until a case is closed. Empty: no such goal.")
    hours_of = forms.TypedChoiceField(
        label="Working hours",
        required=False,
        empty_value=None,
        coerce=str,
        help_text="Only the working hours of this group count, in its time zone.",
    )

    # What the verb's refusal calls them.
    goal_names = {"first_look_minutes": "first_look_hours", "done_minutes": "done_hours"}

    def offer_groups(self, team: Team, kept: Group | None = None) -> None:
        """Offer the team's groups. `kept` was chosen before, and may be deleted now."""
        self.groups = {str(row.pk): row for row in team.groups.live()} | ({str(kept.pk): kept} if kept else {})
        choices = [(key, f"{row.name} (deleted)" if row.is_deleted else row.name) for key, row in self.groups.items()]
        self.fields["hours_of"].choices = [("", "Around the clock"), *choices]  # type: ignore[attr-defined]

    def clean_hours_of(self) -> Group | None:
        return self.groups.get(self.cleaned_data["hours_of"] or "")

    @staticmethod
    def written(queue: Queue) -> dict[str, Any]:
        """The fields as they are saved."""
        return {
            "first_look_hours": _as_hours(queue.first_look_minutes),
            "done_hours": _as_hours(queue.done_minutes),
            "hours_of": str(queue.hours_of_id or ""),
        }

    def goals(self) -> Goals:
        """Of a valid form."""
        said = self.cleaned_data
        return Goals(_minutes(said["first_look_hours"]), _minutes(said["done_hours"]), said["hours_of"])


def without_goals(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in GoalFields.base_fields}


def _minutes(hours: Decimal | None) -> int | None:
    return None if hours is None else max(1, round(hours * 60))


def _as_hours(minutes: int | None) -> str:
    return "" if minutes is None else f"{minutes / 60:.2f}".rstrip("0").rstrip(".")
