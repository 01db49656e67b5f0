"""A model of one's own, from a key to agents that use it: it is tried first, and kept only when it answers."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection

from builder.agents.saving import AgentChange
from builder.models import Agent, Revision
from teams.keys import credentials
from teams.models import Team, User

from . import model_requests, tool_calling
from .model_requests import Trial
from .providers import PROVIDERS, Access, access_of, access_with, offers

# How the revisions are told apart that one press of a button has made.
_NOTE = "Model chosen for several agents at once"


def is_usable(team: Team, kind: str) -> bool:
    return any(offer.kind == kind and not offer.missing for offer in offers(team.pk))


def connect(team: Team, name: str, key: str, base_url: str) -> Trial:
    """Try the model, with this key if its provider has none yet, which is kept when the model answers. ModelProblem, or
    Refused at the fields that are wrong.
    """
    kind, new = name.partition(":")[0], None
    if not is_usable(team, kind):
        new = credentials.prepare(team, kind, name=PROVIDERS[kind].title, key=key, base_url=base_url)
    trial = tried(name, access_with(new, name) if new else access_of(team.pk, name))
    if new and trial.tone != "error":
        credentials.add_prepared(new)
    if trial.found:
        tool_calling.record_tool_calling(team, name, trial.found)
    return trial


def tried(name: str, access: Access) -> Trial:
    if not connection.in_atomic_block:
        connection.close()  # back to the pool: a model may take its time
    return asyncio.run(model_requests.try_model(name, access))


# --- Agents that use it ----------------------------------------------------------------------


def uses(agents: Iterable[Agent], name: str) -> list[AgentChange]:
    """What is to be saved so that these agents use the model."""
    return [AgentChange(agent.pk, model=name, note=_NOTE) for agent in agents]


def begun(agents: Sequence[Agent]) -> datetime:
    """When the first of these agents got its present revision."""
    return min(
        Revision.objects.filter(agent__in=agents, status=Revision.Status.LIVE).values_list("created_at", flat=True)
    )


def undoing(team: Team, by: User, name: str, since: datetime) -> list[AgentChange]:
    """What is to be saved so that the agents have the models again which they had before this person chose another for
    them, unless they were changed since.
    """
    made = Revision.objects.filter(team=team, status=Revision.Status.LIVE, author=by, model=name, note=_NOTE)
    numbers = dict(made.filter(created_at__gte=since, agent__deleted_at=None).values_list("agent", "number"))
    before = Revision.objects.filter(agent__in=numbers, status=Revision.Status.HISTORIC)
    models = {(row.agent_id, row.number): row.model for row in before.only("agent", "number", "model")}
    return [
        AgentChange(id, model=models[id, number - 1], note="Model as before")
        for id, number in numbers.items()
        if (id, number - 1) in models
    ]
