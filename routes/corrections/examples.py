"""Corrections as examples: what the offline stand-in learns from them."""

from collections.abc import Iterator

from builder.models import Agent
from routes.models import Correction
from runs.offline.similarity import Example
from runs.prompts import prompts


def examples(agent: Agent, most: int) -> Iterator[Example]:
    """Return what the agent handed to the wrong one, with the right one. Who should have had it, no agent, is no
    example.
    """
    found = Correction.objects.standing().filter(team_id=agent.team_id, source__agent=agent, right__isnull=False)
    for correction in found.select_related("source", "case").order_by("-created_at")[:most]:
        assert correction.source
        yield Example(prompts.case_text(correction.source, correction.case), correction.right_id)
