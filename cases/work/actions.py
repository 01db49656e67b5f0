"""What people can do to a case as it is now, and the buttons for it on its page. Pure: it asks no database."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from django.urls import reverse

from cases.models import Case, Reason, Status
from cases.queues.status_summary import Now
from teams.models import Member, User
from web.http.actions import Action, dialogs, offered

_INTERRUPTING = {Reason.QUESTION, Reason.APPROVAL}


def possible(case: Case, user: User) -> set[str]:
    """Return which are possible of take_over, hand_back, reassign, reopen, retry, complete, fail and postpone."""
    if case.is_closed:
        return {"reopen"}
    acts = {"complete", "fail", "postpone", "hand_back" if case.is_with_people else "reassign"}
    if not (case.owner_id == user.pk and case.status == Status.NEEDS_INPUT):
        acts.add("take_over")
    # What an agent asks is answered; reassigning it would close that unseen.
    if case.status == Status.NEEDS_INPUT and case.worked_by_id and not (case.is_with_people or interrupts(case)):
        acts.add("retry")
    return acts


def interrupts(case: Case) -> bool:
    """Return whether an act stops a run, or closes a request of its agent."""
    return case.status == Status.IN_PROGRESS or case.reason in _INTERRUPTING


# --- The buttons of its page -----------------------------------------------------------------


@dataclass(frozen=True)
class CaseActions:
    """What the page of a case offers to do. `now` are the ways out of the trouble that the page tells; what stands
    there is not repeated in the head.
    """

    head: list[Action] = field(default_factory=list)
    menu: list[Action] = field(default_factory=list)
    now: list[Action] = field(default_factory=list)
    delete: list[Action] = field(default_factory=list)
    may_work: bool = False

    @property
    def dialogs(self) -> set[str]:
        return dialogs(self.head, self.menu, self.now, self.delete)


def of_case(case: Case, now: Now, member: Member, user: User) -> CaseActions:
    """Return what the page of the case offers to this member, who is `user`."""
    now_actions = _ways_out(case, now, member)
    if not member.operates:
        return CaseActions(now=now_actions)
    acts = possible(case, user)
    return CaseActions(
        head=_head(acts, now.acts),
        menu=_menu(case, acts, now.acts),
        now=now_actions,
        delete=[Action("Delete…", "trash-2", dialog="delete", look="danger")],
        may_work=True,
    )


_REOPEN = Action("Reopen", "rotate-ccw", dialog="reopen")
_REASSIGN = Action("Reassign…", "forward", dialog="reassign")
_HAND_BACK = Action("Hand back", "undo-2", dialog="hand-back")
_COMPLETE = Action("Complete", "circle-check", dialog="complete")


def _head(acts: Collection[str], said: Collection[str]) -> list[Action]:
    return offered(
        [
            ("reopen" in acts and "reassign" not in said, _REOPEN),
            ("reassign" in acts and "reassign" not in said, _REASSIGN),
            ("hand_back" in acts and "hand_back" not in said, _HAND_BACK),
            ("complete" in acts and "complete" not in said, _COMPLETE),
        ]
    )


def _menu(case: Case, acts: Collection[str], said: Collection[str]) -> list[Action]:
    asks_first = interrupts(case) or bool(case.taken_by)
    takes = "take_over" in acts and "take_over" not in said
    return offered(
        [
            ("retry" in acts, _retry(case)),
            (takes and asks_first, Action("Take over…", "user-round-check", dialog="take-over")),
            (
                takes and not asks_first,
                Action("Take over", "user-round-check", post=reverse("case_take_over", args=[case.pk]), stays=True),
            ),
            (True, Action("Edit", "pencil", link=reverse("case_edit", args=[case.pk]), keys="e")),
            ("postpone" in acts, Action("Postpone…", "alarm-clock", dialog="postpone")),
            ("fail" in acts, Action("Mark as failed…", "circle-x", dialog="fail")),
        ]
    )


def _retry(case: Case) -> Action:
    return Action("Retry", "rotate-cw", post=reverse("case_retry", args=[case.pk]), stays=True)


def _ways_out(case: Case, now: Now, member: Member) -> list[Action]:
    """Return the ways out, the best one first, which stands out while the case waits for someone to choose; but not
    beside the form for what a handover lacked, whose own button does.
    """
    found = [_way_out(act, case, now, member) for act in now.acts]
    has_form = case.reason == Reason.INCOMPLETE_HANDOVER
    if found and found[0] and now.is_trouble and not case.is_closed and not has_form:
        found[0] = replace(found[0], look="primary")
    return [action for action in found if action]


def _way_out(act: str, case: Case, now: Now, member: Member) -> Action | None:
    """Return the button for one of the `acts` of `Now`, if this member may press it."""
    queue, agent = case.queue, now.agent
    may = {"agent": agent is not None, "queue": True, "resume_queue": member.builds, "connect": member.builds}
    if not may.get(act, member.operates):
        return None
    resume = reverse("queue_resume", args=[queue.pk])
    here = (("next", reverse("case", args=[case.pk])),)
    ways = {
        "reassign": _REOPEN if case.is_closed else _REASSIGN,
        "retry": _retry(case),
        "take_over": Action(
            "Assign to me", "user-round-check", post=reverse("case_take_over", args=[case.pk]), fields=here, stays=True
        ),
        "hand_back": _HAND_BACK,
        "complete": _COMPLETE,
        "edit": Action("Edit the case", "pencil", link=reverse("case_edit", args=[case.pk])),
        "queue": Action(f"Open {queue.name}", "layers", link=reverse("queue", args=[queue.pk]), cut=True),
        "connect": Action("Connect agents", "bot", link=reverse("queue_agents", args=[queue.pk]), picks=True),
        "resume_queue": Action(f"Resume {queue.name}", "play", post=resume, fields=here, stays=True, cut=True),
    }
    if agent:
        ways["agent"] = Action(f"Open {agent.name}", "bot", link=reverse("agent", args=[agent.pk]), cut=True)
    return ways.get(act)
