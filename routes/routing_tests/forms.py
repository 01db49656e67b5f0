"""The forms in which people write routing tests."""

from typing import Any

from django import forms

from builder.models import Agent
from builder.procedures import mentions, people
from cases.models import Queue
from cases.work.details import read_details
from data.errors import Refused
from routes.models import RoutingTest
from web.forms.messages import PageForm

from . import decisions
from .decisions import Decision

_FIRST = {"autofocus": True, "autocomplete": "off"}


def key_of(decision: Decision) -> str:
    """The choice that stands for a decision."""
    for name in decisions.TARGETS:
        if decision.get(name):
            return f"{name.removesuffix('_id')}:{decision[name]}"
    return str(decision["decision"])


def _of_key(key: str) -> Decision:
    kind, colon, id = key.partition(":")
    return {"decision": decisions.HAND_OVER, f"{kind}_id": id} if colon else {"decision": key}


class ExpectationForm(PageForm):
    """What a test is called, and what its agent should decide. Any of several decisions passes."""

    expected = forms.MultipleChoiceField(
        label="Expected decision",
        widget=forms.CheckboxSelectMultiple,
        error_messages=dict.fromkeys(["required", "invalid_choice"], "Choose at least one decision."),
    )
    name = forms.CharField(max_length=200, required=False, help_text="Left empty: the beginning of the input.")

    def __init__(self, data: Any = None, *, agent: Agent, mode: str, **about: Any) -> None:
        super().__init__(data, **about)
        self._near = {key_of(one) for one in _mentioned(agent)} | set(self["expected"].value() or [])
        field = self.fields["expected"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(key_of(one), words) for one, words in possible(agent, mode)]

    @property
    def near(self) -> list[Any]:
        """The boxes of what the agent mentions, of what is chosen, and of what is no handover."""
        return [box for box in self["expected"] if self._is_near(box)]

    @property
    def far(self) -> list[Any]:
        """The boxes of all others that a case could be handed over to."""
        return [box for box in self["expected"] if not self._is_near(box)]

    def _is_near(self, box: Any) -> bool:
        value = box.data["value"]
        return ":" not in value or value in self._near

    def clean_expected(self) -> list[Decision]:
        return [_of_key(key) for key in self.cleaned_data["expected"]]

    def refuse(self, refusal: Refused) -> None:
        """Put what a verb refused beside the fields that it is about."""
        names = {"data": "details"}
        for place, message in (refusal.fields or {"": refusal.message}).items():
            field = place.removeprefix("input.").partition(".")[0]
            field = names.get(field, field)
            self.add_error(field if field in self.fields else None, message)


def possible(agent: Agent, mode: str) -> list[tuple[Decision, str]]:
    """Return what the agent could decide, with the words for it: handovers to agents, to people, and the rest."""
    others = agent.team.agents.live().exclude(pk=agent.pk).order_by("name").values_list("pk", "name")
    receivers = [("agent_id", id, name) for id, name in others]
    if mode == RoutingTest.Mode.CASE:
        kinds = {"person": "user_id", "group": "group_id"}
        receivers += [(kinds[one.kind], one.id, one.name) for one in people.all_people(agent.team)]
    handing: list[Decision] = [{"decision": decisions.HAND_OVER, name: str(id)} for name, id, _ in receivers]
    names = {id: name for _, id, name in receivers}
    plain: list[Decision] = [{"decision": name} for name in decisions.PLAIN[RoutingTest.Mode(mode)]]
    return [(one, decisions.in_words(one, names)) for one in [*handing, *plain]]


def _mentioned(agent: Agent) -> list[Decision]:
    kinds = {mentions.AGENT: "agent_id", mentions.PERSON: "user_id", mentions.GROUP: "group_id"}
    found = mentions.find_mentions(agent.live_revision.aop)
    return [{"decision": decisions.HAND_OVER, kinds[one.kind]: str(one.agent_id)} for one in found]


class CaseTestForm(ExpectationForm):
    """A test in case mode: what a new case says, and what should become of it."""

    title = forms.CharField(max_length=200, widget=forms.TextInput(attrs=_FIRST))
    details = forms.CharField(
        required=False,
        strip=False,
        help_text='Text, or a JSON object such as {"customer": "Ada"}.',
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    queue = forms.ModelChoiceField(Queue.objects.none(), required=False)

    field_order = ("title", "details", "queue", "expected", "name")

    def __init__(self, data: Any = None, *, agent: Agent, queues: list[Queue], **about: Any) -> None:
        super().__init__(data, agent=agent, mode=RoutingTest.Mode.CASE, **about)
        if len(queues) > 1:
            field = self.fields["queue"]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset, field.required = Queue.objects.filter(pk__in=[queue.pk for queue in queues]), True
        else:
            del self.fields["queue"]

    def clean_details(self) -> Any:
        return read_details(self.cleaned_data["details"])


class StandaloneTestForm(ExpectationForm):
    """A test of a standalone run."""

    text = forms.CharField(label="Input", strip=False, widget=forms.Textarea(attrs={"rows": 6, **_FIRST}))

    field_order = ("text", "expected", "name")

    def __init__(self, data: Any = None, *, agent: Agent, **about: Any) -> None:
        super().__init__(data, agent=agent, mode=RoutingTest.Mode.STANDALONE, **about)
