"""The forms in which people write routing tests."""

from typing import Any

from django import forms

from builder.models import Agent
from cases.models import Queue
from cases.work.details import read_details
from data.errors import Refused
from routes.models import RoutingTest
from routes.routing_tests import decisions
from routes.routing_tests.decisions import Decision
from web.forms.messages import PageForm

_FIRST = {"autofocus": True, "autocomplete": "off"}


def key_of(decision: Decision) -> str:
    """The choice that stands for a decision."""
    return f"agent:{decision['agent_id']}" if decision.get("agent_id") else str(decision["decision"])


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
        others = agent.team.agents.live().exclude(pk=agent.pk).order_by("name")
        names = {other.pk: other.name for other in others}
        handing = [{"decision": decisions.HAND_OVER, "agent_id": str(pk)} for pk in names]
        plain = [{"decision": name} for name in decisions.PLAIN[RoutingTest.Mode(mode)]]
        field = self.fields["expected"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(key_of(one), decisions.in_words(one, names)) for one in [*handing, *plain]]

    def clean_expected(self) -> list[Decision]:
        return [
            {"decision": decisions.HAND_OVER, "agent_id": key.removeprefix("agent:")}
            if key.startswith("agent:")
            else {"decision": key}
            for key in self.cleaned_data["expected"]
        ]

    def refuse(self, refusal: Refused) -> None:
        """Puts what a verb refused beside the fields that it is about."""
        names = {"data": "details"}
        for place, message in (refusal.fields or {"": refusal.message}).items():
            field = place.removeprefix("input.").partition(".")[0]
            field = names.get(field, field)
            self.add_error(field if field in self.fields else None, message)


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
