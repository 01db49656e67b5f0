"""Real answers of every operation are as the OpenAPI document says."""

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from builder.agents.agents import save_agent
from builder.models import Agent
from cases.models import CaseMessage, Queue
from teams.models import Team
from tests.fixtures import Make
from tests.test_permissions import OPERATIONS, Things, make_things
from tests.tool_server import ToolServer, tool_server

from . import document
from .conftest import Caller

__all__ = ["make_things", "tool_server"]

JSON = "application/json"
FILES = "POST /cases/{case_id}/attachments"

pytestmark = pytest.mark.django_db


# What is done to the case first, so that the operation can be carried out.
FIRST = {"hand-back": "take-over", "reopen": "complete", "retry": "fail", "undo": "complete"}


def _failed(things: Things) -> UUID:
    """The id of a message that was not delivered."""
    message = CaseMessage.objects.get(pk=things.ids["message"])
    message.pk, message.direction, message.status, message.message_id = uuid4(), "out", "failed", "<2@example.org>"
    message.save(force_insert=True)
    return message.pk


def test_every_operation_does_what_its_document_says(
    api: Caller,
    team: Team,
    make_things: Callable[[Team], Things],
    make_queue: Make[Queue],
    tool_server: ToolServer,
    settings: Any,
) -> None:
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    things, refused = make_things(team), {}
    save_agent(Agent.objects.get(pk=things.ids["agent"]), aop="So that there is a revision to restore.")
    bodies: dict[str, Any] = {
        "POST /mcp-servers": {"name": "New", "url": tool_server.url},
        "POST /model-keys": {"provider": "google", "name": "New", "key": "0123456789"},
        "PATCH /webhooks/{webhook_id}": {"events": ["case.created"], "url": "https://example.com/"},
        "POST /sources": {"name": "Shop", "queue_id": str(things.ids["queue"])},
        "POST /runs": {"agent_id": str(things.ids["agent"])},
        "POST /schedules": {"agent_id": str(things.ids["agent"]), "cron": "0 8 * * *"},
    }
    ids = {"DELETE /queues/{queue_id}": make_queue().pk, "POST /case-messages/{message_id}/send-again": _failed(things)}
    for name, entry in OPERATIONS.items():
        method, _, path = name.partition(" ")
        address = "/api/v1" + re.sub(
            "{.*?}", str(ids.get(name, things.ids.get(entry.of))), path.replace("{number}", "1")
        )
        body = bodies.get(name, entry.body)
        with transaction.atomic():
            before, _, act = address.rpartition("/")
            if act in FIRST and entry.of == "case":
                case = api.client.post(f"{before}/{FIRST[act]}", content_type=JSON).json()
                body = {"seq": case["events"][-1]["seq"]} if act == "undo" else body
            raw = b"" if body is None else json.dumps(body).encode()
            about = (
                (encode_multipart(BOUNDARY, {"files": upload()}), MULTIPART_CONTENT) if name == FILES else (raw, JSON)
            )
            answer = api.client.generic(method, address, *about)
            transaction.set_rollback(True)
        if answer.status_code >= 300:
            refused[name] = answer.content
    assert refused == {}


def upload() -> SimpleUploadedFile:
    return SimpleUploadedFile("note.txt", b"Hello")


def test_an_answer_that_the_document_does_not_know_is_noticed(api: Caller) -> None:
    answer = api.get("/team")
    for wrong in ({"name": 1}, {"time_zone": None}, {"surprise": True}, {"id": "1"}):
        changed: Any = HttpResponse(json.dumps(answer.json() | wrong), "application/json")
        changed.resolver_match = answer.resolver_match
        with pytest.raises(AssertionError):
            document.check("GET", changed)
    changed.status_code = 201
    with pytest.raises(AssertionError):
        document.check("GET", changed)
