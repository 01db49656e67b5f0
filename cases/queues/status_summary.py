"""Where a case is now and what happens next, and what keeps a queue from moving. Pure: it asks no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from builder.models import Agent
from cases.models import Case, CaseEvent, Kind, Queue, Reason, Status
from cases.timeline.event_texts import reason_label
from cases.timeline.sentences import Named, Sentence, clock, listed, say
from cases.timeline.wording import Agents

from .consumers import Consumer


@dataclass(frozen=True)
class Now:
    """Where a case is and what happens next. `text` is what someone wrote (Markdown), `aside` what Baton knows more.

    `help` says what a person can do; `acts` are the buttons for it, the best one first: retry, reassign, hand_back,
    complete, edit, connect, resume_queue, queue, agent (`agent` is whose page to open).
    """

    words: Sentence
    tone: str = "neutral"
    text: str = ""
    aside: str = ""
    help: str = ""
    acts: tuple[str, ...] = ()
    agent: Agent | None = None
    symbol: str = ""

    @property
    def is_trouble(self) -> bool:
        """Return whether the case cannot continue without a person."""
        return self.tone in ("warning", "error")

    @property
    def icon(self) -> str:
        return self.symbol or _ICONS[self.tone]


_ICONS = {
    "neutral": "circle-dashed",
    "accent": "bot",
    "info": "alarm-clock",
    "warning": "hand",
    "success": "circle-check",
    "error": "circle-x",
}


def now(case: Case, consumers: Sequence[Consumer], events: Sequence[CaseEvent], agents: Agents) -> Now:
    """Return where the case is. `consumers` are those of its queue; `case` comes with its queue and assignee."""
    match case.status:
        case Status.PENDING:
            return _pending(case, consumers)
        case Status.IN_PROGRESS:
            return Now(say("{agent} is working on it.", agent=case.assignee or "An agent"), "accent")
        case Status.POSTPONED:
            until = clock(case.due_at) if case.due_at else "later"
            if case.taken_by or case.group:
                who = case.holder or str(case.group)
                words = say("Waits until {until}, then comes back to {who}.", until=until, who=who)
                return Now(words, "info", acts=("hand_back",))
            whom: Named = taker(case, consumers) or "any agent of the queue"
            return Now(say("Waits until {until}, then goes to {whom}.", until=until, whom=whom), "info")
        case Status.NEEDS_INPUT:
            return _needs_input(case)
    return _closed(case, events, agents)


def taker(case: Case, consumers: Sequence[Consumer]) -> Agent | None:
    """Return the agent that takes the case next, or None for any agent of its queue."""
    return case.assignee or first_of(case.queue, consumers)


def first_of(queue: Queue, consumers: Sequence[Consumer]) -> Agent | None:
    """Return the agent that takes the queue's unassigned cases, or None for any of its agents."""
    return next((item.agent for item in consumers if item.agent.pk == queue.first_agent_id), None)


def _pending(case: Case, consumers: Sequence[Consumer]) -> Now:
    queue = case.queue
    if queue.deleted_at:
        return Now(say("Waits, but its queue {queue} was deleted.", queue=queue.name), "warning", acts=("complete",))
    if queue.is_paused:
        words = say("Waits: the queue {queue} is paused.", queue=queue.name)
        return Now(words, "warning", help="Cases continue when someone resumes it.", acts=("resume_queue",))
    if agent := taker(case, consumers):
        return _waits_for(agent, next((item for item in consumers if item.agent == agent), None), queue)
    if trouble := problems(queue, consumers):
        words = say("Waits. {problem}", problem=trouble[0].words)
        acts = ("agent", "queue") if trouble[0].agent else ("queue",) if consumers else ("connect", "queue")
        return Now(words, "warning", help=trouble[0].help, acts=acts, agent=trouble[0].agent)
    if all(item.is_full for item in consumers if item.may_start):
        return Now(say("Waits: every agent of {queue} is at its limit.", queue=queue.name))
    return Now(say("Waits for the next free agent of {queue}.", queue=queue.name))


def _waits_for(agent: Agent, consumer: Consumer | None, queue: Queue) -> Now:
    if agent.is_deleted:
        return Now(
            say("Was waiting for {agent}, which has been deleted. In a moment any agent can take it.", agent=agent)
        )
    acts = ("agent", "reassign")
    if consumer is None:
        words = say("Waits for {agent}, which no longer works {queue}.", agent=agent, queue=queue.name)
        help = f"Send it to another agent, or connect {agent.name} to {queue.name} as a consumer."
        return Now(words, "warning", help=help, acts=acts[::-1], agent=agent)
    if consumer.blocked:
        words = say("Waits for {agent}, which starts nothing new: its procedure mentions a deleted agent.", agent=agent)
        help = f"Remove the red mention from the procedure of {agent.name}, or reassign the case to another agent."
        return Now(words, "warning", help=help, acts=acts, agent=agent)
    if agent.is_paused:
        words = say("Waits for {agent}, which is paused.", agent=agent)
        help = f"It goes on when someone resumes {agent.name}. Or send it to another agent."
        return Now(words, "warning", help=help, acts=acts, agent=agent)
    if consumer.overspent:
        words = say("Waits for {agent}, which starts nothing new: {why}.", agent=agent, why=consumer.overspent.words)
        ways_out = () if consumer.overspent.of_team else acts  # no other agent could take it
        return Now(words, "warning", help=consumer.overspent.help, acts=ways_out, agent=agent)
    return _waits_for_a_place(agent, consumer)


def _waits_for_a_place(agent: Agent, consumer: Consumer) -> Now:
    if consumer.is_full:
        limit = "1 case" if consumer.concurrency == 1 else f"{consumer.concurrency} cases"
        return Now(say("Waits for {agent}, which is at its limit of {limit} at once.", agent=agent, limit=limit))
    return Now(say("{agent} takes it next.", agent=agent))


# What a person can do about a case that waits for one.
WAYS_OUT: Mapping[str, tuple[str, tuple[str, ...]]] = {
    Reason.QUESTION: ("Answer it below, and {agent} continues.", ()),
    Reason.APPROVAL: ("Decide below, and {agent} continues.", ()),
    Reason.NO_OUTCOME: (
        "Retry it or close it yourself. If it happens often, say in the procedure how a case ends.",
        ("retry", "reassign", "complete", "agent"),
    ),
    Reason.AMBIGUOUS_HANDOVER: (
        "Choose who should get it. A clearer procedure keeps this from happening again.",
        ("reassign", "agent"),
    ),
    Reason.INVALID_TARGET: (
        "Choose who should get it, and look whether the procedure mentions the right agents.",
        ("reassign", "agent"),
    ),
    Reason.INCOMPLETE_HANDOVER: (
        "Fill in what is missing and send it on. If it happens often, say in the procedure where to find it.",
        ("reassign", "agent"),
    ),
    Reason.DECLINED: (
        "Choose who should get it. If it happens often, say in the procedures who takes which cases.",
        ("reassign", "complete", "agent"),
    ),
    Reason.REFUSED_CALL: (
        "Fix the cause and try again, choose another agent, or close it yourself. If it happens often, say in the"
        " procedure what to do instead.",
        ("retry", "reassign", "complete", "agent"),
    ),
    Reason.TARGET_UNAVAILABLE: (
        "Choose another agent, or connect the one it should go to and send the case again.",
        ("reassign", "queue"),
    ),
    Reason.HOP_LIMIT: ("Choose who should get it. The handovers are then counted from zero.", ("reassign", "queue")),
    Reason.LOOP: (
        "Choose who should get it. If they lack something to decide, add it to the details first.",
        ("reassign", "edit"),
    ),
    Reason.RUN_LOST: ("Try again: it starts from scratch.", ("retry", "reassign")),
    Reason.RUN_FAILED: ("Fix the cause, then try again.", ("retry", "reassign", "agent")),
    Reason.RUN_STOPPED: (
        "Try again, reassign it to another agent, or close it yourself.",
        ("retry", "reassign", "complete"),
    ),
    Reason.TAKEN_OVER: ("No agent gets it until it is handed back.", ("hand_back", "complete")),
    Reason.WITH_PEOPLE: (
        "Someone works it and completes it, or hands it back to an agent. No agent gets it until then.",
        ("take_over", "hand_back", "complete"),
    ),
}


def _needs_input(case: Case) -> Now:
    agent = case.assignee
    help, acts = WAYS_OUT.get(case.reason, ("Retry it, or close it yourself.", ("reassign", "complete")))
    label = reason_label(case.reason)
    now = Now(
        say(label),
        "warning",
        help=help.format(agent=agent.name if agent else "the agent"),
        acts=tuple(act for act in acts if _is_possible(act, case)),
        agent=agent,
    )
    if case.reason == Reason.TAKEN_OVER:
        return replace(
            now, words=say("{who} has taken it over.", who=case.holder), tone="info", symbol="user-round-check"
        )
    if case.reason == Reason.WITH_PEOPLE:
        return _with_people(case, now)
    who: Named = agent or "An agent"
    # What is asked stands with the place for its answer.
    if case.reason == Reason.QUESTION:
        return replace(now, words=say("{who} asks a question and waits for the answer.", who=who))
    if case.reason == Reason.APPROVAL:
        return replace(now, words=say("{who} asks for approval and waits for it.", who=who))
    return replace(now, aside="" if case.detail == label else case.detail)


def _with_people(case: Case, now: Now) -> Now:
    if case.taken_by:
        acts = ("hand_back", "complete")
        return replace(
            now, words=say("With {who}.", who=case.holder), tone="info", symbol="user-round-check", acts=acts
        )
    of = f"someone of {case.group}" if case.group else "someone of the team"
    words = say("Waits for {who} to take it.", who=of)
    return replace(now, words=words, symbol="users", aside=case.detail)


def _is_possible(act: str, case: Case) -> bool:
    if act == "retry":
        return bool(case.worked_by_id)
    return act != "agent" or bool(case.assignee and not case.assignee.is_deleted)


def _closed(case: Case, events: Sequence[CaseEvent], agents: Agents) -> Now:
    ended = next((event for event in reversed(events) if event.kind in (Kind.COMPLETED, Kind.FAILED)), None)
    who: Named = (ended.actor or agents.get(ended.agent_id or case.pk) or "Baton") if ended else "Baton"
    if case.status == Status.COMPLETED:
        return Now(say("Completed by {who}.", who=who), "success", text=case.detail)
    return Now(say("Marked as failed by {who}.", who=who), "error", text=case.detail, acts=("reassign",))


# --- What is wrong with a queue --------------------------------------------------------------


@dataclass(frozen=True)
class Problem:
    """Something that keeps the cases of a queue waiting, and what helps."""

    words: str
    help: str
    agent: Agent | None = None


# Pages count the cases of a queue and status up to here.
MOST_COUNTED = 1000


def counted(status: str, number: int) -> str:
    """Return words such as `3 pending`, `1 needs input`, `4 need input` or `1,000+ completed`."""
    words = Status(status).label.lower()
    many = f"{MOST_COUNTED:,}+" if number > MOST_COUNTED else f"{number:,}"
    return f"{many} {'need input' if status == Status.NEEDS_INPUT and number != 1 else words}"


def problems(queue: Queue, consumers: Sequence[Consumer]) -> list[Problem]:
    """Return why no agent takes cases of the queue now, or no new ones. That the queue itself is paused is not a
    problem.
    """
    if not consumers:
        return [Problem(f"No agent works {queue.name}.", "Connect an agent that takes its cases.")]
    if any(item.may_start for item in consumers):
        first = next((item for item in consumers if item.agent.pk == queue.first_agent_id), None)
        return [_first_waits(first)] if first and not first.may_start else []
    if spent := next((item for item in consumers if item.overspent and item.status == "overspent"), None):
        return [_nobody_may_spend(spent, consumers)]
    if all(item.blocked for item in consumers):
        names = listed([item.agent.name for item in consumers])
        return [
            Problem(
                f"Nobody takes cases: {names} {_starts(consumers)} nothing new.",
                "The procedure mentions a deleted agent. Remove the red mention and save.",
                consumers[0].agent,
            )
        ]
    if any(item.blocked for item in consumers):
        blocked = next(item.agent for item in consumers if item.blocked)
        return [
            Problem(
                "Nobody takes cases: every agent is paused or blocked by a mention of a deleted agent.",
                f"Resume an agent, or remove the red mention from the procedure of {blocked.name}.",
                blocked,
            )
        ]
    names = listed([item.agent.name for item in consumers])
    verb = "is" if len(consumers) == 1 else "are"
    return [Problem(f"Nobody takes cases: {names} {verb} paused.", "Resume an agent to go on.", consumers[0].agent)]


def _nobody_may_spend(spent: Consumer, consumers: Sequence[Consumer]) -> Problem:
    assert spent.overspent
    words = f"Nobody takes cases: {spent.overspent.words}"
    if not spent.overspent.of_team and any(item.status != "overspent" for item in consumers):
        words += "; the others are paused or blocked"
    return Problem(f"{words}.", spent.overspent.help, None if spent.overspent.of_team else spent.agent)


def _first_waits(first: Consumer) -> Problem:
    words = f"New cases wait for {first.agent.name}, which"
    if first.blocked:
        help = "Remove the red mention from its procedure, or let new cases go to another agent."
        return Problem(f"{words} starts nothing new: its procedure mentions a deleted agent.", help, first.agent)
    if first.status == "overspent" and first.overspent:
        words = f"{words} starts nothing new: {first.overspent.words}."
        return Problem(words, first.overspent.help, first.agent)
    return Problem(f"{words} is paused.", "Resume the agent, or let new cases go to another one.", first.agent)


def _starts(consumers: Sequence[Consumer]) -> str:
    return "starts" if len(consumers) == 1 else "start"
