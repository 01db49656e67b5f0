"""The forms of bulk actions: which cases, and what else the act needs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict

from builder.models import Agent, QueueConnection
from builder.procedures.people import all_people
from cases.models import Case
from cases.search.filters import find_cases, read_filter
from data.ids import parse_uuid
from runs.results.forms import PostponeForm
from teams.models import Member, Team
from web.format.times import exact
from web.forms.messages import PageForm

from .actions import Verb

_MOST_PICKED = 500


@dataclass(frozen=True)
class Selection:
    """The cases that were picked, or all that the query of a list finds."""

    ids: tuple[UUID, ...] = ()
    query: str | None = None

    def cases(self, member: Member) -> QuerySet[Case]:
        if self.query is None:
            return Case.objects.present().filter(team=member.team_id, pk__in=self.ids)
        return find_cases(member.team, read_filter(QueryDict(self.query).dict(), member))


def read_selection(sent: QueryDict) -> Selection:
    if sent.get("all"):
        return Selection(query=sent.get("query", ""))
    return Selection(ids=tuple(id for id in map(parse_uuid, sent.getlist("case")[:_MOST_PICKED]) if id))


class ReassignForm(PageForm):
    """The form sends cases to an agent or to people. For people the value is a kind and an id, such as `group:…`."""

    agent = forms.ChoiceField(label="To", required=False)

    def __init__(self, data: Any, *, team: Team) -> None:
        super().__init__(data)
        consumers = QueueConnection.objects.filter(agent__team=team, role=QueueConnection.Role.CONSUMER)
        agents = Agent.objects.live().filter(team=team, pk__in=consumers.values("agent"))
        self.names = {str(id): name for id, name in agents.values_list("pk", "name")}
        people = {f"{one.kind}:{one.id}": one.name for one in all_people(team)}
        choices = [("", "Any agent of their queue"), *self.names.items(), ("People and groups", list(people.items()))]
        self.fields["agent"].choices = choices  # type: ignore[attr-defined]
        self.names |= people

    def arguments(self) -> dict[str, Any]:
        id = self.cleaned_data["agent"]
        return {"agent": id, "name": self.names.get(id, "any agent of their queue")}


class PriorityForm(PageForm):
    priority = forms.TypedChoiceField(
        coerce=int,
        choices=[(Case.Priority.HIGH, "High"), (Case.Priority.MEDIUM, "Medium"), (Case.Priority.NONE, "None")],
    )

    def arguments(self) -> dict[str, Any]:
        priority = Case.Priority(self.cleaned_data["priority"])
        return {"priority": priority, "name": priority.label}


class NewLabelForm(PageForm):
    """A label to add. `known` are the labels that are offered."""

    label = forms.CharField(
        max_length=40, widget=forms.TextInput({"list": "known-labels", "autocomplete": "off", "class": "max-w-80"})
    )

    def __init__(self, data: Any, *, known: Iterable[str]) -> None:
        super().__init__(data)
        self.known = list(known)

    def clean_label(self) -> str:
        return " ".join(str(self.cleaned_data["label"]).split())

    def arguments(self) -> dict[str, Any]:
        return {"label": self.cleaned_data["label"]}


class KnownLabelForm(PageForm):
    label = forms.ChoiceField()

    def __init__(self, data: Any, *, known: Iterable[str]) -> None:
        super().__init__(data)
        self.fields["label"].choices = [(name, name) for name in known]  # type: ignore[attr-defined]

    def arguments(self) -> dict[str, Any]:
        return {"label": self.cleaned_data["label"]}


class UntilForm(PostponeForm):
    def arguments(self) -> dict[str, Any]:
        until = self.cleaned_data["until"]
        return {"until": until.isoformat(), "name": exact(until)}


class TextForm(PageForm):
    text = forms.CharField(required=False, max_length=10_000, widget=forms.Textarea({"rows": 3}))

    def __init__(self, data: Any, *, label: str) -> None:
        super().__init__(data)
        self.fields["text"].label = label

    def arguments(self) -> dict[str, Any]:
        return {"text": self.cleaned_data["text"].strip()}


class NothingForm(PageForm):
    def arguments(self) -> dict[str, Any]:
        return {}


type BulkForm = ReassignForm | PriorityForm | NewLabelForm | KnownLabelForm | UntilForm | TextForm | NothingForm


def form_for(verb: str, team: Team, data: Mapping[str, Any] | None) -> BulkForm:
    """Return the form of the act, empty without data."""
    labels = team.labels.values_list("name", flat=True)
    forms: dict[str, Callable[[], BulkForm]] = {
        Verb.REASSIGN: lambda: ReassignForm(data, team=team),
        Verb.PRIORITY: lambda: PriorityForm(data),
        Verb.ADD_LABEL: lambda: NewLabelForm(data, known=labels),
        Verb.REMOVE_LABEL: lambda: KnownLabelForm(data, known=labels),
        Verb.POSTPONE: lambda: UntilForm(data),
        Verb.COMPLETE: lambda: TextForm(data, label="What was done"),
        Verb.FAIL: lambda: TextForm(data, label="Reason"),
    }
    if verb not in forms:
        return NothingForm({} if data is None else data)
    form = forms[verb]()
    next(iter(form.fields.values())).widget.attrs["autofocus"] = True
    return form
