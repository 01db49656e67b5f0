"""Agents and what they are told: revisions of their AOP, the mentions in it, and their connections."""

from .agent import STARTABLE, Agent, AgentQuerySet, Mention, Revision, RevisionQuerySet
from .queue_connection import QueueConnection
from .tool_server import ServerTool, ServerToolQuerySet, ToolConnection, ToolServer, ToolServerQuerySet
from .usage import Usage

__all__ = [
    "STARTABLE",
    "Agent",
    "AgentQuerySet",
    "Mention",
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
