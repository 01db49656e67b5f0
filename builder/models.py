"""Agents and what they are told: revisions of their AOP, the mentions in it, and their connections."""

from builder.agents.models import (
    STARTABLE,
    Agent,
    AgentQuerySet,
    Mention,
    PeopleMention,
    Revision,
    RevisionQuerySet,
)
from builder.tools.models import ServerTool, ServerToolQuerySet, ToolConnection, ToolServer, ToolServerQuerySet
from builder.usage.models import Purpose, Usage
from builder.wiring.models import QueueConnection

__all__ = [
    "STARTABLE",
    "Agent",
    "AgentQuerySet",
    "Mention",
    "PeopleMention",
    "Purpose",
    "QueueConnection",
    "Revision",
    "RevisionQuerySet",
    "ServerTool",
    "ServerToolQuerySet",
    "ToolConnection",
    "ToolServer",
    "ToolServerQuerySet",
    "Usage",
]
