"""What surrounds a run on its case, read in statements that need nothing but ids.

So they go to the database together, and with others: a handover asks for what surrounds the target's run before there
is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from builder.models import Agent
from cases.models import CaseEvent
from data import rows
from runs.models import Handover
from runs.tools import people_targets
from teams.keys import credentials
from teams.models import Credential


@dataclass
class Surroundings:
    """What a run is opened with beside its own rows.

    `mentioned`: the agents that the revision mentions, whether each works the case's queue, and what it needs.
    `people`: the members and groups that it mentions, as JSON. `earlier`: the case's handovers so far. `notes`: what
    people wrote to those who take the case up. `keys`: the team's, by provider.
    """

    mentioned: list[tuple[Agent, bool, str]]
    people: str
    earlier: list[Handover]
    notes: list[CaseEvent]
    keys: dict[str, Credential]
    live_revision_id: UUID | None
    produces: bool
    has_server_tools: bool
    has_call_styles: bool

    @classmethod
    def of(cls, answers: Sequence[list[tuple[Any, ...]]], earlier: list[Handover]) -> "Surroundings":
        mentioned, notes, keys, [(live_revision_id, produces, has_server_tools, has_call_styles, people)] = answers
        return cls(
            mentioned=[(agent, consumes, needs) for agent, consumes, needs in mentioned],
            people=people,
            earlier=earlier,
            notes=[note for (note,) in notes],
            keys={key.provider: key for (key,) in keys},
            live_revision_id=live_revision_id,
            produces=produces,
            has_server_tools=has_server_tools,
            has_call_styles=has_call_styles,
        )


def surroundings(
    agent_id: UUID, team_id: UUID, case_id: UUID | None, queue_id: UUID | None, *, revision_id: UUID | None = None
) -> list[rows.Selected]:
    """Return the statements to read together, beside `Handover.applied_on`; see `Surroundings.of`. Without a revision
    they ask about the agent's live one.
    """
    return [
        mentioned(agent_id, queue_id, revision_id),
        notes_on(case_id),
        credentials.of_team_at_once(team_id),
        rows.Selected(_HAS, [agent_id, agent_id, agent_id, team_id, revision_id, agent_id]),
    ]


# The agent's live revision, whether it produces, has tools of servers; and whether the team says of any model how it
# calls tools.
_HAS = f"""
    select (select id from builder_revision where agent_id = %s and status = 'live'),
        exists (select from builder_queueconnection where agent_id = %s and role = 'producer'),
        exists (select from builder_toolconnection where agent_id = %s),
        exists (select from runs_toolcalling where team_id = %s),
        {people_targets.MENTIONED}
    from (
        select coalesce(%s::uuid, (select id from builder_revision where agent_id = %s and status = 'live')) as id
    ) wanted
"""  # noqa: S608


def mentioned(agent_id: UUID, queue_id: UUID | None, revision_id: UUID | None) -> rows.Joined:
    """Return the statement that reads the agents a revision mentions, its own left out, and whether each works the
    queue. Without a revision it asks about the agent's live one.
    """
    about = [queue_id, revision_id, agent_id, agent_id]
    return rows.Joined(
        _MENTIONED, about, {"target": Agent, "consumes": "connection.id is not null", "needs": "live.needs"}
    )


_MENTIONED = """
    from builder_mention mention
    join builder_agent target on target.id = mention.target_id
    join builder_revision live on live.agent_id = target.id and live.status = 'live'
    left join builder_queueconnection connection
        on connection.agent_id = target.id and connection.queue_id = %s and connection.role = 'consumer'
    where mention.revision_id = coalesce(
        %s::uuid, (select id from builder_revision where agent_id = %s and status = 'live')
    ) and target.id <> %s
    order by mention.position
"""


def notes_on(case_id: UUID | None) -> rows.Joined:
    """Return the statement that reads what people, and agents that declined the case, wrote to those who take it up."""
    return rows.Joined(_NOTES, [case_id], {"note": CaseEvent})


_NOTES = """
    from cases_caseevent note
    where case_id = %s and kind in ('reassigned', 'reopened', 'handed_back', 'declined', 'received', 'replied')
        and (text <> '' or data ? 'fields') order by seq
"""
