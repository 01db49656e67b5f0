"""The targets of a run: whom it may hand over to, why one could not take over now, and which agent a model means."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.utils.text import slugify

from builder.models import Agent, Revision
from builder.procedures import targets as builder_targets
from builder.procedures.needs import NEEDS, Need
from builder.usage.limits import overspent
from cases.models import DEFAULT_HOP_LIMIT, Case, Queue
from data import rows
from runs.models import Handover, Run
from runs.prompts.arguments import as_key, plain
from runs.tools import people_targets
from runs.tools.people_targets import PERSON

type TargetRow = dict[str, Any]

# --- Whom a run may hand over to -------------------------------------------------------------


def frozen_targets(agent: Agent, revision: Revision, case: Case | None) -> list[TargetRow]:
    """Return the targets that the revision mentions and that could take over now, in the order of the text, each with a
    short key for the model.
    """
    [found] = rows.read(mentioned(agent.pk, case.queue_id if case else None, revision.pk))
    [[people]] = rows.select(_PEOPLE, [revision.pk]) if case else [["[]"]]
    return target_rows(found, people, case)


_PEOPLE = f"select {people_targets.MENTIONED} from (select %s::uuid as id) wanted"  # noqa: S608


def target_rows(mentioned: Iterable[tuple[Agent, bool, str]], people: str, case: Case | None) -> list[TargetRow]:
    """Return those of these who could take over, agents before people.

    Only a case can go to people, so runs without one have no such targets.
    """
    found: dict[str, TargetRow] = {}

    def add(slug: str, **row: Any) -> None:
        number, key = 1, slug
        while key in found:  # two names may shorten to the same key
            number += 1
            key = f"{slug}-{number}"
        found[key] = {"key": key, **row}

    for agent, consumes, needs in mentioned:
        if obstacle(agent, case, consumes=consumes) is None:
            needed = {"needs": json.loads(needs)} if case is not None and needs != "[]" else {}
            add(agent.slug, agent_id=str(agent.pk), name=agent.name, description=agent.description, **needed)
    for one in json.loads(people) if case is not None else ():
        what = "A person of the team." if one["kind"] == PERSON else "A group of people of the team."
        slug = slugify(one["name"]) or one["kind"]
        add(slug, agent_id=one["id"], kind=one["kind"], name=one["name"], description=what)
    return list(found.values())


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


def as_now(ids: Iterable[Any], queue_id: UUID | None) -> rows.Joined:
    """Return the statement that reads these agents as they are now, each with the queue, whether it works it, and what
    it needs.
    """
    wanted: dict[str, Any] = {
        "target": Agent,
        "queue": Queue,
        "consumes": "connection.id is not null",
        "needs": "live.needs",
    }
    return rows.Joined(_AS_NOW, [queue_id, queue_id, list(ids)], wanted)


_AS_NOW = """
    from builder_agent target
    left join builder_revision live on live.agent_id = target.id and live.status = 'live'
    left join cases_queue queue on queue.id = %s
    left join builder_queueconnection connection
        on connection.agent_id = target.id and connection.queue_id = %s and connection.role = 'consumer'
    where target.id = any(%s::uuid[])
"""


def judge(target: Agent, case: Case | None) -> tuple[str | None, list[Need]]:
    """Return why the target could not take over now, None when it can; and what it needs to be told."""
    if case is None:
        return obstacle(target, case), []
    [[(_, case.queue, consumes, needs)]] = rows.read(as_now([target.pk], case.queue_id))
    return obstacle(target, case, consumes=consumes), NEEDS.validate_json(needs or "[]")


def obstacle(target: Agent, case: Case | None, *, consumes: bool = False) -> str | None:
    """Return why the target cannot take over, None when it can. `consumes`: whether it works the case's queue."""
    if target.deleted_at:
        return f"{target.name} was deleted."
    if case is not None:
        # A target that is paused, blocked or out of money finds the case waiting.
        return None if consumes else f"{target.name} does not work this queue."
    # Without a case nothing would wait: the target's run would start at once.
    if target.is_paused:
        return f"{target.name} is paused."
    if any(problem.blocking for problem in builder_targets.problems(target)):
        return f"{target.name} cannot start: its procedure mentions a deleted agent."
    if found := overspent([target]).get(target.pk):
        return f"{target.name} starts nothing new: {found.words}."
    return None


def hops_left(run: Run, case: Case | None) -> int:
    if case is not None:
        return max(0, case.queue.hop_limit - case.hops)
    return max(0, DEFAULT_HOP_LIMIT - run.hop)


def may_decline(run: Run, earlier: Iterable[Handover]) -> bool:
    """Return whether an agent handed the run's agent the case. One that gets its own handover back was handed
    nothing.
    """
    if run.case_id is None or run.trigger != Run.Trigger.HANDOVER:
        return False
    return any(row.target_id == run.agent_id for row in earlier)


# --- Which agent is meant --------------------------------------------------------------------


_ID = r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
# An agent's token as it stands in procedures, or an id alone.
_TOKEN = re.compile(rf"\[.*\]\((?:agent|person|group):{_ID}\)|(?:(?:agent|person|group):)?{_ID}", re.DOTALL)


def find_target(wanted: str, rows: Iterable[TargetRow]) -> TargetRow | None:
    """Return the target that is meant by its key, id or name, however it is written, where only one can be meant."""
    rows = list(rows)
    if token := _TOKEN.fullmatch(plain(wanted)):  # whatever name stands beside the id
        return next((row for row in rows if row["agent_id"] in token.groups()), None)
    ways: list[Callable[[TargetRow], bool]] = [
        lambda row: row["key"] == wanted,
        lambda row: row["name"] == wanted,
        lambda row: plain(wanted) in (plain(row["key"]), plain(row["name"])),
        lambda row: as_key(wanted) in (row["key"], as_key(row["name"])),
    ]
    for is_meant in ways:
        if found := [row for row in rows if is_meant(row)]:
            return found[0] if len(found) == 1 else None
    return None
