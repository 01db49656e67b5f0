"""Routing tests as examples: what the offline stand-in learns from them."""

from collections.abc import Iterator
from uuid import UUID

from builder.models import Agent
from routes.models import RoutingTest
from runs.models import Run
from runs.offline.similarity import Example
from runs.opening import samples
from runs.prompts import prompts

from . import decisions


def examples(agent: Agent, most: int) -> Iterator[Example]:
    """The newest tests that expect one decision: a handover to one agent, or to complete the case."""
    for test in RoutingTest.objects.filter(agent=agent).select_related("queue").order_by("-created_at", "id")[:most]:
        [expected, *others] = test.expected
        if not others and expected["decision"] in (decisions.HAND_OVER, "complete"):
            target = expected.get("agent_id")
            yield Example(_text(test), UUID(target) if target else None)


def _text(test: RoutingTest) -> str:
    run = Run(team_id=test.team_id, queue=test.queue, sample=test.sample, input=test.sample.get("text", ""))
    return prompts.case_text(run, samples.case_of(run))
