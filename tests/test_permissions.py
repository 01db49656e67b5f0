"""Every address of the product, and who may use it. Nothing crosses a team, and nobody gets in unknown.

A new address fails here until it has its line in PAGES or OPERATIONS: how it is used, and whose id stands in it.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve
from django.utils import timezone

from builder.agents.agents import create_agent
from builder.agents.connections import Consumes, connect
from builder.models import ServerTool, ToolServer
from cases.imports import uploads
from cases.models import AgentUpload, Attachment, CaseMessage, Comment, Label, Notification
from cases.queues.queues import create_queue, create_team
from cases.work.creation import NewCase, add_case
from channels.models import Arrival, Source
from config.api import api
from data.secrets import seal
from routes.models import Check, Correction, Impact, RoutingTest
from runs.models import BulkAction, HumanRequest, Run, Schedule
from teams.audit.actors import BATON
from teams.keys.api_keys import create_key
from teams.models import Credential, Delivery, Group, Member, SavedView, Team, User, Webhook, every_scope
from teams.people import members
from tests.responses import Response

from .fixtures import sign_in

pytestmark = pytest.mark.django_db

# Stands in everything that the other team has, and must never be shown to ours.
SECRET = "Strangers-only"
# Anyone who asks from the machine itself may see the metrics.
ELSEWHERE = "203.0.113.9"


@dataclass(frozen=True)
class Entry:
    """`methods` that it takes, with a space between. `of`: whose id stands in the address (a key of `Things.ids`).

    `body`: what an operation of the API would accept. `anonymous`: the answer to someone unknown. `open`: for all.
    """

    methods: str = "GET"
    of: str = ""
    body: Any = None
    anonymous: int = 302
    open: bool = False


PAGES: dict[str, Entry] = {
    "": Entry(),
    "tour/leave/": Entry("POST"),
    "tour/begin/": Entry("POST"),
    "find/": Entry(),
    "help/": Entry(),
    "help/<path:name>/": Entry(),
    "agents/": Entry(),
    "agents/new/": Entry("GET POST"),
    "agents/<uuid:id>/": Entry("GET POST", of="agent"),
    "agents/new/wiring/": Entry("POST"),
    "agents/<uuid:id>/wiring/": Entry("POST", of="agent"),
    "agents/export/": Entry(),
    "agents/<uuid:id>/export/": Entry(of="agent"),
    "agents/import/": Entry("GET POST"),
    "agents/import/<uuid:id>/": Entry("GET POST", of="agent_upload"),
    "agents/<uuid:id>/setup/": Entry(of="agent"),
    "agents/<uuid:id>/pause/": Entry("POST", of="agent"),
    "agents/<uuid:id>/resume/": Entry("POST", of="agent"),
    "agents/deleted/": Entry(),
    "agents/<uuid:id>/duplicate/": Entry("POST", of="agent"),
    "agents/<uuid:id>/delete/": Entry("GET POST", of="agent"),
    "agents/<uuid:id>/replace/": Entry("GET POST", of="agent"),
    "agents/<uuid:id>/restore/": Entry("POST", of="agent"),
    "agents/<uuid:id>/mentions/": Entry(of="agent"),
    "mentions/": Entry(),
    "mentions/new/": Entry("POST"),
    "agents/<uuid:id>/run/": Entry("POST", of="agent"),
    "agents/<uuid:id>/draft/": Entry("POST", of="agent"),
    "agents/<uuid:id>/draft/discard/": Entry("POST", of="agent"),
    "agents/<uuid:id>/revisions/": Entry(of="agent"),
    "agents/<uuid:id>/revisions/<int:number>/": Entry(of="agent"),
    "agents/<uuid:id>/revisions/<int:number>/restore/": Entry("POST", of="agent"),
    "agents/<uuid:id>/try/": Entry("GET POST", of="agent"),
    "agents/<uuid:id>/try/sample/": Entry(of="agent"),
    "runs/<uuid:id>/try/": Entry(of="run"),
    "agents/<uuid:id>/runs/": Entry(of="agent"),
    "agents/<uuid:id>/work/": Entry(of="agent"),
    "queues/": Entry(),
    "queues/new/": Entry("GET POST"),
    "queues/<uuid:id>/": Entry(of="queue"),
    "queues/<uuid:id>/edit/": Entry("GET POST", of="queue"),
    "queues/<uuid:id>/agents/": Entry("GET POST", of="queue"),
    "queues/<uuid:id>/pause/": Entry("POST", of="queue"),
    "queues/<uuid:id>/resume/": Entry("POST", of="queue"),
    "queues/<uuid:id>/delete/": Entry("POST", of="queue"),
    "queues/<uuid:id>/cases/new/": Entry("GET POST", of="queue"),
    "cases/count/": Entry(),
    "labels/": Entry(),
    "labels/<uuid:id>/save/": Entry("POST", of="label"),
    "labels/<uuid:id>/delete/": Entry("POST", of="label"),
    "bulk/preview/": Entry("POST"),
    "bulk/start/": Entry("POST"),
    "bulk/recent/": Entry(),
    "bulk/<uuid:id>/": Entry(of="bulk"),
    "bulk/<uuid:id>/undo/": Entry("POST", of="bulk"),
    "bulk/<uuid:id>/stop/": Entry("POST", of="bulk"),
    "queues/<uuid:id>/cases/paste/": Entry("GET POST", of="queue"),
    "queues/<uuid:id>/cases/upload/": Entry("GET POST", of="queue"),
    "cases/": Entry(),
    "cases/export/": Entry(),
    "cases/imports/<uuid:id>/": Entry("GET POST", of="case_upload"),
    "cases/imports/<uuid:id>/stop/": Entry("POST", of="case_upload"),
    "cases/imports/<uuid:id>/rows/": Entry(of="case_upload"),
    "cases/<uuid:id>/": Entry(of="case"),
    "cases/<uuid:id>/edit/": Entry("GET POST", of="case"),
    "cases/<uuid:id>/messages/": Entry(of="case"),
    "cases/<uuid:id>/reply/": Entry("POST", of="case"),
    "cases/messages/<uuid:id>/original/": Entry(of="message"),
    "cases/messages/<uuid:id>/send-again/": Entry("POST", of="message"),
    "cases/<uuid:id>/runs/": Entry(of="case"),
    "cases/<uuid:id>/assign/": Entry(of="case"),
    "cases/<uuid:id>/status/": Entry(of="case"),
    "cases/<uuid:id>/priority/": Entry("GET POST", of="case"),
    "cases/<uuid:id>/labels/": Entry("GET POST", of="case"),
    "cases/<uuid:id>/queue/": Entry("GET POST", of="case"),
    "cases/<uuid:id>/field/": Entry("GET POST", of="case"),
    "cases/<uuid:id>/changes/<int:seq>/undo/": Entry("POST", of="case"),
    "cases/<uuid:id>/comments/": Entry("POST", of="case"),
    "cases/<uuid:id>/watch/": Entry("POST", of="case"),
    "cases/<uuid:id>/attachments/": Entry("POST", of="case"),
    "comments/<uuid:id>/edit/": Entry("GET POST", of="comment"),
    "comments/<uuid:id>/delete/": Entry("POST", of="comment"),
    "attachments/<uuid:id>/": Entry(of="attachment"),
    "attachments/<uuid:id>/image/": Entry(of="attachment"),
    "attachments/<uuid:id>/preview/": Entry(of="attachment"),
    "attachments/<uuid:id>/delete/": Entry("GET POST", of="attachment"),
    "cases/<uuid:id>/complete/": Entry("POST", of="case"),
    "cases/<uuid:id>/fail/": Entry("POST", of="case"),
    "cases/<uuid:id>/postpone/": Entry("POST", of="case"),
    "cases/<uuid:id>/take-over/": Entry("POST", of="case"),
    "cases/<uuid:id>/release/": Entry("POST", of="case"),
    "cases/<uuid:id>/hand-back/": Entry("POST", of="case"),
    "cases/<uuid:id>/reassign/": Entry("POST", of="case"),
    "cases/<uuid:id>/reopen/": Entry("POST", of="case"),
    "cases/<uuid:id>/retry/": Entry("POST", of="case"),
    "cases/<uuid:id>/undo/<int:seq>/": Entry("POST", of="case"),
    "cases/<uuid:id>/delete/": Entry("POST", of="case"),
    "agents/<uuid:id>/schedules/": Entry(of="agent"),
    "agents/<uuid:id>/schedules/new/": Entry("GET POST", of="agent"),
    "schedules/": Entry(),
    "schedules/times/": Entry(),
    "schedules/<uuid:id>/edit/": Entry("GET POST", of="schedule"),
    "schedules/<uuid:id>/pause/": Entry("POST", of="schedule"),
    "schedules/<uuid:id>/resume/": Entry("POST", of="schedule"),
    "schedules/<uuid:id>/delete/": Entry("POST", of="schedule"),
    "runs/": Entry(),
    "runs/<uuid:id>/": Entry(of="run"),
    "runs/<uuid:id>/text/": Entry(of="run"),
    "runs/<uuid:id>/why/": Entry(of="run"),
    "runs/<uuid:id>/stop/": Entry("POST", of="run"),
    "runs/<uuid:id>/again/": Entry("POST", of="run"),
    "runs/<uuid:id>/correct/": Entry("GET POST", of="run"),
    "agents/<uuid:id>/tests/": Entry(of="agent"),
    "agents/<uuid:id>/tests/new/": Entry("GET POST", of="agent"),
    "agents/<uuid:id>/tests/run/": Entry("POST", of="agent"),
    "agents/<uuid:id>/tests/import/": Entry("GET POST", of="agent"),
    "agents/<uuid:id>/tests/recent/": Entry("GET POST", of="agent"),
    "tests/void/<uuid:id>/": Entry(of="group"),
    "tests/<uuid:id>/": Entry("GET POST", of="test"),
    "tests/<uuid:id>/run/": Entry("POST", of="test"),
    "tests/<uuid:id>/delete/": Entry("POST", of="test"),
    "runs/<uuid:id>/test/": Entry("GET POST", of="run"),
    "checks/<uuid:id>/": Entry(of="check"),
    "checks/<uuid:id>/stop/": Entry("POST", of="check"),
    "checks/<uuid:id>/override/": Entry("POST", of="check"),
    "checks/<uuid:id>/accept/": Entry("POST", of="check"),
    "corrections/": Entry(),
    "agents/<uuid:id>/impact/": Entry("POST", of="agent"),
    "agents/import/<uuid:id>/impact/": Entry("POST", of="agent_upload"),
    "impacts/<uuid:id>/": Entry(of="impact"),
    "impacts/<uuid:id>/confirm/": Entry("POST", of="impact"),
    "impacts/<uuid:id>/stop/": Entry("POST", of="impact"),
    "impacts/<uuid:id>/test/": Entry("POST", of="impact"),
    "agents/<uuid:id>/passages/": Entry(of="agent"),
    "agents/<uuid:id>/passages/counts/": Entry(of="agent"),
    "corrections/<uuid:id>/undo/": Entry("POST", of="correction"),
    "runs/<uuid:id>/seen/": Entry("POST", of="run"),
    "questions/<uuid:id>/answer/": Entry("POST", of="human_request"),
    "answer/<str:token>": Entry("GET POST"),
    "questions/<uuid:id>/assign/": Entry("POST", of="human_request"),
    "questions/<uuid:id>/due/": Entry("POST", of="human_request"),
    "map/": Entry(),
    "map/handovers/": Entry(),
    "inbox/": Entry(),
    "inbox/count/": Entry(),
    "models/": Entry(),
    "models/test/": Entry("POST"),
    "models/connect/": Entry("GET POST"),
    "models/use/": Entry("POST"),
    "models/use/undo/": Entry("POST"),
    "models/tool-calls/": Entry("POST"),
    "reports/": Entry(),
    "reports/export/": Entry(),
    "usage/": Entry(),
    "settings/": Entry(),
    "settings/models/": Entry(),
    "settings/models/new/": Entry("GET POST"),
    "settings/models/<uuid:id>/": Entry("GET POST", of="credential"),
    "settings/models/<uuid:id>/delete/": Entry("POST", of="credential"),
    "settings/members/": Entry(),
    "settings/members/invite/": Entry("POST"),
    "settings/members/leave/": Entry("POST"),
    "settings/members/<int:id>/role/": Entry("POST", of="member"),
    "settings/members/<int:id>/remove/": Entry("POST", of="member"),
    "settings/invitations/<uuid:id>/withdraw/": Entry("POST", of="invitation"),
    "settings/keys/": Entry("GET POST"),
    "settings/keys/<int:id>/revoke/": Entry("POST", of="key"),
    "settings/audit/": Entry(),
    "settings/audit/export/": Entry(),
    "invitation/": Entry("GET POST", open=True),
    "team/": Entry("POST"),
    "settings/requests/": Entry("GET POST"),
    "settings/budgets/": Entry("GET POST"),
    "settings/general/": Entry("GET POST"),
    "settings/notifications/": Entry("GET POST"),
    "notifications/": Entry(),
    "notifications/count/": Entry(),
    "notifications/read/": Entry("POST"),
    "notifications/unread/": Entry("POST"),
    "notifications/<uuid:id>/": Entry(of="notification"),
    "settings/tools/": Entry(),
    "settings/tools/new/": Entry("GET POST"),
    "settings/tools/<uuid:id>/": Entry("GET POST", of="tool_server"),
    "settings/tools/<uuid:id>/edit/": Entry("GET POST", of="tool_server"),
    "settings/tools/<uuid:id>/look/": Entry("POST", of="tool_server"),
    "settings/tools/<uuid:id>/delete/": Entry("POST", of="tool_server"),
    "settings/tools/<uuid:id>/accept/": Entry("POST", of="server_tool"),
    "settings/tools/<uuid:id>/pin/": Entry("POST", of="server_tool"),
    "views/new/": Entry("GET POST"),
    "views/<uuid:id>/": Entry("GET POST", of="saved_view"),
    "views/<uuid:id>/delete/": Entry("POST", of="saved_view"),
    "settings/groups/": Entry(),
    "settings/groups/new/": Entry("GET POST"),
    "settings/groups/<uuid:id>/": Entry("GET POST", of="group"),
    "settings/groups/<uuid:id>/delete/": Entry("POST", of="group"),
    "in/<str:token>": Entry("POST", open=True),
    "f/<str:token>": Entry("GET POST", open=True),
    "f/status/<str:token>": Entry(open=True),
    "settings/sources/form/new/": Entry("GET POST"),
    "settings/sources/<uuid:id>/form/": Entry("GET POST", of="form"),
    "settings/sources/": Entry(),
    "settings/sources/new/": Entry("GET POST"),
    "settings/sources/mailbox/new/": Entry("GET POST"),
    "settings/sources/<uuid:id>/mailbox/": Entry("GET POST", of="mailbox"),
    "settings/sources/<uuid:id>/look/": Entry("POST", of="mailbox"),
    "settings/sources/<uuid:id>/": Entry(of="source"),
    "settings/sources/<uuid:id>/edit/": Entry("GET POST", of="source"),
    "settings/sources/<uuid:id>/mapping/": Entry("GET POST", of="source"),
    "settings/sources/<uuid:id>/pause/": Entry("POST", of="source"),
    "settings/sources/<uuid:id>/resume/": Entry("POST", of="source"),
    "settings/sources/<uuid:id>/secret/": Entry("POST", of="source"),
    "settings/sources/<uuid:id>/delete/": Entry("POST", of="source"),
    "settings/sources/messages/<uuid:id>/replay/": Entry("POST", of="arrival"),
    "settings/webhooks/": Entry(),
    "settings/webhooks/new/": Entry("GET POST"),
    "settings/webhooks/<uuid:id>/": Entry(of="webhook"),
    "settings/webhooks/<uuid:id>/edit/": Entry("GET POST", of="webhook"),
    "settings/webhooks/<uuid:id>/pause/": Entry("POST", of="webhook"),
    "settings/webhooks/<uuid:id>/resume/": Entry("POST", of="webhook"),
    "settings/webhooks/<uuid:id>/test/": Entry("POST", of="webhook"),
    "settings/webhooks/<uuid:id>/secret/": Entry("POST", of="webhook"),
    "settings/webhooks/<uuid:id>/secret/drop/": Entry("POST", of="webhook"),
    "settings/webhooks/<uuid:id>/delete/": Entry("POST", of="webhook"),
    "settings/deliveries/<uuid:id>/resend/": Entry("POST", of="delivery"),
    "paused/": Entry(),
    "live/": Entry(anonymous=403),
    "sign-in/": Entry("GET POST", open=True),
    "sign-in/code/": Entry("GET POST", open=True),
    "sign-in/confirm/": Entry(open=True),
    "sign-in/deactivated/": Entry(open=True),
    "sign-up/": Entry("GET POST", open=True),
    "sign-out/": Entry("POST", open=True),
    "password/": Entry("GET POST", open=True),
    "password/sent/": Entry(open=True),
    "^password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$": Entry("GET POST", open=True),
    "^confirm-email/(?P<key>[-:0-9A-Za-z_]+)/$": Entry("GET POST", open=True),
    "account/": Entry("GET POST"),
    "account/email/": Entry("GET POST"),
    "account/password/": Entry("GET POST"),
    "account/password/set/": Entry("GET POST"),
    "account/two-step/": Entry(),
    "account/two-step/on/": Entry("GET POST"),
    "account/two-step/off/": Entry("GET POST"),
    "account/two-step/codes/": Entry(),
    "account/two-step/codes/new/": Entry("GET POST"),
    "account/devices/": Entry("GET POST"),
    "account/again/": Entry("GET POST"),
    "account/again/code/": Entry("GET POST"),
    "metrics": Entry(anonymous=403),
    "favicon.ico": Entry(open=True),
    "healthz": Entry(open=True),
    "readyz": Entry(open=True),
    "api/v1/": Entry(open=True),
    "api/v1/docs": Entry(open=True),
    "api/v1/openapi.json": Entry(open=True),
    "^api/": Entry(open=True),
    "admin/password_change/": Entry(open=True),
    "admin/": Entry(),
}

# What stands in these was mailed, and is no id.
OF_A_MAIL = {
    "^password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$": "password/1-nobody/",
    "^confirm-email/(?P<key>[-:0-9A-Za-z_]+)/$": "confirm-email/nobody/",
    "in/<str:token>": "in/nobody",
    "answer/<str:token>": "answer/nobody",
    "f/<str:token>": "f/nobody",
    "f/status/<str:token>": "f/status/nobody",
}

OPERATIONS: dict[str, Entry] = {
    "GET /agents": Entry(),
    "POST /agents": Entry(body={"name": "New"}),
    "GET /agents/{agent_id}": Entry(of="agent"),
    "PATCH /agents/{agent_id}": Entry(of="agent", body={"name": "Taken over", "paused": True}),
    "DELETE /agents/{agent_id}": Entry(of="agent"),
    "POST /agents/{agent_id}/duplicate": Entry(of="agent"),
    "POST /agents/{agent_id}/restore": Entry(of="agent"),
    "GET /agents/{agent_id}/revisions": Entry(of="agent"),
    "POST /agents/{agent_id}/revisions/{number}/restore": Entry(of="agent"),
    "GET /agents/{agent_id}/tests": Entry(of="agent"),
    "POST /agents/{agent_id}/tests": Entry(
        of="agent", body={"input": {"text": "New"}, "expected": [{"decision": "answer"}]}
    ),
    "GET /tests/{test_id}": Entry(of="test"),
    "PATCH /tests/{test_id}": Entry(of="test", body={"name": "Taken over"}),
    "DELETE /tests/{test_id}": Entry(of="test"),
    "POST /agents/{agent_id}/checks": Entry(of="agent", body={}),
    "GET /checks/{check_id}": Entry(of="check"),
    "POST /checks/{check_id}/stop": Entry(of="check"),
    "POST /agents/{agent_id}/impact": Entry(of="agent", body={}),
    "GET /impacts/{impact_id}": Entry(of="impact"),
    "POST /impacts/{impact_id}/confirm": Entry(of="impact", body={"usd": 1}),
    "POST /impacts/{impact_id}/stop": Entry(of="impact"),
    "GET /usage": Entry(),
    "GET /team": Entry(),
    "PATCH /team": Entry(body={"budget": {"usd": 1}}),
    "GET /members": Entry(),
    "GET /audit": Entry(),
    "GET /model-keys": Entry(),
    "POST /model-keys": Entry(body={"provider": "openai", "name": "New", "key": "sk-0123456789"}),
    "PATCH /model-keys/{key_id}": Entry(of="credential", body={"name": "Taken over"}),
    "DELETE /model-keys/{key_id}": Entry(of="credential"),
    "GET /mcp-servers": Entry(),
    "POST /mcp-servers": Entry(body={"name": "New", "url": "https://127.0.0.1/mcp"}),
    "GET /mcp-servers/{server_id}": Entry(of="tool_server"),
    "DELETE /mcp-servers/{server_id}": Entry(of="tool_server"),
    "PATCH /mcp-servers/{server_id}": Entry(of="tool_server", body={"tools": []}),
    "GET /queues": Entry(),
    "POST /queues": Entry(body={"name": "New"}),
    "GET /queues/{queue_id}": Entry(of="queue"),
    "PATCH /queues/{queue_id}": Entry(of="queue", body={"name": "Taken over", "paused": True}),
    "DELETE /queues/{queue_id}": Entry(of="queue"),
    "GET /queues/{queue_id}/cases": Entry(of="queue"),
    "POST /queues/{queue_id}/cases": Entry(of="queue", body={"title": "New"}),
    "GET /labels": Entry(),
    "GET /cases": Entry(),
    "GET /cases/{case_id}": Entry(of="case"),
    "PATCH /cases/{case_id}": Entry(of="case", body={"title": "Taken over"}),
    "DELETE /cases/{case_id}": Entry(of="case"),
    "GET /cases/{case_id}/events": Entry(of="case"),
    "GET /cases/{case_id}/attachments": Entry(of="case"),
    "POST /cases/{case_id}/attachments": Entry(of="case"),
    "POST /cases/{case_id}/reply": Entry(of="case", body={"text": "Hello"}),
    "POST /case-messages/{message_id}/send-again": Entry(of="message"),
    "GET /case-messages/{message_id}/original": Entry(of="message"),
    "GET /attachments/{attachment_id}": Entry(of="attachment"),
    "DELETE /attachments/{attachment_id}": Entry(of="attachment"),
    "POST /cases/{case_id}/assign": Entry(of="case", body={"nobody": True}),
    "POST /cases/{case_id}/reprocess": Entry(of="case"),
    "POST /cases/{case_id}/take-over": Entry(of="case"),
    "POST /cases/{case_id}/hand-back": Entry(of="case"),
    "POST /cases/{case_id}/reassign": Entry(of="case"),
    "POST /cases/{case_id}/reopen": Entry(of="case"),
    "POST /cases/{case_id}/retry": Entry(of="case"),
    "POST /cases/{case_id}/undo": Entry(of="case", body={"seq": 1}),
    "POST /cases/{case_id}/complete": Entry(of="case"),
    "POST /cases/{case_id}/fail": Entry(of="case"),
    "POST /cases/{case_id}/postpone": Entry(of="case", body={"until": "2031-01-01T00:00:00Z"}),
    "GET /runs": Entry(),
    "POST /runs": Entry(body={"agent_id": str(uuid.uuid4())}),
    "GET /runs/{run_id}": Entry(of="run"),
    "GET /runs/{run_id}/steps": Entry(of="run"),
    "POST /runs/{run_id}/stop": Entry(of="run"),
    "GET /corrections": Entry(),
    "GET /agents/{agent_id}/passages": Entry(of="agent"),
    "POST /runs/{run_id}/corrections": Entry(of="run"),
    "DELETE /corrections/{correction_id}": Entry(of="correction"),
    "GET /schedules": Entry(),
    "POST /schedules": Entry(body={"agent_id": str(uuid.uuid4()), "cron": "0 8 * * *"}),
    "GET /schedules/{schedule_id}": Entry(of="schedule"),
    "PATCH /schedules/{schedule_id}": Entry(of="schedule", body={"paused": True}),
    "DELETE /schedules/{schedule_id}": Entry(of="schedule"),
    "GET /groups": Entry(),
    "POST /groups": Entry(body={"name": "Finance"}),
    "GET /groups/{group_id}": Entry(of="group"),
    "PATCH /groups/{group_id}": Entry(of="group", body={"name": "Other"}),
    "DELETE /groups/{group_id}": Entry(of="group"),
    "GET /sources": Entry(),
    "POST /sources": Entry(body={"queue_id": str(uuid.uuid4()), "name": "Shop"}),
    "GET /sources/{source_id}": Entry(of="source"),
    "PATCH /sources/{source_id}": Entry(of="source", body={"paused": True}),
    "DELETE /sources/{source_id}": Entry(of="source"),
    "GET /sources/{source_id}/messages": Entry(of="source"),
    "POST /messages/{message_id}/replay": Entry(of="arrival"),
    "GET /webhooks": Entry(),
    "POST /webhooks": Entry(body={"url": "https://example.com/", "events": ["case.created"]}),
    "GET /webhooks/{webhook_id}": Entry(of="webhook"),
    "PATCH /webhooks/{webhook_id}": Entry(of="webhook", body={"paused": True}),
    "DELETE /webhooks/{webhook_id}": Entry(of="webhook"),
    "POST /webhooks/{webhook_id}/secret": Entry(of="webhook"),
    "DELETE /webhooks/{webhook_id}/old-secret": Entry(of="webhook"),
    "POST /webhooks/{webhook_id}/test": Entry(of="webhook"),
    "GET /webhooks/{webhook_id}/deliveries": Entry(of="webhook"),
    "POST /deliveries/{delivery_id}/resend": Entry(of="delivery"),
    "GET /human-requests": Entry(),
    "PATCH /human-requests/{request_id}": Entry(of="human_request", body={"due_at": None}),
    "POST /human-requests/{request_id}/respond": Entry(of="human_request", body={"answer": "Yes"}),
}


# --- The tables are complete -----------------------------------------------------------------


def test_every_address_has_its_line() -> None:
    found = set(_routes()) - {_route(name) for name in OPERATIONS}
    missing, gone = sorted(found - set(PAGES)), sorted(set(PAGES) - found)
    assert not missing, f"Say in PAGES of {__file__} who may use these: " + ", ".join(
        f'"{route}": Entry("GET or POST", of="whose id")' for route in missing
    )
    assert not gone, f"These are addresses no more; take them out of PAGES of {__file__}: {', '.join(gone)}"


def test_every_operation_has_its_line() -> None:
    missing, gone = sorted(_operations() - set(OPERATIONS)), sorted(set(OPERATIONS) - _operations())
    assert not missing, f"Say in OPERATIONS of {__file__} who may use these: " + ", ".join(
        f'"{name}": Entry(of="whose id", body=what it accepts)' for name in missing
    )
    assert not gone, f"These are operations no more; take them out of OPERATIONS of {__file__}: {', '.join(gone)}"


def test_every_line_says_whose_id_stands_in_the_address() -> None:
    lines = PAGES | OPERATIONS
    named = {name for name in lines if ("<" in _plain(name, "") or "{" in name) and name not in OF_A_MAIL}
    assert named == {name for name, entry in lines.items() if entry.of}


def _routes(patterns: list[URLPattern | URLResolver] | None = None, before: str = "") -> Iterator[str]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and pattern.namespace != "admin":
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route


def _operations() -> set[str]:
    paths = api.get_openapi_schema(path_prefix="")["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def _route(operation: str) -> str:
    """The address of an operation as Django has it: `api/v1/agents/<agent_id>`."""
    return "api/v1" + operation.partition(" ")[2].replace("{", "<").replace("}", ">")


def _plain(route: str, number: str = "1") -> str:
    """The address with a page of the help, and a number if one is given, filled in."""
    route = re.sub("<path:.*?>", "agents", route)
    return re.sub("<int:.*?>", number, route) if number else route


# --- What they let through -------------------------------------------------------------------


@dataclass(frozen=True)
class Things:
    """What the other team has: the ids by kind."""

    ids: dict[str, Any]


@pytest.fixture
def make_things(db: None) -> Callable[[Team], Things]:
    return things_of


@pytest.fixture(scope="module")
def theirs(shared_rows: None) -> Things:
    return things_of(create_team(SECRET, "strangers"))


@dataclass(frozen=True)
class House:
    """A team that has one of everything, with a member of each role."""

    team: Team
    things: Things
    members: dict[Member.Role, Member]


@pytest.fixture(scope="module")
def house(shared_rows: None) -> House:
    team = create_team("Ours", "house")
    users = {role: User.objects.create_user(f"{role}@house.example.com") for role in Member.Role}
    now = timezone.now()
    members = {
        role: Member.objects.create(team=team, user=user, role=role, tips_dismissed_at=now)
        for role, user in users.items()
    }
    return House(team, things_of(team), members)


def things_of(strangers: Team) -> Things:
    queue = create_queue(strangers, SECRET)
    agent = create_agent(strangers, SECRET, aop=SECRET)
    connect(agent, [Consumes(queue.pk, 5)])
    case = add_case(queue, NewCase(SECRET, data={"text": SECRET}), by=BATON)
    label = Label.objects.create(team=strangers, name=SECRET, colour="red")
    run = Run.objects.create(
        team=strangers,
        agent=agent,
        trigger=Run.Trigger.MANUAL,
        revision=agent.live_revision,
        input=SECRET,
        status="waiting",
    )
    request = HumanRequest.objects.create(team=strangers, run=run, call_id="1", kind="question", question=SECRET)
    user = User.objects.create_user(f"stranger@{strangers.slug}.example.com")
    case_upload = uploads.store_upload(queue, user, SECRET, f"{SECRET},b\nc,d".encode())
    upload = AgentUpload.objects.create(team=strangers, user=user, files=[[SECRET, SECRET]])
    webhook = Webhook.objects.create(team=strangers, url=f"https://{SECRET}.example", secret=seal(SECRET))
    credential = Credential.objects.create(team=strangers, provider="openai", name=SECRET, key=seal(SECRET))
    delivery = Delivery.objects.create(team=strangers, webhook=webhook, event="ping", body=json.dumps(SECRET))
    of = {"agent": agent, "agent_upload": upload, "queue": queue, "case": case, "run": run, "human_request": request}
    of |= {"label": label, "case_upload": case_upload}
    of["bulk"] = BulkAction.objects.create(team=strangers, actor=SECRET, verb="complete", arguments={"text": SECRET})
    schedule = Schedule.objects.create(
        team=strangers, agent=agent, expression="0 8 * * *", zone="UTC", input=SECRET, next_at=timezone.now()
    )
    correction = Correction.objects.create(team=strangers, run=run, wrong=agent, note=SECRET, actor=SECRET)
    of["test"] = RoutingTest.objects.create(
        team=strangers,
        agent=create_agent(strangers, f"{SECRET} with a test"),
        name=SECRET,
        source="typed",
        mode="standalone",
        sample={"mode": "standalone", "text": SECRET, "mark": "data", "prompt": SECRET},
        expected=[{"decision": "answer"}],
        actor=SECRET,
    )
    of["check"] = Check.objects.create(team=strangers, agent=agent, fingerprint="", live_number=1, actor=SECRET)
    of["impact"] = Impact.objects.create(team=strangers, agent=agent, changes={}, actor=SECRET)
    comment = Comment.objects.create(team=strangers, case=case, text=SECRET)
    attachment = Attachment(team=strangers, case=case, name=SECRET, size=len(SECRET))
    attachment.file.save(SECRET, ContentFile(SECRET.encode()))
    of |= {"comment": comment, "attachment": attachment, "correction": correction}
    of["saved_view"] = SavedView.objects.create(team=strangers, list="cases", name=SECRET, query="q=x")
    of["group"] = Group.objects.create(team=strangers, name=SECRET)
    source = Source.objects.create(
        team=strangers,
        queue=queue,
        name=SECRET,
        token=f"{SECRET}-{strangers.slug}",
        secret=seal(SECRET),
        settings={"auth": "bearer", "mapping": {}},
    )
    of["source"] = source
    of["mailbox"] = Source.objects.create(
        team=strangers,
        queue=queue,
        kind="imap",
        name=SECRET,
        token=f"{SECRET}-mailbox-{strangers.slug}",
        secret=seal(SECRET),
        settings={"host": f"{SECRET}.example".lower(), "user": SECRET, "address": ""},
    )
    of["form"] = Source.objects.create(
        team=strangers,
        queue=queue,
        kind="form",
        name=SECRET,
        token=f"{SECRET}-form-{strangers.slug}",
        secret=seal(SECRET),
        settings={"intro": SECRET},
    )
    of["message"] = CaseMessage.objects.create(
        team=strangers,
        case=case,
        direction="in",
        sender="marta@example.org",
        text=SECRET,
        message_id=f"<1@{strangers.slug}.example>",
        original=default_storage.save("emails/1.eml", ContentFile(SECRET.encode())),
    )
    of["arrival"] = Arrival.objects.create(
        team=strangers, source=source, content=json.dumps({"text": SECRET}), status="refused", error=SECRET
    )
    of |= {"credential": credential, "webhook": webhook, "delivery": delivery, "schedule": schedule}
    server = ToolServer.objects.create(team=strangers, name=SECRET, slug="bank", url=f"https://{SECRET}.example")
    tool = ServerTool.objects.create(team=strangers, server=server, name=SECRET, key=SECRET, input_schema={})
    of |= {"tool_server": server, "server_tool": tool}
    stranger = Member.objects.create(team=strangers, user=user, role=Member.Role.VIEWER)
    of["member"] = stranger
    of["notification"] = Notification.objects.create(
        team=strangers,
        member=stranger,
        kind="followed",
        event="commented",
        subject_id=case.pk,
        case=case,
        text=SECRET,
    )
    of["invitation"] = members.invite(strangers, "guest@example.com", "viewer", BATON)[0]
    of["key"] = create_key(strangers, SECRET)[0]
    return Things({kind: row.pk for kind, row in of.items()})


@pytest.fixture
def program(team: Team) -> Client:
    return Client(headers={"authorization": f"Bearer {create_key(team, 'Ours')[1]}"})


def _calls(names: Callable[[Entry], bool]) -> list[Any]:
    """Each address with each of its methods, for parametrize."""
    pages = [
        pytest.param(route, method, entry, id=f"{method} /{route}")
        for route, entry in PAGES.items()
        if names(entry)
        for method in entry.methods.split()
    ]
    operations = [
        pytest.param(_route(name), name.partition(" ")[0], entry, id=name)
        for name, entry in OPERATIONS.items()
        if names(entry)
    ]
    return pages + operations


def _send(client: Client, method: str, route: str, entry: Entry, id: object = None) -> Response:
    route = OF_A_MAIL.get(route, route)
    start, bracket, rest = _plain(route.removeprefix("^")).partition("<")
    address = f"/{start}{id}{rest.partition('>')[2]}" if bracket else f"/{start}"
    if _is_operation(route):
        body = b"" if entry.body is None else json.dumps(entry.body).encode()
        return client.generic(method, address, body, "application/json", REMOTE_ADDR=ELSEWHERE)
    return client.generic(method, address, REMOTE_ADDR=ELSEWHERE)


def _is_operation(route: str) -> bool:
    return route.startswith("api/v1/") and route not in PAGES


def _comparable(response: Response) -> bytes:
    """Without what looks different in every answer: the token, and when the page was drawn."""
    return re.sub(rb"[A-Za-z0-9]{64}|data-drawn=\"[0-9.]+\"", b"", response.content)


def _everything() -> dict[str, str]:
    """A digest of all rows of each table, but for the time that a key was last used: one query, asked often."""
    ours = [
        model._meta
        for model in apps.get_models()
        if model._meta.app_label in ("teams", "builder", "cases", "channels", "runs", "routes")
    ]
    digests = [
        f"SELECT '{of.db_table}', md5(string_agg((to_jsonb(t) - 'last_used_at')::text, '' ORDER BY {of.pk.column}))"
        f" FROM {of.db_table} t"
        for of in ours
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(digests))
        return dict(cursor.fetchall())


@pytest.mark.parametrize(("route", "method", "entry"), _calls(lambda entry: not entry.open))
def test_someone_unknown_gets_nowhere(client: Client, theirs: Things, route: str, method: str, entry: Entry) -> None:
    before = _everything()
    response = _send(client, method, route, entry, theirs.ids.get(entry.of))
    is_own_account = route.startswith("account/")
    is_signed_out = method == "POST" and (is_own_account or bool(_needs(_address(route, _nobody(route)), "POST")))
    assert response.status_code == (401 if _is_operation(route) or is_signed_out else entry.anonymous)
    if response.status_code == 302:
        assert response["Location"].startswith(("/sign-in/", "/admin/login/"))
    assert SECRET.encode() not in response.content
    assert _everything() == before


@pytest.mark.parametrize(("route", "method", "entry"), _calls(lambda entry: bool(entry.of)))
def test_another_teams_id_is_like_one_that_nothing_has(
    signed_in: Client, program: Client, theirs: Things, route: str, method: str, entry: Entry
) -> None:
    client = program if _is_operation(route) else signed_in
    before = _everything()
    answers = [_send(client, method, route, entry, id) for id in (theirs.ids[entry.of], _nobody(route))]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert _comparable(answers[0]) == _comparable(answers[1])
    assert SECRET.encode() not in answers[0].content
    assert _everything() == before


@pytest.mark.parametrize(
    ("route", "method", "entry"), _calls(lambda entry: not entry.of and not entry.open and "GET" in entry.methods)
)
def test_another_teams_things_are_nowhere_shown(
    signed_in: Client, program: Client, theirs: Things, route: str, method: str, entry: Entry
) -> None:
    response = _send(program if _is_operation(route) else signed_in, method, route, entry)
    assert response.status_code < 500
    if not response.streaming:
        assert SECRET.encode() not in response.content


@pytest.mark.parametrize(("route", "method", "entry"), _calls(lambda entry: entry.open))
def test_what_is_open_shows_nothing_of_a_team(
    client: Client, theirs: Things, route: str, method: str, entry: Entry
) -> None:
    response = _send(client, method, route, entry)
    assert response.status_code in (200, 302, 404, 503)
    assert SECRET.encode() not in getattr(response, "content", b"")


# --- Roles and scopes ------------------------------------------------------------------------


def _needs(address: str, method: str) -> Member.Role | None:
    """The role that a page says it takes."""
    try:
        needs = getattr(resolve(address).func, "needs", {})
    except Resolver404:
        return None
    found: Member.Role | None = needs.get(method)
    return found


def _nobody(route: str) -> object:
    """An id that nothing has."""
    return 2**31 - 1 if "<int:id>" in route else uuid.uuid4()


def _address(route: str, id: object) -> str:
    start, bracket, rest = _plain(route).partition("<")
    return f"/{start}{id}{rest.partition('>')[2]}" if bracket else f"/{start}"


def _scopes() -> dict[str, str | None]:
    """The scope of each operation, by the function that it calls."""
    found = {}
    for router in api._routers:
        for path in router[1].path_operations.values():
            for operation in path.operations:
                declared = [getattr(callback, "scope", None) for callback in operation.auth_callbacks]
                for method in operation.methods:
                    found[f"{method} {router[0]}{operation.path or ''}"] = declared[0] if declared else None
    return found


# Their pages show no team: they check by themselves, or are for everyone who has signed in.
WITHOUT_ROLE = {"live/", "metrics", "admin/", *(route for route in PAGES if route.startswith("account/"))}
_IN_A_TEAM = [
    (route, method, entry)
    for route, entry in PAGES.items()
    if not entry.open and route not in WITHOUT_ROLE
    for method in entry.methods.split()
]


def test_every_page_says_which_role_it_takes() -> None:
    silent = [
        f"{method} /{route}" for route, method, _ in _IN_A_TEAM if not _needs(_address(route, _nobody(route)), method)
    ]
    assert not silent, "Say @team_page(post=OPERATOR, BUILDER, ...) at the views of: " + ", ".join(silent)


def test_every_operation_that_changes_something_says_which_scope_it_takes() -> None:
    scopes = _scopes()
    silent = [name for name in OPERATIONS if not name.startswith("GET") and not scopes.get(name)]
    assert not silent, "Say auth=TeamKey(Scope....) at the operations: " + ", ".join(silent)


@pytest.mark.parametrize(
    ("route", "method", "entry"), [pytest.param(*line, id=f"{line[1]} /{line[0]}") for line in _IN_A_TEAM]
)
def test_a_role_may_do_what_it_is_for_and_nothing_more(
    client: Client, house: House, route: str, method: str, entry: Entry
) -> None:
    id = house.things.ids.get(entry.of)
    needed = _needs(_address(route, id), method)
    assert needed
    for role, member in house.members.items():
        sign_in(client, member.user)
        before = _everything()
        response = _send(client, method, route, entry, id)
        if member.may(needed):
            assert response.status_code != 403, role
            return
        assert response.status_code == 403, role
        assert house.members[Member.Role.ADMINISTRATOR].user.email in response.content.decode()
        assert _everything() == before


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_key_may_do_what_its_scopes_say_and_nothing_more(house: House, name: str) -> None:
    method, route, entry = name.partition(" ")[0], _route(name), OPERATIONS[name]
    needed = _scopes()[name] or "read"
    id = house.things.ids.get(entry.of)
    able, unable = (create_key(house.team, "key", scopes)[1] for scopes in ([needed], set(every_scope()) - {needed}))
    before = _everything()
    refused = _send(Client(headers={"authorization": f"Bearer {unable}"}), method, route, entry, id)
    assert refused.status_code == 403
    assert needed in refused.json()["error"]["message"]
    assert _everything() == before
    assert _send(Client(headers={"authorization": f"Bearer {able}"}), method, route, entry, id).status_code != 403


@pytest.mark.parametrize("role", [Member.Role.VIEWER, Member.Role.OPERATOR, Member.Role.BUILDER])
def test_no_page_offers_what_one_may_not_do(client: Client, house: House, role: Member.Role) -> None:
    member, things = house.members[role], house.things
    sign_in(client, member.user)
    offered = []
    for route, entry in PAGES.items():
        address = _address(route, things.ids.get(entry.of))
        needed = _needs(address, "GET")
        if not needed or "GET" not in entry.methods or not member.may(needed):
            continue
        response = client.get(address)
        if not response["Content-Type"].startswith("text/html"):
            continue
        page = response.content.decode()
        for form in re.findall(r"<form[^>]*>", page):
            action = re.search(r'action="([^"?]*)', form)
            if 'method="post"' in form:
                offered.append((address, "POST", action[1] if action and action[1] else address))
        offered += [(address, "POST", found) for found in re.findall(r'(?:hx-post|formaction)="([^"?]*)', page)]
        offered += [(address, "GET", found) for found in re.findall(r'(?:href|hx-get)="(/[^"?#]*)', page)]
    wrong = {
        f"{page} leads by {method} to {to}"
        for page, method, to in offered
        if (needed := _needs(to, method)) and not member.may(needed)
    }
    assert not wrong, "\n".join(sorted(wrong))


def test_the_admin_is_not_for_members(signed_in: Client) -> None:
    assert signed_in.get("/admin/")["Location"].startswith("/admin/login/")
