"""Drafts: what someone typed and has not published. An agent has one, and no draft is replaced unseen.

A draft is replaced by another row each time it is saved, so its id is its version. Who saves says which versions they
know of (their page's first one, and all they have sent since), and which live revision they had before them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction

from builder.agents.agents import AOP_LIMIT, save_agent
from builder.models import Agent, Revision
from builder.procedures import mentions
from builder.procedures.people import people_names
from data.errors import Refused
from data.texts.text import one_line, prose
from teams.models import User, new_id
from web.format.times import clock


@dataclass(frozen=True)
class Known:
    """What a page has seen: versions of the draft, and the number of the live revision."""

    drafts: frozenset[UUID] = field(default_factory=frozenset)
    revision: int = 0


class Conflict(Refused):
    """Someone else's words would be lost. `theirs`: their draft, or what they made live."""

    def __init__(self, theirs: Revision, by: User | None) -> None:
        who = _who(theirs.author, by)
        if theirs.status == Revision.Status.DRAFT:
            message = f"{who} changed the draft of this procedure at {clock(theirs.created_at)}."
        else:
            message = f"{who} saved revision {theirs.number} of this procedure while you were writing."
        super().__init__(f"{message} What you wrote differs.", "edited_meanwhile")
        self.theirs = theirs


def draft_of(agent: Agent) -> Revision | None:
    return agent.revisions.filter(status=Revision.Status.DRAFT).select_related("author").first()


def published(agent: Agent, number: int) -> Revision | None:
    """The revision of that number that is live or was."""
    states = [Revision.Status.LIVE, Revision.Status.HISTORIC]
    return agent.revisions.filter(number=number, status__in=states).first()


@transaction.atomic
def save_draft(
    agent: Agent,
    aop: str,
    model: str,
    fallback: str = "",
    *,
    known: Known | None,
    author: User | None,
    version: UUID | None = None,
) -> Revision | None:
    """Return the draft as kept, or None when nothing differs from the live revision. Raise Conflict.

    `version` becomes the draft's id: who chose it themselves know it even if the answer gets lost.
    """
    agent = _locked(agent)
    aop, model = prose(aop, "aop", AOP_LIMIT), one_line(model, "model", 100, required=False)
    fallback = one_line(fallback, "fallback", 100, required=False)
    known, draft = known or Known(), draft_of(agent)
    if draft and draft.pk not in known.drafts and not same((aop, model, fallback), draft):
        raise Conflict(draft, author)
    if draft:
        draft.delete()
    live = agent.live_revision
    if same((aop, model, fallback), live):
        return None
    return Revision.objects.create(
        id=version or new_id(),
        team_id=agent.team_id,
        agent=agent,
        number=0,
        status=Revision.Status.DRAFT,
        based_on=min(known.revision, live.number) or live.number,
        aop=aop,
        model=model,
        fallback=fallback,
        author=author,
    )


@transaction.atomic
def discard_draft(agent: Agent, *, known: Known | None, by: User | None) -> bool:
    """Return whether there was one. Raises Conflict for a state of it that `known` lacks: nobody has looked at that."""
    draft = draft_of(_locked(agent))
    if draft is None:
        return False
    if known is None or draft.pk not in known.drafts:
        raise Conflict(draft, by)
    draft.delete()
    return True


@transaction.atomic
def publish(
    agent: Agent,
    *,
    aop: str,
    model: str,
    fallback: str = "",
    known: Known | None,
    author: User | None,
    note: str = "",
    **fields: Any,
) -> Agent:
    """Save the agent and make the text live, which ends the draft. `fields`: as of `save_agent`.

    Raise Conflict, unless `known` is None: then others' changes are overwritten.
    """
    agent = _locked(agent)
    aop = prose(aop, "aop", AOP_LIMIT)
    live, draft = agent.live_revision, draft_of(agent)
    if known and live.number > known.revision and not same((aop, model, fallback), live):
        raise Conflict(live, author)
    if known and draft and draft.pk not in known.drafts and not same((aop, model, fallback), draft):
        raise Conflict(draft, author)
    if draft:
        draft.delete()
    # A colleague's new name stands in the text, yet that alone makes no new revision.
    changed = None if is_same_text(live.aop, aop) else aop
    return save_agent(agent, aop=changed, model=model, fallback=fallback, author=author, note=note, **fields)


def same(mine: tuple[str, str, str], theirs: Revision) -> bool:
    """Return whether text and models are the same, whatever mentioned agents were called at the time."""
    aop, *models = mine
    return models == [theirs.model, theirs.fallback] and is_same_text(aop, theirs.aop)


def is_same_text(one: str, other: str) -> bool:
    return one == other or mentions.without_names(one) == mentions.without_names(other)


def current(agent: Agent, aop: str) -> str:
    """The text with the names that the team's agents have now."""
    return mentions.relabel(aop, names(agent, aop))


def names(agent: Agent, *texts: str) -> dict[UUID, str]:
    ids: Iterable[UUID] = {id for text in texts for id in mentions.target_ids(text)}
    found = dict(Agent.objects.filter(team_id=agent.team_id, pk__in=ids).values_list("pk", "name")) if ids else {}
    return found | people_names(agent.team_id, *texts)


def _who(author: User | None, by: User | None) -> str:
    if author is None:
        return "Someone"
    return "You, in another window," if author == by else str(author)


def _locked(agent: Agent) -> Agent:
    return Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
