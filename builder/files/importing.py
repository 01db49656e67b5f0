"""Agents from files: first a plan of what would become of them, for people to look at, then all of it at once.

A file is the agent with its id, else the one with its name, else a new agent. Importing runs nothing: who would take up
cases by it is paused.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from builder.agents import agents, connections
from builder.agents.saving import AgentChange
from builder.models import Agent
from data.errors import Refused
from teams.audit import audit
from teams.audit.actors import COMMAND_LINE, person
from teams.models import Team, User

from .archives import TextFile
from .flaws import Flaw, Flawed
from .markdown import AgentFile, read
from .planned import Choices, Item, Plan
from .plans import plan, tools_here
from .test_files import files_of_tests, is_tests


def read_all(texts: Sequence[TextFile]) -> list[AgentFile]:
    """The agents in the files, but not their tests. Flawed, with everything that is wrong with any of them."""
    found: list[AgentFile] = []
    flaws: list[Flaw] = []
    for text in texts:
        if is_tests(text):
            continue
        try:
            found.append(read(text.text, text.name))
        except Flawed as flawed:
            flaws += flawed.flaws
    if not texts:
        flaws.append(Flaw("Nothing", 0, "There is no Markdown file (.md) in it."))
    flaws += _twice(found, "id", lambda file: str(file.id) if file.id else "")
    flaws += _twice(found, "name", lambda file: file.name.lower())
    if flaws:
        raise Flawed(flaws)
    return found


def _twice(files: Iterable[AgentFile], what: str, key: Callable[[AgentFile], str]) -> list[Flaw]:
    first: dict[str, AgentFile] = {}
    flaws = []
    for file in files:
        other = first.setdefault(key(file), file) if key(file) else file
        if other is not file:
            message = f"Another file has the same {what}: {other.source}."
            flaws.append(Flaw(file.source, file.lines.get(what, 0), message))
    return flaws


@transaction.atomic
def apply(
    team: Team,
    files: Sequence[AgentFile],
    choices: Choices,
    *,
    seen: str,
    create_queue: Callable[[Team, str], UUID],
    author: User | None = None,
    override: str = "",
    tests: Sequence[TextFile] = (),
    whole: bool = False,
) -> Plan:
    """Does what the plan with the fingerprint `seen` said, but for what was chosen since, or is Refused.

    Routing tests are written before the agents change, so that they guard that change already; those of new agents
    after it. `whole`: what stays the same is saved too, so that all tests of these agents count.
    """
    matched = [item.id for item in plan(team, files).items if item.saved]
    list(Agent.objects.select_for_update(no_key=True).filter(pk__in=matched).order_by("pk"))
    if plan(team, files).fingerprint != seen:
        message = "Something changed here since you looked. This is how it is now; please look again."
        raise Refused(message, "changed_meanwhile")
    agreed = plan(team, files, choices)
    queue_ids = {key: id or create_queue(team, agreed.queue_names[key]) for key, id in agreed.queue_ids.items()}
    made = agents.create_agents(team, [_new(item) for item in agreed.new], author)
    by, items = person(author) if author else COMMAND_LINE, files_of_tests().plan(team, tests, agreed)
    fresh = {agent.pk for agent in made}
    files_of_tests().write([item for item in items if item.agent_id not in fresh], by)
    new = [AgentChange(item.id, **_connected(item, team, queue_ids)) for item in agreed.new]
    changes = [*new, *(_change(item, team, queue_ids) for item in agreed.changed)]
    if whole:
        concerned = {item.id for item in agreed.items} | {item.agent_id for item in items}
        changes += [AgentChange(id) for id in concerned - {change.agent_id for change in changes}]
    agents.save_agents(changes, author=author, override=override)
    files_of_tests().write([item for item in items if item.agent_id in fresh], by)
    for item in agreed.paused:
        agents.pause_agent(Agent.objects.get(pk=item.id))
    done = audit.facts(New=[agent.name for agent in made], Changed=[item.wanted.name for item in agreed.changed])
    audit.record(team.pk, "agents_imported", f"{len(files)} file{'' if len(files) == 1 else 's'}", done)
    return agreed


def _new(item: Item) -> agents.NewAgent:
    wanted = item.wanted
    return agents.NewAgent(
        wanted.name,
        wanted.description or "",
        wanted.aop,
        wanted.model or "",
        wanted.may_ask is not False,
        item.id,
        _note(item),
        wanted.fallback or "",
    )


def _change(item: Item, team: Team, queue_ids: Mapping[str, UUID]) -> AgentChange:
    wanted = item.wanted
    return AgentChange(
        item.id,
        name=wanted.name,
        description=wanted.description,
        may_ask=wanted.may_ask,
        aop=wanted.aop if item.aop_changes else None,
        model=wanted.model,
        fallback=wanted.fallback,
        note=_note(item),
        **_connected(item, team, queue_ids),
    )


def _note(item: Item) -> str:
    return f"Imported from {item.file.source}"[:200]


def _connected(item: Item, team: Team, queue_ids: Mapping[str, UUID]) -> dict[str, Any]:
    """Return what it is to be connected to, as fields of an `AgentChange`."""
    wanted, said = item.wanted, item.file
    found: dict[str, Any] = {}
    if said.consumes is not None:
        places = (wanted.consumes or {}).items()
        found["consumes"] = [connections.Consumes(queue_ids[name.lower()], number) for name, number in places]
    if said.produces is not None:
        found["produces"] = [queue_ids[name.lower()] for name in wanted.produces or []]
    if said.tools is not None:
        here = tools_here(team)
        found["tools"] = [here[server.lower(), tool][1] for server, tool in wanted.tools or []]
    return found
