"""The wiring doctor: what is wrong with whom an agent hands over to and where its cases come from. Pure.

It looks at a procedure as it is typed, saved or not, and at the rows around it. `targets.problems` says what blocks
runs; the rest of what is told here are warnings and hints.
"""

import re
from collections.abc import Iterator
from itertools import combinations
from uuid import UUID

from django.utils.text import Truncator

from builder.models import Agent, ServerTool
from builder.procedures import fields, mentions, needs, replies, sentences
from builder.procedures.people import PeopleTarget
from builder.procedures.plain_names import PlainName
from builder.procedures.targets import DELETED, OK, Problem, problems
from builder.tools.provider_schemas import MOST_TOOLS

from .findings import (
    CHOOSE,
    CHOOSE_NAMED,
    CONNECT,
    CREATE,
    HINT,
    MENTION,
    OPEN,
    RED,
    REMOVE,
    REPLACE,
    RESUME,
    RESUME_QUEUE,
    TEST,
    TICK,
    UNMENTION,
    WARNING,
    Finding,
    QuickFix,
)
from .wiring import Facts, Onward, both, either, shared

NEARLY_THE_SAME = 0.6
_COMPARED = 30
_OFFERED = 3


def examine(facts: Facts) -> list[Finding]:
    """Everything that is wrong, the worst first."""
    found = [
        *_unknown(facts),
        *_plain_names(facts),
        *_needs(facts),
        *(_from_problem(facts, problem) for problem in problems(facts.agent, list(facts.targets))),
        *_people_who_left(facts),
        *_partly_unavailable(facts),
        *_resting_targets(facts),
        *_queues(facts),
        *_trapped(facts),
        *_unreached(facts),
        *_forbidden(facts),
        *_tools(facts),
        *_alike(facts),
        *_hard_to_bring(facts),
        *_endless(facts),
        *_untested(facts),
    ]
    return sorted(found, key=lambda finding: [RED, WARNING, HINT].index(finding.tone))


def reds(facts: Facts) -> list[Finding]:
    """What would break runs."""
    return [finding for finding in examine(facts) if finding.tone == RED]


def _unknown(facts: Facts) -> Iterator[Finding]:
    for name in facts.unknown:
        message = f"“@{name}” is not an agent, person or group of this team. Remove it, or mention someone else."
        yield Finding("unknown_mention", message, RED)


def _plain_names(facts: Facts) -> Iterator[Finding]:
    for plain in facts.plain_names:
        if plain.agent_id is None:
            message = (
                f"“{plain.text}” is not an agent, person or group of this team, so no case can be handed over to it."
                " Create it as an agent, choose another agent, or remove the @."
            )
            fixes = (QuickFix(CREATE, plain=plain), QuickFix(CHOOSE_NAMED, plain=plain))
            yield Finding("unknown_name", message, WARNING, fixes, place=plain)
        elif plain.agent_id != facts.agent.pk:
            message = (
                f"“{plain.text}” is plain text and not a mention, so no case can be handed over to"
                f" {'that agent' if plain.kind == mentions.AGENT else 'them'}. Make it a mention."
            )
            is_agent = plain.kind == mentions.AGENT
            named = Agent(pk=plain.agent_id, name=plain.agent_name) if is_agent else _people_of(plain)
            yield Finding("plain_name", message, WARNING, (QuickFix(MENTION, named, plain=plain),), place=plain)


def _people_of(plain: PlainName) -> PeopleTarget:
    assert plain.agent_id
    return PeopleTarget(plain.kind, plain.agent_id, plain.agent_name)


def _needs(facts: Facts) -> Iterator[Finding]:
    for wrong in replies.read(facts.text).bad:
        message = f"A line of REPLIES is no reply: “{Truncator(wrong.text).chars(80)}”. {wrong.message}"
        yield Finding("bad_reply", message, WARNING, place=wrong)
    for bad in needs.read(facts.text).bad:
        message = f"A line of NEEDS names no field: “{Truncator(bad.text).chars(80)}”. {bad.message}"
        yield Finding("bad_need", message, WARNING, place=bad)


def _from_problem(facts: Facts, problem: Problem) -> Finding:
    fixes = [fix for agent in problem.about for fix in _fixes_of(facts, problem.code, agent)]
    tone = RED if problem.blocking else WARNING
    return Finding(problem.code, problem.message, tone, tuple(fixes), problem.blocking)


def _fixes_of(facts: Facts, code: str, agent: Agent) -> Iterator[QuickFix]:
    if code == "target_unavailable":
        yield from (QuickFix(CONNECT, agent, queue) for queue in facts.worked[:_OFFERED])
    yield QuickFix(REMOVE, agent)
    if code == "deleted_target":
        yield QuickFix(REPLACE, agent)


def _people_who_left(facts: Facts) -> Iterator[Finding]:
    for one in facts.people:
        if one.status == DELETED:
            message = f"{one.explanation} No case can be handed over to @{one.name}. Replace or remove the mention."
            yield Finding("people_gone", message, WARNING, (QuickFix(REMOVE, one), QuickFix(REPLACE, one)))


def _partly_unavailable(facts: Facts) -> Iterator[Finding]:
    for target in facts.targets:
        theirs, missing = shared(facts, target.agent)
        if target.status == OK and theirs and missing:
            names = either([queue.name for queue in missing])
            message = f"{target.agent.name} does not work {names}: those cases cannot be handed over to it."
            fixes = tuple(QuickFix(CONNECT, target.agent, queue) for queue in missing[:_OFFERED])
            yield Finding("target_on_other_queue", message, HINT, fixes)


def _resting_targets(facts: Facts) -> Iterator[Finding]:
    for agent in facts.usable:
        if agent.is_paused:
            message = f"{agent.name} is paused: cases that are handed over to it wait, and it starts no runs."
            yield Finding("target_paused", message, WARNING, (QuickFix(RESUME, agent),))
        if agent.pk in facts.blocked:
            message = f"{agent.name} starts nothing: its own procedure mentions a deleted agent."
            yield Finding("target_blocked", message, WARNING, (QuickFix(OPEN, agent),))


def _queues(facts: Facts) -> Iterator[Finding]:
    for work in facts.queues:
        queue = work.queue
        if queue.is_paused:
            message = f"The queue {queue.name} is paused: none of its cases is given to an agent."
            yield Finding("queue_paused", message, WARNING, (QuickFix(RESUME_QUEUE, queue=queue),))
        works_it = queue.pk in facts.works
        if work.takers or (works_it and facts.is_able):
            continue
        idle = [*([facts.agent] if works_it else []), *work.idle]
        if not idle:
            message = f"No agent works {queue.name}: what {facts.agent.name} adds there stays undone."
            fixes = (QuickFix(TICK, facts.agent, queue), QuickFix(CHOOSE, queue=queue))
            yield Finding("no_consumer", message, WARNING, fixes)
        elif not works_it or facts.agent.is_paused or work.idle:
            paused = [agent for agent in idle if agent.is_paused]
            resume = [QuickFix(RESUME, agent) for agent in paused] or [QuickFix(OPEN, agent) for agent in work.idle]
            names = both([agent.name for agent in idle[:_OFFERED]])
            state = "is paused" if len(idle) == 1 and paused else "cannot take them now"
            message = f"Nobody takes cases of {queue.name}: {names} {state}."
            yield Finding("no_consumer", message, WARNING, tuple(resume[:_OFFERED]))


def _trapped(facts: Facts) -> Iterator[Finding]:
    """A cycle with no way out: all that a case can come to hand it on, and none says when it is complete."""
    around = _around(facts)
    if around:
        names = both([facts.agent.name, *(onward.agent.name for onward in around[:_OFFERED])])
        message = (
            f"{names} can only hand over to each other, and no procedure says when a case is complete: cases would go"
            " round until a person stops them. Write in one of them how the work ends."
        )
        fixes = tuple(QuickFix(OPEN, onward.agent) for onward in around[:_OFFERED])
        yield Finding("endless_cycle", message, WARNING, fixes)


def _around(facts: Facts) -> list[Onward]:
    """The other agents of such a cycle; none when there is a way out, or too much to be sure."""
    todo = [agent.pk for agent in facts.usable]
    if not todo or facts.people or sentences.says_when_complete(facts.text):
        return []
    seen: dict[UUID, Onward] = {}
    while todo:
        agent_id = todo.pop()
        if agent_id == facts.agent.pk or agent_id in seen:
            continue
        onward = facts.onward.get(agent_id)
        if onward is None or onward.completes or not onward.target_ids - {agent_id}:
            return []
        seen[agent_id] = onward
        todo += sorted(onward.target_ids)
    returns = any(facts.agent.pk in onward.target_ids for onward in seen.values())
    return list(seen.values()) if returns else []


def _unreached(facts: Facts) -> Iterator[Finding]:
    if not facts.works and not facts.is_reached:
        message = (
            f"Nothing comes to {facts.agent.name}: it works no queue, no other agent mentions it, and nobody has"
            " started it by hand."
        )
        fixes = tuple(QuickFix(TICK, facts.agent, queue) for queue in facts.offered[:_OFFERED])
        yield Finding("unreachable", message, HINT, fixes)


def _forbidden(facts: Facts) -> Iterator[Finding]:
    usable = {agent.pk: agent for agent in facts.usable}
    for agent_id in sentences.forbidden(facts.text) if usable else []:
        if agent := usable.get(agent_id):
            message = (
                f"The procedure says not to hand over to @{agent.name}, yet this very mention lets it. Write the name"
                " without a mention."
            )
            yield Finding("forbidden_mention", message, HINT, (QuickFix(UNMENTION, agent),))


def _tools(facts: Facts) -> Iterator[Finding]:
    number = sum(not tool.obstacle for tool in facts.tools)
    own = own_tools(
        feeds=bool(facts.feeds),
        targets=bool(facts.usable),
        may_ask=facts.agent.may_ask,
        replies=any(queue.replies for queue in facts.worked),
    )
    if number + own > MOST_TOOLS:
        more = number + own - MOST_TOOLS
        message = (
            f"{facts.agent.name} has {number} tools of MCP servers and up to {own} of Baton’s own. Providers of models"
            f" take {MOST_TOOLS} in all, so models are not told of the last {more} by name. Choose fewer."
        )
        yield Finding("too_many_tools", message, WARNING)
    for server in {tool.server_id: tool.server for tool in facts.tools}.values():
        if server.left_out:
            message = f"{server.name} has {server.left_out:,} tools more than Baton lists, which no agent can use."
            yield Finding("tools_left_out", message, HINT)


def own_tools(*, feeds: bool, targets: bool, may_ask: bool, replies: bool) -> int:
    """How many tools of Baton's own models are told of at most: on a case that was handed over, with its queues,
    targets, people and customer.
    """
    return 5 + 2 * feeds + targets + 3 * may_ask + replies


def _alike(facts: Facts) -> Iterator[Finding]:
    described = [agent for agent in facts.usable if agent.description][:_COMPARED]
    for one, other in combinations(described, 2):
        if likeness(one.description, other.description) >= NEARLY_THE_SAME:
            message = (
                f"{one.name} and {other.name} are described in nearly the same words, so it is hard to choose between"
                " them. Say in one line each what only that one does."
            )
            yield Finding("alike_targets", message, HINT, (QuickFix(OPEN, one), QuickFix(OPEN, other)))


def _hard_to_bring(facts: Facts) -> Iterator[Finding]:
    """Where the queues say all that their cases hold, no source brings more, and no tool could look anything up."""
    schemas = [queue.data_schema for queue in facts.worked]
    if not schemas or not all(schemas) or any(tool.mark == ServerTool.Mark.READ_ONLY for tool in facts.tools):
        return
    keys = [key for schema in schemas for key in schema.get("properties", {})]
    keys += [key for queue in facts.worked for key in facts.mapped.get(queue.pk, ())]
    for agent in facts.usable:
        needed = [need.name for need in facts.needed.get(agent.pk, ()) if need.required]
        if missing := [name for name in needed if not fields.similar_keys(name, keys)]:
            names = ", ".join(f"“{name}”" for name in missing)
            message = (
                f"{agent.name} needs {names}, which neither the cases of {facts.worked[0].name}, nor a source,"
                " nor a tool say. Say in the procedure where to find it, or to ask a person."
            )
            yield Finding("hard_to_bring", message, HINT, (QuickFix(OPEN, agent),))


def _endless(facts: Facts) -> Iterator[Finding]:
    if not facts.works or sentences.says_when_complete(facts.text):
        return
    if facts.text.strip():
        message = "The procedure never says when a case is complete. Add a sentence such as “Complete it when …”."
    else:
        message = "The procedure is empty: it says neither what to do with a case nor when it is complete."
    yield Finding("no_completion", message, HINT)


def _untested(facts: Facts) -> Iterator[Finding]:
    if facts.is_untested and facts.usable:
        message = (
            f"{facts.agent.name} works, and no routing test guards where its cases go. Create tests from its last"
            " cases, so that no edit breaks a route unseen."
        )
        yield Finding("untested_routes", message, HINT, (QuickFix(TEST, facts.agent),))


# --- How alike two lines are -------------------------------------------------------------------


def likeness(one: str, other: str) -> float:
    """From 0 to 1, whatever the order of the words: as `similarity` of PostgreSQL's pg_trgm has it."""
    ours, theirs = _trigrams(one), _trigrams(other)
    return len(ours & theirs) / len(ours | theirs) if ours and theirs else 0.0


def _trigrams(text: str) -> set[str]:
    words = (f"  {word} " for word in re.findall(r"[^\W_]+", text.casefold()))
    return {word[start : start + 3] for word in words for start in range(len(word) - 2)}
