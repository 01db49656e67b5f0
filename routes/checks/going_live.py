"""Going live: what waited for a check is saved, by the verb that everybody else saves by."""

from django.db import transaction
from pydantic import TypeAdapter

from builder.agents.saving import AgentChange, save_agents
from builder.gate.gate import RoutesHeld
from builder.history import drafts
from builder.models import Agent
from data.errors import Refused
from teams.audit import audit
from teams.audit.actors import BATON, person
from teams.models import Member, User

from .models import Check

CHANGES = TypeAdapter(list[AgentChange])


def go_live(check: Check) -> None:
    """Saves what waited, if it is still what was checked. Else the note says why not."""
    by = person(check.user) if check.user else BATON
    try:
        with audit.acting(by):
            save_waiting(check, check.user)
    except RoutesHeld as held:
        held.start(by, CHANGES.validate_python(check.waiting))
        Check.objects.filter(pk=check.pk).update(note="Something else changed in the meantime, so it is checked again.")
    except Refused as refusal:
        Check.objects.filter(pk=check.pk).update(note=refusal.message[:300])


@transaction.atomic
def save_waiting(check: Check, author: User | None, override: str = "") -> None:
    """Saves what waits for the check, if it is still what was checked."""
    if not check.waiting or check.saved_number is not None:
        raise Refused("Nothing waits for this check.", "ended")
    _refuse_what_changed(check)
    [agent, *_] = save_agents(CHANGES.validate_python(check.waiting), author=author, override=override)
    _end_draft(agent)
    Check.objects.filter(pk=check.pk).update(saved_number=agent.live_revision.number)


def _refuse_what_changed(check: Check) -> None:
    agent = Agent.objects.select_for_update(no_key=True).get(pk=check.agent_id)
    if agent.is_deleted:
        raise Refused(f"{agent.name} has been deleted, so nothing was saved.", "agent_deleted")
    if agent.live_revision.number != check.live_number:
        message = f"Revision {agent.live_revision.number} was saved in the meantime, so this was not. Save it again."
        raise Refused(message, "edited_since")
    member = Member.objects.filter(team=check.team_id, user=check.user_id, user__is_active=True).first()
    if check.user_id and (member is None or not member.builds):
        raise Refused(f"{check.actor} may not save agents any more, so nothing was saved.", "forbidden")


def _end_draft(agent: Agent) -> None:
    """The draft with the text that is live by now."""
    draft, current = drafts.draft_of(agent), agent.live_revision
    if draft and drafts.same(agent, (current.aop, current.model, current.fallback), draft):
        draft.delete()
