"""The forms of queues and cases, and the details of a case as people type them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms

from builder.history.differences import Passage, compare, passages
from builder.models import Agent
from cases.models import DEFAULT_HOP_LIMIT, Case, CaseEvent, Queue
from cases.queues.consumers import Consumer
from cases.queues.data_schemas import read_schema
from cases.queues.goal_forms import GoalFields
from cases.timeline.field_changes import changed_fields
from data.errors import Refused
from data.texts.json_text import read_json
from teams.models import Team
from web.forms.messages import PageForm
from web.forms.stale import SharedForm

from .details import read_details, write_details

_FIRST = {"autocomplete": "off", "autofocus": True}
_PRIORITIES = [(Case.Priority.NONE, "None"), (Case.Priority.MEDIUM, "Medium"), (Case.Priority.HIGH, "High")]


class QueueForm(GoalFields):
    name = forms.CharField(max_length=80, widget=forms.TextInput(attrs=_FIRST))
    description = forms.CharField(
        label="Short description", max_length=200, required=False, help_text="What kind of work waits here."
    )
    hop_limit = forms.IntegerField(
        label="Handover limit",
        min_value=1,
        max_value=50,
        error_messages=dict.fromkeys(["invalid", "min_value", "max_value"], "Choose between 1 and 50."),
        initial=DEFAULT_HOP_LIMIT,
        help_text="A case that was handed over this often waits for a person, so that agents cannot pass it round"
        " for ever.",
        widget=forms.NumberInput(attrs={"class": "max-w-28"}),
    )
    default_priority = forms.TypedChoiceField(
        label="Priority of new cases",
        required=False,
        coerce=int,
        empty_value=None,
        choices=_PRIORITIES,
        initial=int(Case.Priority.NONE),
        help_text="For cases that are added without one.",
    )
    replies = forms.BooleanField(
        label="Agents may write to customers",
        required=False,
        help_text="To who sent the email that brought the case. A person approves each message, unless an agent is"
        " freed from that.",
    )
    data_schema = forms.CharField(
        label="Schema of the details",
        required=False,
        strip=False,
        help_text="A JSON Schema. A case whose details do not fit is not added, and the error says why.",
        widget=forms.Textarea(attrs={"rows": 6, "class": "font-mono", "spellcheck": "false"}),
    )

    def __init__(self, data: Any = None, *, team: Team, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.offer_groups(team)

    def clean_data_schema(self) -> Any:
        try:
            return read_schema(self.cleaned_data["data_schema"])
        except Refused as refusal:
            raise forms.ValidationError(refusal.message) from refusal


class NewQueueForm(QueueForm):
    agents = forms.MultipleChoiceField(
        label="Agents that take its cases", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any = None, *, team: Team, agents: Iterable[Agent]) -> None:
        super().__init__(data, team=team)
        self.found = {str(agent.pk): agent for agent in agents}
        choices = [(key, agent.name) for key, agent in self.found.items()]
        self.fields["agents"].choices = choices  # type: ignore[attr-defined]

    def clean_agents(self) -> list[Agent]:
        return [self.found[key] for key in self.cleaned_data["agents"]]


class EditQueueForm(SharedForm, QueueForm):
    first_agent = forms.TypedChoiceField(
        label="New cases go to",
        required=False,
        empty_value=None,
        coerce=str,
        help_text="The agent that reads new cases first and hands over those that belong elsewhere.",
    )

    def __init__(self, data: Any = None, *, queue: Queue, consumers: Iterable[Consumer]) -> None:
        initial = {
            "name": queue.name,
            "description": queue.description,
            "hop_limit": queue.hop_limit,
            "default_priority": queue.default_priority,
            "replies": queue.replies,
            "data_schema": json.dumps(queue.data_schema, indent=2, ensure_ascii=False) if queue.data_schema else "",
            "first_agent": str(queue.first_agent_id or ""),
            **self.written(queue),
        }
        super().__init__(data, team=queue.team, initial=initial)
        self.offer_groups(queue.team, queue.hours_of)
        self.agents = {str(item.agent.pk): item.agent for item in consumers}
        choices = [("", "Any agent of the queue"), *((key, agent.name) for key, agent in self.agents.items())]
        self.fields["first_agent"].choices = choices  # type: ignore[attr-defined]
        self.merge()

    def clean_first_agent(self) -> Agent | None:
        return self.agents.get(self.cleaned_data["first_agent"])


class Picked(forms.MultipleChoiceField):
    def valid_value(self, value: object) -> bool:
        """Accept a label that has been deleted: it is a new one."""
        return True


class CaseForm(PageForm):
    """What a case says. `details` becomes its data."""

    title = forms.CharField(max_length=200, widget=forms.TextInput(attrs=_FIRST))
    details = forms.CharField(
        required=False,
        strip=False,
        help_text='Text, or a JSON object such as {"customer": "Ada"}: each of its fields is then shown by itself.',
        widget=forms.Textarea(attrs={"rows": 12}),
    )
    priority = forms.TypedChoiceField(
        coerce=int,
        choices=_PRIORITIES,
        initial=Case.Priority.NONE,
    )
    picked = Picked(label="Labels", required=False, widget=forms.CheckboxSelectMultiple)
    labels = forms.CharField(
        label="Other labels",
        required=False,
        help_text="Separated by commas.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    # `change_case` and `add_case` know the details as data.
    names = {"data": "details", "assignee_id": "assignee"}

    def offer_labels(self, names: Iterable[str]) -> None:
        """Offer the labels to pick from; the field `labels` is then for new ones."""
        self.fields["picked"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]

    def clean_labels(self) -> list[str]:
        typed = [label.strip() for label in self.cleaned_data["labels"].split(",") if label.strip()]
        return [*self.cleaned_data.get("picked", []), *typed]

    def clean_details(self) -> Any:
        return read_details(self.cleaned_data["details"])


class NewCaseForm(CaseForm):
    assignee = forms.TypedChoiceField(
        label="First agent", required=False, empty_value=None, coerce=str, choices=[("", "Any agent")]
    )

    def __init__(
        self, data: Any = None, *, queue: Queue, consumers: Iterable[Consumer], labels: Iterable[str] = ()
    ) -> None:
        super().__init__(data, initial={"priority": queue.default_priority})
        self.offer_labels(labels)
        self.agents = {str(item.agent.pk): item.agent for item in consumers}
        first = self.agents.get(str(queue.first_agent_id))
        choices = [("", f"{first.name}, as always in this queue" if first else "Any agent of the queue")]
        choices += [(str(item.agent.pk), _offered(item)) for item in consumers]
        self.fields["assignee"].choices = choices  # type: ignore[attr-defined]


def _offered(item: Consumer) -> str:
    waits = {"paused": " (paused)", "blocked": " (blocked by its procedure)", "overspent": " (spent for today)"}
    return item.agent.name + waits.get(item.status, "")


@dataclass(frozen=True)
class Difference:
    """A field that someone else saved in the meantime, and what differs from what was typed here."""

    label: str
    passages: list[Passage]


class EditCaseForm(CaseForm):
    # The last event that the person has seen: what came later must not be overwritten unseen.
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, case: Case, labels: Iterable[str] = ()) -> None:
        initial = {
            "title": case.title,
            "details": write_details(case.data),
            "priority": case.priority,
            "picked": case.labels,
            "seen": case.last_seq,
        }
        super().__init__(data, initial=initial)
        self.case = case
        self.offer_labels(sorted({*labels, *case.labels}))
        self.differences: list[Difference] = []

    def warn(self, unseen: CaseEvent) -> None:
        """Warn of others' changes, so that none is overwritten unseen: anyone who saves again after this means it."""
        who = unseen.actor or (unseen.agent.name if unseen.agent else "Someone")
        self.add_error(
            None,
            f"{who} changed {changed_fields(unseen)} while you were writing. What you wrote stands here, unsaved. Save"
            " again to replace theirs.",
        )
        self.differences = self._against_what_is_saved()
        self.data = self.data.copy()  # type: ignore[attr-defined]
        self.data["seen"] = str(unseen.seq)  # type: ignore[index]

    def _against_what_is_saved(self) -> list[Difference]:
        """Return each field where what was typed differs from what the case says by now."""
        case, said = Case.objects.get(pk=self.case.pk), self.cleaned_data
        pairs = {
            "Title": (case.title, said["title"]),
            "Details": (write_details(case.data), write_details(said["details"])),
            "Priority": (Case.Priority(case.priority).label, Case.Priority(said["priority"]).label),
            "Labels": (", ".join(case.labels), ", ".join(sorted(said["labels"]))),
        }
        return [
            Difference(label, passages(compare(theirs, yours)))
            for label, (theirs, yours) in pairs.items()
            if theirs != yours
        ]

    def clean_details(self) -> Any:
        text = self.cleaned_data["details"]
        if isinstance(self.case.data, str) or not self.case.data:
            return read_details(text)
        try:
            return read_json(text)
        except ValueError as error:
            raise forms.ValidationError(f"The details were JSON, and this is not: {error}.") from error
