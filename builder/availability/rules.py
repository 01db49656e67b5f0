"""What happens to a case that was handed to an agent which cannot take it: the rule that each agent has for that."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from builder.models import Agent
from data.errors import Refused
from teams.access import live
from teams.audit import audit
from teams.models import Group, Member, Team

WAIT, FALLBACK, RETURN, PARK = "wait", "fallback", "return", "park"
RULES = {
    WAIT: "The case waits for it",
    FALLBACK: "The case goes to someone else",
    RETURN: "The case goes back to the agent that handed it over",
    PARK: "The case needs input from a person",
}
MOST_MINUTES = 10_080


OneId = Annotated[UUID | None, Field(exclude_if=lambda id: id is None)]


class Receiver(BaseModel, extra="forbid"):
    """One of them: an agent, a member, or a group. The others are not said."""

    agent_id: OneId = None
    user_id: OneId = None
    group_id: OneId = None

    @model_validator(mode="after")
    def _is_one(self) -> "Receiver":
        if [self.agent_id, self.user_id, self.group_id].count(None) != 2:
            raise ValueError("Give exactly one of agent_id, user_id and group_id.")
        return self


class WhenUnavailable(BaseModel, extra="forbid"):
    """`after_minutes`: how long a case waits for the agent before the rule holds, while the agent is paused, over its
    budget, blocked or at its limit.
    """

    rule: Literal["wait", "fallback", "return", "park"] = "wait"
    after_minutes: Annotated[int, Field(ge=0, le=MOST_MINUTES, description="How long the case waits first.")] = 30
    target: Annotated[Receiver | None, Field(description="Of the rule `fallback`: who gets the case.")] = None

    @model_validator(mode="after")
    def _fits(self) -> "WhenUnavailable":
        if (self.rule == FALLBACK) != (self.target is not None):
            raise ValueError("The rule fallback has a target, and the others have none.")
        return self


def rule_of(agent: Agent) -> WhenUnavailable:
    return WhenUnavailable.model_validate(agent.when_unavailable)


def change_rule(agent: Agent, wanted: WhenUnavailable) -> None:
    """For cases that wait for it now too. Part of the transaction that saves the agent, whose row is locked. Refused
    when the target is the agent itself, or nobody of the team.
    """
    if wanted.target and wanted.target.agent_id == agent.pk:
        message = "An agent cannot be its own fallback."
        raise Refused(message, "invalid", {"when_unavailable": message})
    kept = {} if wanted.rule == WAIT else wanted.model_dump(mode="json")
    if kept == agent.when_unavailable or rule_of(agent) == wanted:
        return
    before, after = in_words(agent), in_words(agent, wanted)
    agent.when_unavailable = kept
    Agent.objects.filter(pk=agent.pk).update(when_unavailable=kept)
    audit.record(agent.team_id, "agent_changed", agent, audit.changes([("When unavailable", before, after)]))
    live.announce(agent.team_id, "agent", agent.pk)


def in_words(agent: Agent, rule: WhenUnavailable | None = None) -> str:
    """Return words such as `Wait`, or `Fallback to Finance after 30 min`."""
    rule = rule or rule_of(agent)
    if rule.rule == WAIT:
        return "Wait"
    name = f" to {name_of(agent.team, rule.target)}" if rule.target else ""
    return f"{rule.rule.capitalize()}{name} after {rule.after_minutes} min"


def name_of(team: Team, target: Receiver) -> str:
    """Return the name of the receiver. Refused if the team has no such agent, member or group."""
    found: object | None
    if target.agent_id:
        found = Agent.objects.filter(team=team, pk=target.agent_id).first()
    elif target.group_id:
        found = Group.objects.filter(team=team, pk=target.group_id).first()
    else:
        member = Member.objects.filter(team=team, user__uuid=str(target.user_id)).select_related("user").first()
        found = member and member.user
    if found is None:
        message = "The team has no such agent, member or group."
        raise Refused(message, "invalid", {"when_unavailable": message})
    return str(found)
