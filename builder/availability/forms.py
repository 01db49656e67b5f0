"""The part of an agent's form that says what happens to cases that it cannot take."""

from collections.abc import Iterator
from typing import Any

from django import forms

from builder.models import Agent
from builder.procedures.mentions import AGENT, GROUP, PERSON
from builder.procedures.people import all_people
from data.ids import parse_uuid
from teams.models import Team
from web.forms.messages import PageForm

from .rules import FALLBACK, MOST_MINUTES, RULES, WAIT, Receiver, WhenUnavailable, rule_of

_FIELDS = {AGENT: "agent_id", PERSON: "user_id", GROUP: "group_id"}
_USUAL_MINUTES = 30


class UnavailableForm(PageForm):
    """`target` is a kind and an id, such as `group:…`. A program that sends no rule changes none."""

    rule = forms.ChoiceField(
        label="When it cannot take a case",
        choices=list(RULES.items()),
        required=False,
        widget=forms.Select(attrs={"class": "select"}),
        help_text="While it is paused, blocked, over its budget, or at its limit. The rule holds for cases that other"
        " agents hand over to it.",
    )
    target = forms.ChoiceField(label="Someone else", required=False, widget=forms.Select(attrs={"class": "select"}))
    after_minutes = forms.IntegerField(
        label="After this many minutes",
        required=False,
        min_value=0,
        max_value=MOST_MINUTES,
        error_messages=dict.fromkeys(
            ["invalid", "min_value", "max_value"], f"Enter a number of minutes between 0 and {MOST_MINUTES:,}."
        ),
    )

    def __init__(self, data: Any = None, *, team: Team, agent: Agent | None, prefix: str = "unavailable") -> None:
        super().__init__(data, initial=_initial(agent), prefix=prefix)
        target = self.fields["target"]
        assert isinstance(target, forms.ChoiceField)
        target.choices = [("", "Choose who"), *_choices(team, agent)]

    def clean(self) -> dict[str, Any]:
        cleaned = dict(super().clean() or {})
        if cleaned.get("rule") == FALLBACK and not cleaned.get("target") and "target" not in self.errors:
            self.add_error("target", "Choose who gets the case.")
        return cleaned

    def wanted(self) -> WhenUnavailable | None:
        """Return the rule that a valid form asks for; None if it names none."""
        rule, minutes = self.cleaned_data.get("rule"), self.cleaned_data.get("after_minutes")
        if not rule:
            return None
        kind, _, id = self.cleaned_data.get("target", "").partition(":")
        target = Receiver(**{_FIELDS[kind]: parse_uuid(id)}) if rule == FALLBACK else None
        return WhenUnavailable(rule=rule, after_minutes=_USUAL_MINUTES if minutes is None else minutes, target=target)


def _initial(agent: Agent | None) -> dict[str, Any]:
    rule = rule_of(agent) if agent else WhenUnavailable(rule=WAIT, after_minutes=_USUAL_MINUTES)
    said = rule.target.model_dump() if rule.target else {}
    target = next((f"{kind}:{said[field]}" for kind, field in _FIELDS.items() if said.get(field)), "")
    return {"rule": rule.rule, "after_minutes": rule.after_minutes, "target": target}


def _choices(team: Team, agent: Agent | None) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    others = team.agents.live().order_by("name")
    others = others.exclude(pk=agent.pk) if agent else others
    yield "Agents", [(f"{AGENT}:{other.pk}", other.name) for other in others]
    people = all_people(team)
    for kind, label in ((PERSON, "People"), (GROUP, "Groups")):
        yield label, [(f"{kind}:{one.id}", one.name) for one in people if one.kind == kind]
