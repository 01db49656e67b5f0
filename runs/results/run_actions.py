"""What the page of a run offers to do: in its head, and beside what went wrong."""

from dataclasses import dataclass, field

from django.urls import reverse

from cases.models import Status as CaseStatus
from runs.models import Run
from teams.models import Member
from web.http.actions import Action, dialogs, offered

from .wording import Trouble


@dataclass(frozen=True)
class RunActions:
    """What the page of a run offers to do. `trouble` is what helps when the run failed. `may_correct`: say which agent
    should have had the work. `may_test`: create a routing test of what the run saw.
    """

    head: list[Action] = field(default_factory=list)
    trouble: list[Action] = field(default_factory=list)
    may_correct: bool = False
    may_test: bool = False

    @property
    def dialogs(self) -> set[str]:
        return dialogs(self.head, self.trouble)


def of_run(run: Run, trouble: Trouble, member: Member, *, has_failed: bool, stops_at_once: bool) -> RunActions:
    """Return what the page of the run offers. `stops_at_once`: nobody would miss what the run has done, so it stops
    without a question.
    """
    retry = _may_retry(run) and member.operates
    helps = [*_fixes(run, trouble, member), *_settle(run, member, may_retry=retry)] if has_failed else []
    if not member.operates:
        return RunActions(trouble=helps)
    if run.is_live:
        head = [_stop(run, stops_at_once)]
    elif run.agent.is_deleted:
        head = []
    elif run.case_id:
        # What stands beside the trouble is not repeated in the head.
        head = [_RETRY] if retry and not has_failed else []
    else:
        head = _again(run)
    return RunActions(head, helps, may_correct=True, may_test=_may_test(run, member))


_RETRY = Action("Send the case again", "rotate-cw", dialog="send-again")


def _may_retry(run: Run) -> bool:
    """The case waits for someone to say how it goes on, and nothing else has happened to it since."""
    case = run.case
    if case is None or case.deleted_at or run.is_live or run.agent.is_deleted:
        return False
    return case.status == CaseStatus.NEEDS_INPUT and case.fence == (run.case_fence or 0) + 1


def _may_test(run: Run, member: Member) -> bool:
    return member.builds and not run.is_test and not run.agent.is_deleted


def _stop(run: Run, at_once: bool) -> Action:
    if at_once:
        return Action("Stop", "circle-stop", post=reverse("run_stop", args=[run.pk]), look="danger")
    return Action("Stop", "circle-stop", dialog="stop-run", look="danger")


def _again(run: Run) -> list[Action]:
    """The same input once more: with the revision of this run, or with the latest if that is another."""
    url = reverse("run_again", args=[run.pk])
    if run.is_test:
        return []
    if run.is_try:
        return [Action("Try again", "rotate-cw", post=url)]
    if run.revision.status != "historic":
        return [Action("Run again", "rotate-cw", post=url, title="The same input and the same revision")]
    title = f"The same input, with revision {run.revision.number}"
    latest = Action(
        "Run with the latest revision",
        "history",
        post=url,
        fields=(("revision", "latest"),),
        title="The same input, with the procedure as it is now",
    )
    return [Action("Run again", "rotate-cw", post=url, title=title), latest]


def _fixes(run: Run, trouble: Trouble, member: Member) -> list[Action]:
    """Links to the pages where the cause can be fixed."""
    name, exists = run.agent.name, not run.agent.is_deleted
    agent = reverse("agent", args=[run.agent_id])
    keys = reverse("model_settings")
    queue = run.case.queue if run.case and not run.case.queue.deleted_at else None
    ways = {
        "procedure": [
            (
                exists and member.builds,
                Action(f"Edit the procedure of {name}", "pencil", link=f"{agent}#procedure"),
            )
        ],
        "key": [
            (member.administers, Action("Open the keys of models", "key-round", link=keys)),
            (exists, Action(f"Open {name} and its model", "bot", link=agent)),
        ],
        "model": [(exists, Action(f"Open {name} and its model", "bot", link=agent))],
        "budget": [(exists, Action(f"Open {name} and its budget", "bot", link=agent))],
    }
    if trouble.help == "queue" and queue:
        return [Action(f"Open the queue {queue.name}", "layers", link=reverse("queue", args=[queue.pk]))]
    return offered(ways.get(trouble.help, []))


def _settle(run: Run, member: Member, *, may_retry: bool) -> list[Action]:
    is_standalone = not run.case_id and not run.has_no_effect
    seen = Action("Seen", "eye", post=reverse("run_seen", args=[run.pk]))
    return offered([(may_retry, _RETRY), (is_standalone and not run.seen_at and member.operates, seen)])
