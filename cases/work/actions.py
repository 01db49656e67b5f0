"""What people can do to a case as it is now. Pure: it asks no database."""

from cases.models import Case, Reason, Status
from teams.models import User

_INTERRUPTING = {Reason.QUESTION, Reason.APPROVAL}


def possible(case: Case, user: User) -> set[str]:
    """Of take_over, hand_back, reassign, reopen, retry, complete, fail, postpone. Edit and delete always are."""
    if case.is_closed:
        return {"reopen"}
    acts = {"complete", "fail", "postpone", "hand_back" if case.taken_by else "reassign"}
    if not (case.owner_id == user.pk and case.status == Status.NEEDS_INPUT):
        acts.add("take_over")
    # What an agent asks is answered; reassigning it would close that unseen.
    if case.status == Status.NEEDS_INPUT and case.worked_by_id and not (case.taken_by or interrupts(case)):
        acts.add("retry")
    return acts


def interrupts(case: Case) -> bool:
    """Whether an act stops a run, or closes what its agent has asked."""
    return case.status == Status.IN_PROGRESS or case.reason in _INTERRUPTING
