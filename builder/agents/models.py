"""An agent, what it is told, and whom that mentions."""

from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import models
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Lower
from django.utils.text import slugify

from teams.models import Group, Team, User, new_id

if TYPE_CHECKING:
    from uuid import UUID


class AgentQuerySet(models.QuerySet["Agent"]):
    def live(self) -> "AgentQuerySet":
        """Not deleted."""
        return self.filter(deleted_at=None)

    def blocked(self) -> "AgentQuerySet":
        """The live revision mentions a deleted agent, so no new run may start."""
        return self.filter(_broken())

    def startable(self) -> "AgentQuerySet":
        """May start new runs now."""
        return self.live().filter(~_broken(), paused_at=None)


# The same as `startable`, of a row of builder_agent.
STARTABLE = """
    builder_agent.deleted_at is null and builder_agent.paused_at is null and not exists (
        select from builder_revision revision
        join builder_mention mention on mention.revision_id = revision.id
        join builder_agent target on target.id = mention.target_id
        where revision.agent_id = builder_agent.id and revision.status = 'live' and target.deleted_at is not null
    )
"""


def _broken() -> Exists:
    return Exists(
        Mention.objects.filter(
            revision__agent=OuterRef("pk"),
            revision__status=Revision.Status.LIVE,
            target__deleted_at__isnull=False,
        )
    )


class Agent(models.Model):
    """A worker. Deleting one is soft: mentions, timelines and runs go on naming it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="agents")
    name = models.CharField(max_length=80)
    description = models.CharField(
        max_length=200,
        blank=True,
        help_text="One line that other agents see when they choose whom to hand over to.",
    )
    may_ask = models.BooleanField(
        "may ask a person",
        default=True,
        help_text="Lets the agent put a question to your team and wait for the answer.",
    )
    replies_freely = models.BooleanField(
        default=False, db_default=False, help_text="What it writes to customers is sent without anyone’s approval."
    )
    budget: Any = models.JSONField(default=dict, blank=True, help_text="A `budgets.Budget`.")
    when_unavailable: Any = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="An `unavailable.WhenUnavailable`; empty: cases wait for it."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = AgentQuerySet.as_manager()

    if TYPE_CHECKING:
        team_id: UUID

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="agent_team_key"),
            models.UniqueConstraint(
                "team", Lower("name"), condition=Q(deleted_at=None), name="live_agent_names_are_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def slug(self) -> str:
        """The name as programs write it. Not unique, and it changes with the name."""
        return slugify(self.name) or "agent"

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    @property
    def live_revision(self) -> "Revision":
        """Every agent has exactly one from its first moment on."""
        return self.revisions.get(status=Revision.Status.LIVE)


class RevisionQuerySet(models.QuerySet["Revision"]):
    def published(self) -> "RevisionQuerySet":
        """Return what was live once, or is: the history."""
        return self.filter(status__in=[Revision.Status.LIVE, Revision.Status.HISTORIC])


class RevisionStatus(models.TextChoices):
    DRAFT = "draft"
    LIVE = "live"
    HISTORIC = "historic"
    TRIED = "tried"


class Revision(models.Model):
    """One saved state of an agent's AOP and model.

    draft -> live -> historic. Live and historic revisions never change (a trigger refuses it), so a run can
    name the one it follows. Nor does a tried one: a text as it was when someone tried it, with the number of the
    live revision of that moment; it never goes live itself. A draft has no number yet (0), and each time it is
    saved another row takes its place: its id says which state of it a page has seen.
    """

    Status: TypeAlias = RevisionStatus  # noqa: UP040 - it is used as a class too

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="revisions", db_constraint=False, db_index=False)
    number = models.PositiveIntegerField()
    based_on = models.PositiveIntegerField(default=0, help_text="Of a draft: the live revision that it changes.")
    status = models.CharField(max_length=10, choices=Status.choices)
    aop = models.TextField("procedure", blank=True)
    model = models.CharField(max_length=100)
    fallback = models.CharField(
        max_length=100, blank=True, help_text="The model that a run goes on with when the other one fails."
    )
    needs: Any = models.JSONField(
        default=list,
        db_default=Value([], models.JSONField()),
        blank=True,
        help_text="The fields of the procedure's NEEDS section: a list of `needs.Need`.",
    )
    author = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    note = models.CharField(max_length=200, blank=True, help_text="Why it was saved, in a line.")
    override_reason = models.CharField(
        max_length=500, blank=True, db_default="", help_text="Why it was saved although routing tests held it back."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RevisionQuerySet.as_manager()

    if TYPE_CHECKING:
        agent_id: UUID
        team_id: UUID
        author_id: int | None

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="revision_team_key"),
            models.UniqueConstraint(
                fields=["agent", "number"], condition=~Q(status="tried"), name="revision_numbers_are_unique"
            ),
            models.UniqueConstraint(fields=["agent"], condition=Q(status="live"), name="one_live_revision_per_agent"),
            models.UniqueConstraint(fields=["agent"], condition=Q(status="draft"), name="one_draft_per_agent"),
            models.CheckConstraint(
                condition=Q(status="draft", number=0) | (~Q(status="draft") & Q(number__gte=1)),
                name="only_drafts_have_no_number",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "live", "historic", "tried"]), name="revision_status_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent} r{self.number}"


class Mention(models.Model):
    """An agent named in a revision's AOP. Written only by the transaction that saves the text."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    revision = models.ForeignKey(Revision, models.CASCADE, related_name="mentions", db_constraint=False, db_index=False)
    target = models.ForeignKey(Agent, models.CASCADE, related_name="mentioned_by", db_constraint=False)
    position = models.PositiveIntegerField(help_text="Order of first appearance in the text, from 0.")

    if TYPE_CHECKING:
        target_id: UUID

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["revision", "target"], name="one_mention_per_target")]

    def __str__(self) -> str:
        return f"@{self.target}"


class PeopleMention(models.Model):
    """A member or a group named in a revision's AOP. Written only by the transaction that saves the text."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    revision = models.ForeignKey(
        Revision, models.CASCADE, related_name="people_mentions", db_constraint=False, db_index=False
    )
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    group = models.ForeignKey(Group, models.CASCADE, null=True, related_name="+", db_constraint=False)
    position = models.PositiveIntegerField(help_text="Order of first appearance among people and groups, from 0.")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "user", "group"], name="one_mention_per_person", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(user=None, group__isnull=False) | Q(user__isnull=False, group=None),
                name="a_mention_is_of_a_person_or_a_group",
            ),
        ]

    def __str__(self) -> str:
        return f"@{self.user or self.group}"
