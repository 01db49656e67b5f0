"""MCP servers, their tools, and which agent may use them."""

from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from builder.agents.models import Agent
from teams.models import Team, new_id

if TYPE_CHECKING:
    from uuid import UUID


class ToolServerQuerySet(models.QuerySet["ToolServer"]):
    def present(self) -> "ToolServerQuerySet":
        """Not deleted."""
        return self.filter(deleted_at=None)


class ToolServer(models.Model):
    """An MCP server whose tools a team's agents may use."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="tool_servers")
    name = models.CharField(max_length=80)
    slug = models.CharField(max_length=20, help_text="Begins the names of its tools for models. It never changes.")
    url = models.CharField(max_length=2000)
    header = models.CharField(max_length=100, blank=True, help_text="Which header carries the credential, if any.")
    credential = models.TextField(blank=True, help_text="The value of that header, sealed.")
    created_at = models.DateTimeField(auto_now_add=True)
    listed_at = models.DateTimeField(null=True, help_text="When it last told its tools.")
    left_out = models.PositiveIntegerField(default=0, help_text="How many tools it has beyond the limit.")
    unusable: Any = models.JSONField(default=list, help_text="[{name, reason}] of tools that cannot be used.")
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = ToolServerQuerySet.as_manager()

    if TYPE_CHECKING:
        team_id: UUID

    class Meta:
        ordering = [Lower("name")]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="tool_server_team_key"),
            models.UniqueConstraint(
                "team", Lower("name"), condition=Q(deleted_at=None), name="tool_server_names_are_unique"
            ),
            models.UniqueConstraint(
                fields=["team", "slug"], condition=Q(deleted_at=None), name="tool_server_slugs_are_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ServerToolQuerySet(models.QuerySet["ServerTool"]):
    def usable(self) -> "ServerToolQuerySet":
        """The tools that are enabled, and still described by their server as they were when someone reviewed them."""
        return self.filter(server__deleted_at=None, is_on=True, found__isnull=True, gone_at=None)


class ToolMark(models.TextChoices):
    READ_ONLY = "read_only", "Read-only"
    IDEMPOTENT = "idempotent", "Repeatable"
    EFFECTS = "effects", "With effects"


class ServerTool(models.Model):
    """A tool of an MCP server, described as it was when a person looked at it.

    A newer description of its server is in `found`; the tool is not used until someone has reviewed that.
    """

    Mark: TypeAlias = ToolMark  # noqa: UP040 - it is used as a class too

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    server = models.ForeignKey(ToolServer, models.CASCADE, related_name="tools", db_constraint=False, db_index=False)
    name = models.CharField(max_length=200, help_text="As its server calls it.")
    key = models.CharField(max_length=64, help_text="As models call it.")
    title = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    input_schema: Any = models.JSONField()
    mark = models.CharField(max_length=10, choices=Mark.choices, default=Mark.EFFECTS)
    asks_first = models.BooleanField(default=True, help_text="A person approves each call.")
    is_on = models.BooleanField(default=False)
    found: Any = models.JSONField(null=True, help_text="{description, input_schema}, when these differ.")
    schema_only = models.BooleanField(default=False, help_text="Only its arguments are compared, not its description.")
    description_changes = models.PositiveSmallIntegerField(
        default=0, help_text="How often in a row its server described it differently."
    )
    gone_at = models.DateTimeField(null=True, help_text="Since when its server has it no more.")

    objects = ServerToolQuerySet.as_manager()

    if TYPE_CHECKING:
        team_id: UUID
        server_id: UUID

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="server_tool_team_key"),
            models.UniqueConstraint(fields=["server", "name"], name="server_tool_names_are_unique"),
            models.UniqueConstraint(fields=["server", "key"], name="server_tool_keys_are_unique"),
            models.CheckConstraint(
                condition=Q(mark__in=["read_only", "idempotent", "effects"]), name="server_tool_mark_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.name

    @property
    def obstacle(self) -> str:
        """Why no agent can use it now, in a few words; empty when they can."""
        if self.gone_at:
            return "The server no longer has it"
        if not self.is_on:
            return "Switched off"
        return "Changed since the last review" if self.found is not None else ""

    @property
    def is_repeatable(self) -> bool:
        """A call that may have been carried out can be made again."""
        return self.mark in (self.Mark.READ_ONLY, self.Mark.IDEMPOTENT)


class ToolConnection(models.Model):
    """An agent may use a tool, whenever that is usable."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    agent = models.ForeignKey(
        Agent, models.CASCADE, related_name="tool_connections", db_constraint=False, db_index=False
    )
    tool = models.ForeignKey(ServerTool, models.CASCADE, related_name="connections", db_constraint=False)

    if TYPE_CHECKING:
        agent_id: UUID
        tool_id: UUID

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agent", "tool"], name="one_connection_per_tool")]

    def __str__(self) -> str:
        return f"{self.agent}: {self.tool}"
