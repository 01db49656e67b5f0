"""Going live: what waited for a check is done when that has passed, by the verb that everybody else uses."""

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from pydantic import TypeAdapter

from builder.agents.agents import Replacement, delete_agent, replace_deleted, restore_agent
from builder.agents.saving import AgentChange, save_agents
from builder.files import importing
from builder.files.archives import TextFile
from builder.files.flaws import Flawed
from builder.files.planned import Choices
from builder.files.test_files import is_tests
from builder.gate.gate import RoutesHeld
from builder.gate.waiting import Deletion, Import, Restoration
from builder.history import drafts
from builder.models import Agent, Revision
from builder.procedures import people
from cases.models import AgentUpload
from cases.queues.queues import create_queue
from data.errors import Refused
from teams.audit import audit
from teams.audit.actors import BATON, person
from teams.models import Member, Team, User

from .models import Check

type Waiting = list[AgentChange] | Deletion | Restoration | Import

WAITING: TypeAdapter[Waiting] = TypeAdapter(list[AgentChange] | Deletion | Restoration | Import)


def waiting_for(check: Check) -> Waiting | None:
    return WAITING.validate_python(check.waiting) if check.waiting else None


def go_live(check: Check) -> None:
    """Save what waited, if it is still what was checked. Else the note says why not."""
    by = person(check.user) if check.user else BATON
    try:
        with audit.acting(by):
            save_waiting(check, check.user)
    except RoutesHeld as held:
        held.start(by, waiting_for(check))
        Check.objects.filter(pk=check.pk).update(note="Something else changed in the meantime, so it is checked again.")
    except Refused as refusal:
        Check.objects.filter(pk=check.pk).update(note=refusal.message[:300])


@transaction.atomic
def save_waiting(check: Check, author: User | None, override: str = "") -> None:
    """Save what waits for the check, if it is still what was checked."""
    waiting = waiting_for(check)
    if waiting is None or check.is_applied:
        raise Refused("Nothing waits for this check.", "ended")
    agent = _unchanged(check)
    carry_out(waiting, agent.team, author, override)
    number = agent.revisions.get(status=Revision.Status.LIVE).number
    # A save that changes only a name or a description is told of with the revision that stays.
    saved = number if isinstance(waiting, list) or number != check.live_number else None
    Check.objects.filter(pk=check.pk).update(saved_number=saved, applied_at=Now())


def _unchanged(check: Check) -> Agent:
    agent = Agent.objects.select_for_update(no_key=True).get(pk=check.agent_id)
    if agent.is_deleted:
        raise Refused(f"{agent.name} has been deleted, so nothing was saved.", "agent_deleted")
    if agent.live_revision.number != check.live_number:
        message = f"Revision {agent.live_revision.number} was saved in the meantime, so this was not. Save it again."
        raise Refused(message, "edited_since")
    member = Member.objects.filter(team=check.team_id, user=check.user_id, user__is_active=True).first()
    if check.user_id and (member is None or not member.builds):
        raise Refused(f"{check.actor} may not save agents any more, so nothing was saved.", "forbidden")
    return agent


# --- What waits, done ------------------------------------------------------------------------


def carry_out(waiting: Waiting, team: Team, author: User | None, override: str = "") -> None:
    """Does it as if it were asked for now. RoutesHeld or Refused if that is not what it was any more."""
    match waiting:
        case Deletion():
            _delete(waiting, team, author, override)
        case Restoration():
            _restore(waiting, team, override)
        case Import():
            _import(waiting, team, author, override)
        case _:
            [agent, *_] = save_agents(waiting, author=author, override=override)
            _end_draft(agent)


def _delete(wanted: Deletion, team: Team, author: User | None, override: str) -> None:
    agent = _locked(team, wanted.agent_id)
    if agent.is_deleted and not wanted.was_deleted:
        raise Refused(f"{agent.name} has been deleted already, so nothing was done.", "agent_deleted")
    to = _replacement(wanted, team)
    if to is None:
        raise Refused("The replacement is gone, so nothing was done.", "invalid_replacement")
    verb = replace_deleted if wanted.was_deleted else delete_agent
    verb(agent, to, author, override)


def _replacement(wanted: Deletion, team: Team) -> Replacement | None:
    id = wanted.replacement_id
    return people.find_people(team, [id]).get(id) or team.agents.filter(pk=id).first()


def _restore(wanted: Restoration, team: Team, override: str) -> None:
    agent = _locked(team, wanted.agent_id)
    if not agent.is_deleted:
        raise Refused(f"{agent.name} has been restored already, so nothing was done.", "not_deleted")
    restore_agent(agent, wanted.name, override)


def _locked(team: Team, id: UUID) -> Agent:
    return Agent.objects.select_for_update(no_key=True).get(team=team, pk=id)


def _import(wanted: Import, team: Team, author: User | None, override: str) -> None:
    upload = AgentUpload.objects.filter(team=team, pk=wanted.upload_id).first()
    if upload is None:
        raise Refused("The uploaded files are no longer here, so nothing was imported. Import them again.", "gone")
    texts = [TextFile(name, text) for name, text in upload.files]
    try:
        _apply(wanted, texts, team, author, override)
    except Flawed as flawed:
        raise Refused(f"Nothing was imported. {flawed}", "changed_meanwhile") from flawed
    except Refused as refusal:
        if refusal.code == "changed_meanwhile":
            refusal.message = "Nothing was imported, as something changed here in the meantime. Look at it again."
        raise
    upload.delete()


def _apply(wanted: Import, texts: list[TextFile], team: Team, author: User | None, override: str) -> None:
    importing.apply(
        team,
        importing.read_all(texts),
        Choices(wanted.agents, wanted.queues, wanted.ids),
        seen=wanted.seen,
        create_queue=lambda team, name: create_queue(team, name).pk,
        author=author,
        override=override,
        tests=[text for text in texts if is_tests(text)],
    )


def _end_draft(agent: Agent) -> None:
    """The draft with the text that is live by now."""
    draft, current = drafts.draft_of(agent), agent.live_revision
    if draft and drafts.same((current.aop, current.model, current.fallback), draft):
        draft.delete()


# --- In words --------------------------------------------------------------------------------


def in_words(waiting: Waiting, team: Team) -> str:
    """What is done by it, if that is more than a save."""
    match waiting:
        case Deletion():
            to, name = _replacement(waiting, team), team.agents.get(pk=waiting.agent_id).name
            act = f"Mention {to.name if to else 'someone who is gone'} instead of {name} everywhere"
            return f"{act}." if waiting.was_deleted else f"{act}, and delete {name}."
        case Restoration():
            name = team.agents.get(pk=waiting.agent_id).name
            return f"Restore {name}{f' as {waiting.name}' if waiting.name else ''}."
        case Import():
            return "Import the uploaded files."
        case _:
            return ""


def back(waiting: Waiting | None, agent: Agent, viewer: User) -> tuple[str, str]:
    """Where one can change what is asked for: the address, and what the link says."""
    match waiting:
        case Deletion(was_deleted=False):
            return reverse("agent_delete", args=[waiting.agent_id]), "Choose again"
        case Deletion() | Restoration():
            return reverse("agents_deleted"), "Deleted agents"
        case Import():
            is_kept = AgentUpload.objects.filter(team=agent.team_id, user=viewer, pk=waiting.upload_id).exists()
            preview = reverse("agents_import_preview", args=[waiting.upload_id])
            return preview if is_kept else reverse("agents_import"), "Back to import"
        case _:
            return reverse("agent", args=[agent.pk]), "Edit agent"
