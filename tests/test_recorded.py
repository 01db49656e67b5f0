"""Whatever people and programs do to configuration, access or work is in the audit log, told by who did it.

A new address that takes more than GET fails here until it has an example of its use in RECORDED, or its reason in
UNRECORDED.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.utils import timezone

from builder.agents import agents
from builder.history import drafts
from builder.models import Agent, ServerTool
from builder.procedures.mentions import token
from builder.tools.server_tools import fingerprint
from builder.tools.servers import Credential, add_server, ask
from cases.imports import uploads
from cases.models import Case, CaseUpload, Comment, Queue
from channels.models import Source
from channels.sources import sources
from runs.bulk import bulk, processing
from runs.models import BulkAction, Schedule
from runs.people import moves
from runs.schedules import schedules
from teams.audit.actors import Actor, person
from teams.keys.api_keys import create_key
from teams.models import AuditEntry, Member, Team, User, Webhook
from teams.webhooks import webhooks
from tests.responses import Response

from .fixtures import sign_in
from .test_permissions import OPERATIONS, PAGES, Things, things_of
from .tool_server import ToolServer as RealServer
from .tool_server import tool_server

__all__ = ["tool_server"]

pytestmark = pytest.mark.django_db

# Nothing of them belongs into the log, because...
_OWN = "it is the person's own and changes nothing for others"
_LOOKS = "it only looks"
_TIMELINE = "the timeline of the case tells it, with who did it"
_TRY = "a try changes nothing"
_REPLAY = "a replay changes nothing"
_CONFIRMED = "a replay that costs something is recorded when it is confirmed: tests/routes/impact/test_costs.py"
_CHECK = "a check changes nothing by itself; what goes live is recorded"
_SIGN_IN = "what comes of it is recorded: tests/teams/people/test_sign_in.py"
_VIEWS = "a view is a link in the navigation"
UNRECORDED = {
    "POST /views/new/": _VIEWS,
    "POST /views/<uuid:id>/": _VIEWS,
    "POST /views/<uuid:id>/delete/": _VIEWS,
    "POST /sign-in/code/": _SIGN_IN,
    "POST /sign-up/": "nobody can sign up",
    "POST /password/": "a link is mailed; the new password is recorded",
    "POST /^password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$": _SIGN_IN,
    "POST /^confirm-email/(?P<key>[-:0-9A-Za-z_]+)/$": _SIGN_IN,
    "POST /account/": _SIGN_IN,
    "POST /account/email/": _SIGN_IN,
    "POST /account/password/": _SIGN_IN,
    "POST /account/password/set/": _SIGN_IN,
    "POST /account/two-step/on/": _SIGN_IN,
    "POST /account/two-step/off/": _SIGN_IN,
    "POST /account/two-step/codes/new/": _SIGN_IN,
    "POST /account/devices/": "it ends one’s own sessions, like signing out",
    "POST /account/again/": "it asks who is there once more",
    "POST /account/again/code/": "it asks who is there once more",
    "POST /tour/begin/": _OWN,
    "POST /tour/leave/": _OWN,
    "POST /invitation/": "it takes the token of a link; tests/teams/people/test_members.py sees it recorded",
    "POST /answer/<str:token>": "it takes the token of a link; tests/runs/answers sees it recorded",
    "POST /f/<str:token>": "who fills in a form is nobody of the team; the case and the log of the form tell of it",
    "POST /team/": _OWN,
    "POST /settings/notifications/": _OWN,
    "POST /notifications/read/": _OWN,
    "POST /notifications/unread/": _OWN,
    **dict.fromkeys(
        (
            "POST /cases/<uuid:id>/priority/",
            "POST /cases/<uuid:id>/labels/",
            "POST /cases/<uuid:id>/queue/",
            "POST /cases/<uuid:id>/field/",
            "POST /cases/<uuid:id>/changes/<int:seq>/undo/",
        ),
        _TIMELINE,
    ),
    "POST /cases/<uuid:id>/watch/": _OWN,
    "POST /runs/<uuid:id>/seen/": "the run says who has seen it",
    "POST /agents/new/wiring/": "it looks; its buttons call verbs that are recorded",
    "POST /agents/<uuid:id>/wiring/": "it looks; its buttons call verbs that are recorded",
    "POST /mentions/new/": _LOOKS,
    "POST /agents/import/": "what is uploaded is only looked at; the import itself is recorded",
    "POST /agents/<uuid:id>/draft/": "a draft works nothing; what is published is recorded",
    "POST /agents/<uuid:id>/draft/discard/": "a draft works nothing; what is published is recorded",
    "POST /agents/<uuid:id>/try/": _TRY,
    "POST /models/test/": _LOOKS,
    "POST /models/connect/": "a key is added by the verb that is recorded under Settings",
    "POST /models/use/": "agents are saved as on their pages, which is recorded",
    "POST /models/use/undo/": "it saves agents as the act that it undoes, which is recorded",
    "POST /bulk/preview/": _LOOKS,
    "POST /settings/tools/<uuid:id>/look/": "it asks for a list; new tools stay off until someone chooses",
    "POST /settings/webhooks/<uuid:id>/test/": "a message without meaning, kept in the log of the webhook",
    "POST /webhooks/{webhook_id}/test": "a message without meaning, kept in the log of the webhook",
    "POST /queues/<uuid:id>/cases/new/": _TIMELINE,
    "POST /queues/<uuid:id>/cases/paste/": "what is pasted is only looked at; the import itself is recorded",
    "POST /queues/<uuid:id>/cases/upload/": "what is uploaded is only looked at; the import itself is recorded",
    "POST /cases/<uuid:id>/edit/": _TIMELINE,
    "POST /cases/<uuid:id>/comments/": _TIMELINE,
    "POST /comments/<uuid:id>/edit/": "only who wrote it can, and the comment says that it was edited",
    "POST /cases/<uuid:id>/attachments/": _TIMELINE,
    "POST /queues/{queue_id}/cases": _TIMELINE,
    "PATCH /cases/{case_id}": _TIMELINE,
    "POST /cases/<uuid:id>/reply/": _TIMELINE,
    "POST /cases/{case_id}/reply": _TIMELINE,
    "POST /cases/messages/<uuid:id>/send-again/": _TIMELINE,
    "POST /case-messages/{message_id}/send-again": _TIMELINE,
    "POST /settings/sources/<uuid:id>/look/": _LOOKS,
    "POST /cases/{case_id}/attachments": _TIMELINE,
    "POST /in/<str:token>": "the timeline of the case names the source",
    "POST /agents/<uuid:id>/impact/": _REPLAY,
    "POST /agents/{agent_id}/impact": _REPLAY,
    "POST /agents/import/<uuid:id>/impact/": _REPLAY,
    "POST /impacts/<uuid:id>/confirm/": _CONFIRMED,
    "POST /impacts/{impact_id}/confirm": _CONFIRMED,
    "POST /impacts/<uuid:id>/stop/": _REPLAY,
    "POST /impacts/{impact_id}/stop": _REPLAY,
    "POST /impacts/<uuid:id>/test/": "it creates a test as `POST /runs/<uuid:id>/test/` does, which is recorded",
    "POST /agents/<uuid:id>/tests/run/": _CHECK,
    "POST /agents/<uuid:id>/tests/recent/": "each test is recorded: tests/routes/routing_tests/test_recent.py",
    "POST /agents/<uuid:id>/tests/import/": "the import is recorded: tests/routes/test_files/test_tables.py",
    "POST /tests/<uuid:id>/run/": _CHECK,
    "POST /agents/{agent_id}/checks": _CHECK,
    "POST /checks/{check_id}/stop": _CHECK,
    "POST /checks/<uuid:id>/stop/": _CHECK,
    "POST /checks/<uuid:id>/accept/": "it changes a test, which is recorded: tests/routes/checks/test_gate.py",
    "POST /checks/<uuid:id>/override/": "it saves the agent, which is recorded: tests/routes/checks/test_gate.py",
    "POST /runs/<uuid:id>/test/": "it creates a test, which is recorded: tests/routes/routing_tests/test_test_pages.py",
}


@dataclass
class World:
    """What examples use: everything of a team, and who acts."""

    team: Team
    things: Things
    by: Actor
    server: RealServer
    made: dict[str, object] = field(default_factory=dict)

    def get[M: Any](self, model: type[M], kind: str) -> M:
        return model._default_manager.get(pk=self.things.ids[kind])

    @property
    def case(self) -> Case:
        return self.get(Case, "case")

    @property
    def agent(self) -> Agent:
        return self.get(Agent, "agent")


@dataclass(frozen=True)
class Example:
    """A use of an address that is recorded as `act`. `before` makes what it needs; `of` what stands in the address, and
    gives back its id.
    """

    act: str
    data: dict[str, Any] | Callable[[World], dict[str, Any]] = field(default_factory=dict)
    before: Callable[[World], object] | None = None
    of: Callable[[World], object] | None = None


def _mentioned_and_deleted(world: World) -> None:
    agents.create_agent(world.team, "Asks", aop=f"Ask {token(world.agent.pk, world.agent.name)}.")
    agents.create_agent(world.team, "Heir")
    agents.delete_agent(world.agent)


def _close(world: World) -> None:
    moves.fail(world.case, "No", world.by)


def _seq(world: World) -> int:
    return world.case.events.order_by("-seq").values_list("seq", flat=True)[0]


def _own_comment(world: World) -> object:
    user = world.by.user
    return Comment.objects.create(team=world.team, case=world.case, user=user, text="Mine").pk


def _bulk(world: World, verb: str = "complete", arguments: dict[str, Any] | None = None) -> BulkAction:
    cases = Case.objects.filter(pk=world.case.pk)
    return bulk.start(world.team, verb, arguments or {"text": ""}, cases, world.by)


def _bulk_done(world: World) -> object:
    action = _bulk(world)
    processing.process(action.pk, 5)
    return action.pk


def _renewed(world: World) -> None:
    webhooks.renew_secret(world.get(Webhook, "webhook"))


def _changed_tool(world: World) -> object:
    tool = world.get(ServerTool, "server_tool")
    ServerTool.objects.filter(pk=tool.pk).update(found={"description": "Other", "input_schema": {}})
    return tool.pk


def _real_server(world: World) -> object:
    """One that answers."""
    listing = ask(world.server.url, Credential())
    return add_server(world.team, "Bank", world.server.url, credential=Credential(), listing=listing, choices={}).pk


def _agent_form(world: World, **more: object) -> dict[str, Any]:
    return {"name": "Other", "description": "", "aop": "Other.", "model_kind": "offline", "model": "", **more}


def _second_administrator(world: World) -> None:
    user = User.objects.create_user("second@example.com")
    Member.objects.create(team=world.team, user=user, role=Member.Role.ADMINISTRATOR)


def _other_agent(world: World) -> str:
    agent, _ = Agent.objects.live().filter(team=world.team, name="Second").first(), None
    return str((agent or agents.create_agent(world.team, "Second")).pk)


def _uploaded(world: World) -> object:
    queue, user = world.get(Queue, "queue"), world.by.user
    assert user
    return uploads.store_upload(queue, user, "cases.csv", b"Title,Colour\nRefund,red\nLamp,blue\n").pk


def _file(world: World) -> object:
    """Uploaded to be looked at; the page of the preview says what was seen."""
    client = Client()
    assert world.by.user
    sign_in(client, world.by.user)
    file = SimpleUploadedFile("desk.md", b"---\nname: From a file\n---\nAnswer.\n")
    place = client.post("/agents/import/", {"uploads": file, "text": ""})["Location"]
    world.made["seen"] = client.get(place).context["plan"].fingerprint
    return place.strip("/").rpartition("/")[2]


def _importing(world: World) -> None:
    CaseUpload.objects.filter(pk=world.things.ids["case_upload"]).update(status=CaseUpload.Status.IMPORTING)


_UPLOAD = {
    "act": "import",
    "encoding": "utf-8",
    "separator": ",",
    "names_row": "1",
    "role-0": "title",
    "role-1": "labels",
}
_SCHEDULE = {"every": "day", "day": "1", "at": "09:00", "minute": "5", "cron": "", "zone": "UTC", "input": "Go"}
_HOOK = {"url": "https://example.com/hook", "events": ["case.created"], "description": ""}
_GROUP = {"name": "Finance", "time_zone": "UTC"}


def _source(world: World) -> dict[str, Any]:
    return {"name": "Shop", "queue_id": str(world.things.ids["queue"]), "auth": "bearer"}


def _form(world: World) -> dict[str, Any]:
    limits = {"per_hour": "10", "per_hour_in_all": "200", "most_files": "1"}
    return {"name": "Contact us", "queue_id": str(world.things.ids["queue"]), "ask_email": "optional", **limits}


def _mailbox(world: World) -> dict[str, Any]:
    said = {"host": "imap.example.com", "port": "993", "tls": "implicit", "user": "support@example.com"}
    said |= {"sign_in": "password", "secret": "very-secret", "folder": "INBOX", "after": "seen", "closed": "reopen"}
    return {"name": "Support", "queue_id": str(world.things.ids["queue"]), "per_hour": "20", **said}


def _test_form(world: World) -> dict[str, Any]:
    return {"name": "Other", "text": "Hello", "expected": ["answer"]}


def _alone(world: World) -> object:
    """An agent that takes cases of no queue."""
    return agents.create_agent(world.team, "Alone", aop="Answer.").pk


_SENT = {"assignee_id": "", "note": ""}

RECORDED: dict[str, Example] = {
    # Agents
    "POST /agents/new/": Example("agent_made", _agent_form),
    "POST /agents/<uuid:id>/": Example("agent_published", lambda world: _agent_form(world, revision="1")),
    "GET /agents/export/": Example("agents_exported"),
    "GET /agents/<uuid:id>/export/": Example("agents_exported"),
    "POST /agents/import/<uuid:id>/": Example("agents_imported", lambda world: {"seen": world.made["seen"]}, of=_file),
    "POST /agents/<uuid:id>/pause/": Example("agent_paused"),
    "POST /agents/<uuid:id>/resume/": Example("agent_resumed", before=lambda world: agents.pause_agent(world.agent)),
    "POST /agents/<uuid:id>/duplicate/": Example("agent_made"),
    "POST /agents/<uuid:id>/delete/": Example("agent_deleted"),
    "POST /agents/<uuid:id>/replace/": Example(
        "agent_published",
        lambda world: {"replacement": Agent.objects.get(name="Heir").pk},
        before=_mentioned_and_deleted,
    ),
    "POST /agents/<uuid:id>/restore/": Example("agent_restored", before=lambda world: agents.delete_agent(world.agent)),
    "POST /agents/<uuid:id>/revisions/<int:number>/restore/": Example(
        "agent_published",
        before=lambda world: drafts.publish(world.agent, aop="Next.", model="", known=None, author=None),
    ),
    "POST /agents/{agent_id}/revisions/{number}/restore": Example(
        "agent_published",
        before=lambda world: drafts.publish(world.agent, aop="Next.", model="", known=None, author=None),
    ),
    "POST /agents": Example("agent_made", {"name": "New"}),
    "PATCH /agents/{agent_id}": Example("agent_changed", {"name": "Other"}),
    "DELETE /agents/{agent_id}": Example("agent_deleted"),
    "POST /agents/{agent_id}/duplicate": Example("agent_made"),
    "POST /agents/{agent_id}/restore": Example("agent_restored", before=lambda world: agents.delete_agent(world.agent)),
    # Schedules
    "POST /agents/<uuid:id>/schedules/new/": Example("schedule_made", _SCHEDULE),
    "POST /schedules/<uuid:id>/edit/": Example("schedule_changed", _SCHEDULE),
    "POST /schedules/<uuid:id>/pause/": Example("schedule_paused"),
    "POST /schedules/<uuid:id>/resume/": Example(
        "schedule_resumed", before=lambda world: schedules.pause(world.get(Schedule, "schedule"))
    ),
    "POST /schedules/<uuid:id>/delete/": Example("schedule_deleted"),
    "POST /schedules": Example(
        "schedule_made", lambda world: {"agent_id": str(world.agent.pk), "cron": "0 8 * * *", "input": "Go"}
    ),
    "PATCH /schedules/{schedule_id}": Example("schedule_paused", {"paused": True}),
    "DELETE /schedules/{schedule_id}": Example("schedule_deleted"),
    # Queues and labels
    "POST /queues/new/": Example("queue_made", {"name": "New", "hop_limit": "8", "default_priority": "0"}),
    "POST /queues/<uuid:id>/edit/": Example(
        "queue_changed", {"name": "Other", "hop_limit": "8", "default_priority": "0"}
    ),
    "POST /queues/<uuid:id>/agents/": Example("agent_connected", lambda world: {"remove": world.things.ids["agent"]}),
    "POST /queues/<uuid:id>/pause/": Example("queue_paused"),
    "POST /queues/<uuid:id>/resume/": Example(
        "queue_resumed", before=lambda world: Queue.objects.update(paused_at=timezone.now())
    ),
    "POST /queues/<uuid:id>/delete/": Example("queue_deleted", before=_close),
    "POST /queues": Example("queue_made", {"name": "New"}),
    "PATCH /queues/{queue_id}": Example("queue_changed", {"data_schema": {"type": "object"}}),
    "DELETE /queues/{queue_id}": Example("queue_deleted", before=_close),
    "POST /labels/<uuid:id>/save/": Example("label_changed", {"name": "Other", "colour": "teal"}),
    "POST /labels/<uuid:id>/delete/": Example("label_deleted"),
    # Cases
    "GET /cases/export/": Example("cases_exported"),
    "POST /cases/imports/<uuid:id>/": Example("cases_imported", _UPLOAD, of=_uploaded),
    "POST /cases/imports/<uuid:id>/stop/": Example("import_stopped", before=_importing),
    "POST /comments/<uuid:id>/delete/": Example("comment_deleted", of=_own_comment),
    "POST /attachments/<uuid:id>/delete/": Example("file_deleted"),
    "POST /cases/<uuid:id>/complete/": Example("case_moved"),
    "POST /cases/<uuid:id>/fail/": Example("case_moved", {"reason": "No"}),
    "POST /cases/<uuid:id>/postpone/": Example("case_moved", {"preset": "hour"}),
    "POST /cases/<uuid:id>/take-over/": Example("case_moved"),
    "POST /cases/<uuid:id>/hand-back/": Example(
        "case_moved", _SENT, lambda world: moves.take_over(world.case, world.by)
    ),
    "POST /cases/<uuid:id>/reassign/": Example("case_moved", _SENT),
    "POST /cases/<uuid:id>/reopen/": Example("case_moved", _SENT, _close),
    "POST /cases/<uuid:id>/retry/": Example("case_moved", before=_close),
    "POST /cases/<uuid:id>/undo/<int:seq>/": Example("case_moved", before=_close),
    "POST /cases/<uuid:id>/delete/": Example("case_deleted"),
    "DELETE /cases/{case_id}": Example("case_deleted"),
    "DELETE /attachments/{attachment_id}": Example("file_deleted"),
    "POST /cases/{case_id}/reprocess": Example("case_moved"),
    "POST /cases/{case_id}/take-over": Example("case_moved"),
    "POST /cases/{case_id}/hand-back": Example(
        "case_moved", before=lambda world: moves.take_over(world.case, world.by)
    ),
    "POST /cases/{case_id}/reassign": Example("case_moved"),
    "POST /cases/{case_id}/reopen": Example("case_moved", before=_close),
    "POST /cases/{case_id}/retry": Example("case_moved", before=_close),
    "POST /cases/{case_id}/assign": Example("case_moved", {"nobody": True}),
    "POST /cases/<uuid:id>/release/": Example("case_moved", before=lambda world: moves.take_over(world.case, world.by)),
    "POST /cases/{case_id}/undo": Example("case_moved", lambda world: {"seq": _seq(world)}, _close),
    "POST /cases/{case_id}/complete": Example("case_moved"),
    "POST /cases/{case_id}/fail": Example("case_moved"),
    "POST /cases/{case_id}/postpone": Example("case_moved", {"until": "2031-01-01T00:00:00Z"}),
    "POST /bulk/start/": Example(
        "bulk_started", lambda world: {"verb": "complete", "case": [world.case.pk], "text": "", "asked": "1"}
    ),
    "POST /bulk/<uuid:id>/undo/": Example("bulk_undone", of=_bulk_done),
    "POST /bulk/<uuid:id>/stop/": Example("bulk_stopped", of=lambda world: _bulk(world).pk),
    # Runs
    "POST /agents/<uuid:id>/run/": Example("run_started", {"input": "Go"}),
    "POST /runs/<uuid:id>/stop/": Example("run_stopped"),
    "POST /runs/<uuid:id>/again/": Example("run_started"),
    "POST /runs/<uuid:id>/correct/": Example("route_corrected", {"agent_id": "person", "note": ""}),
    "POST /corrections/<uuid:id>/undo/": Example("correction_undone"),
    "POST /questions/<uuid:id>/answer/": Example("request_answered", {"answer": "Yes"}),
    "POST /questions/<uuid:id>/assign/": Example(
        "request_given", lambda world: {"member": Member.objects.get(team=world.team, user=world.by.user).pk}
    ),
    "POST /questions/<uuid:id>/due/": Example("request_due", {"preset": "hour"}),
    "POST /runs": Example("run_started", lambda world: {"agent_id": str(world.agent.pk), "input": "Go"}),
    "POST /runs/{run_id}/stop": Example("run_stopped"),
    "POST /runs/{run_id}/corrections": Example("route_corrected", {"note": "Not theirs"}),
    "DELETE /corrections/{correction_id}": Example("correction_undone"),
    "POST /human-requests/{request_id}/respond": Example("request_answered", {"answer": "Yes"}),
    # Settings
    "POST /settings/models/new/": Example(
        "credential_added", {"provider": "anthropic", "name": "Ours", "key": "sk-canary-12345678", "base_url": ""}
    ),
    "POST /settings/models/<uuid:id>/": Example(
        "credential_changed", {"provider": "openai", "name": "Ours", "key": "sk-canary-12345678", "base_url": ""}
    ),
    "POST /settings/models/<uuid:id>/delete/": Example("credential_deleted"),
    "POST /settings/members/invite/": Example("invited", {"email": "new@example.com", "role": "viewer"}),
    "POST /settings/members/leave/": Example("member_left", before=_second_administrator),
    "POST /settings/members/<int:id>/role/": Example("member_role", {"role": "builder"}),
    "POST /settings/members/<int:id>/remove/": Example("member_removed"),
    "POST /settings/invitations/<uuid:id>/withdraw/": Example("invitation_withdrawn"),
    "POST /settings/keys/": Example("key_made", {"name": "Ours", "scopes": ["read"], "expires": "365"}),
    "POST /settings/keys/<int:id>/revoke/": Example("key_revoked"),
    "GET /settings/audit/export/": Example("audit_exported"),
    "POST /settings/requests/": Example("settings_changed", {"hours": "5"}),
    "POST /settings/budgets/": Example("settings_changed", {"requests": "5"}),
    "POST /settings/general/": Example("settings_changed", {"time_zone": "Europe/Berlin"}),
    "POST /settings/tools/new/": Example(
        "server_added",
        lambda world: {"name": "New", "url": world.server.url, "choose": "1", "tool": [], "header": "", "sealed": ""},
    ),
    "POST /settings/tools/<uuid:id>/": Example(
        "server_tools", {"tool": [" look"], "on": ["look"], "mark": ["read_only"]}, of=_real_server
    ),
    "POST /settings/tools/<uuid:id>/edit/": Example(
        "server_changed", lambda world: {"name": "Other", "url": world.server.url, "header": ""}, of=_real_server
    ),
    "POST /settings/tools/<uuid:id>/delete/": Example("server_deleted"),
    "POST /settings/tools/<uuid:id>/accept/": Example(
        "tool_accepted", {"seen": fingerprint(description="Other", input_schema={})}, of=_changed_tool
    ),
    "POST /settings/tools/<uuid:id>/pin/": Example("server_tools", {"schema_only": "1"}, of=_changed_tool),
    "POST /mcp-servers": Example("server_added", lambda world: {"name": "New", "url": world.server.url}),
    "PATCH /mcp-servers/{server_id}": Example(
        "server_tools", {"tools": [{"name": "look", "on": True}]}, of=_real_server
    ),
    "DELETE /mcp-servers/{server_id}": Example("server_deleted"),
    "PATCH /team": Example("settings_changed", {"budget": {"requests": 5}}),
    "POST /model-keys": Example(
        "credential_added", {"provider": "anthropic", "name": "Ours", "key": "sk-canary-12345678"}
    ),
    "PATCH /model-keys/{key_id}": Example("credential_changed", {"name": "Ours", "key": "sk-canary-12345678"}),
    "DELETE /model-keys/{key_id}": Example("credential_deleted"),
    "PATCH /human-requests/{request_id}": Example("request_due", {"due_at": "2031-01-01T00:00:00Z"}),
    "POST /settings/webhooks/new/": Example("webhook_added", _HOOK),
    "POST /settings/webhooks/<uuid:id>/edit/": Example("webhook_changed", _HOOK),
    "POST /settings/webhooks/<uuid:id>/pause/": Example("webhook_paused"),
    "POST /settings/webhooks/<uuid:id>/resume/": Example(
        "webhook_resumed", before=lambda world: webhooks.pause(world.get(Webhook, "webhook"))
    ),
    "POST /settings/webhooks/<uuid:id>/secret/": Example("webhook_changed"),
    "POST /settings/webhooks/<uuid:id>/secret/drop/": Example("webhook_changed", before=_renewed),
    "POST /settings/webhooks/<uuid:id>/delete/": Example("webhook_deleted"),
    "POST /settings/deliveries/<uuid:id>/resend/": Example("message_resent"),
    "POST /webhooks": Example("webhook_added", _HOOK),
    "PATCH /webhooks/{webhook_id}": Example("webhook_changed", _HOOK),
    "DELETE /webhooks/{webhook_id}": Example("webhook_deleted"),
    "POST /webhooks/{webhook_id}/secret": Example("webhook_changed"),
    "DELETE /webhooks/{webhook_id}/old-secret": Example("webhook_changed", before=_renewed),
    "POST /deliveries/{delivery_id}/resend": Example("message_resent"),
    "POST /models/tool-calls/": Example("tool_calls_changed", {"model": "openai-chat:small", "tool_calls": "schema"}),
    # Groups, sources, routing tests
    "POST /settings/groups/new/": Example("group_created", _GROUP),
    "POST /settings/groups/<uuid:id>/": Example("group_changed", _GROUP),
    "POST /settings/groups/<uuid:id>/delete/": Example("group_deleted"),
    "POST /groups": Example("group_created", {"name": "Finance"}),
    "PATCH /groups/{group_id}": Example("group_changed", {"name": "Finance"}),
    "DELETE /groups/{group_id}": Example("group_deleted"),
    "POST /settings/sources/new/": Example("source_created", _source),
    "POST /settings/sources/mailbox/new/": Example("source_created", _mailbox),
    "POST /settings/sources/<uuid:id>/mailbox/": Example("source_changed", _mailbox),
    "POST /settings/sources/form/new/": Example("source_created", _form),
    "POST /settings/sources/<uuid:id>/form/": Example("source_changed", _form),
    "POST /settings/sources/<uuid:id>/edit/": Example("source_changed", _source),
    "POST /settings/sources/<uuid:id>/mapping/": Example("source_changed", {"role-0": "title"}),
    "POST /settings/sources/<uuid:id>/pause/": Example("source_paused"),
    "POST /settings/sources/<uuid:id>/resume/": Example(
        "source_resumed", before=lambda world: sources.pause(world.get(Source, "source"))
    ),
    "POST /settings/sources/<uuid:id>/secret/": Example("source_changed"),
    "POST /settings/sources/<uuid:id>/delete/": Example("source_deleted"),
    "POST /settings/sources/messages/<uuid:id>/replay/": Example("message_replayed"),
    "POST /sources": Example(
        "source_created", lambda world: {"name": "Shop", "queue_id": str(world.things.ids["queue"])}
    ),
    "PATCH /sources/{source_id}": Example("source_paused", {"paused": True}),
    "DELETE /sources/{source_id}": Example("source_deleted"),
    "POST /messages/{message_id}/replay": Example("message_replayed"),
    "POST /agents/<uuid:id>/tests/new/": Example("test_made", _test_form, of=_alone),
    "POST /tests/<uuid:id>/": Example("test_changed", _test_form),
    "POST /tests/<uuid:id>/delete/": Example("test_deleted"),
    "POST /agents/{agent_id}/tests": Example(
        "test_made", {"input": {"text": "Hello"}, "expected": [{"decision": "answer"}]}, of=_alone
    ),
    "PATCH /tests/{test_id}": Example("test_changed", {"name": "Other"}),
    "DELETE /tests/{test_id}": Example("test_deleted"),
    # Signing in
    "POST /sign-in/": Example(
        "signed_in", lambda world: {"login": world.by.user and world.by.user.email, "password": "a long password"}
    ),
    "POST /sign-out/": Example("signed_out"),
}


def _changing() -> set[str]:
    pages = {f"{method} /{route}" for route, entry in PAGES.items() for method in entry.methods.split()}
    return {name for name in pages | set(OPERATIONS) if not name.startswith("GET ")}


def test_every_act_is_recorded_or_says_why_not() -> None:
    missing = sorted(_changing() - set(RECORDED) - set(UNRECORDED))
    assert not missing, f"Record these in the audit log and add an example in {__file__}: {', '.join(missing)}"
    gone = {name for name in {*RECORDED, *UNRECORDED} if not name.startswith("GET ")} - _changing()
    assert not gone, f"These are addresses no more; take them out of {__file__}: {', '.join(sorted(gone))}"


@pytest.fixture
def world(team: Team, member: Member, tool_server: RealServer) -> World:
    return World(team, things_of(team), person(member.user), tool_server)


class _TakenBack(Exception):
    pass


def test_what_is_done_is_recorded_with_who_did_it(world: World) -> None:
    """Each example by itself, taken back before the next."""
    wrong = []
    for name, example in RECORDED.items():
        try:
            with transaction.atomic():
                if problem := _tried(world, name, example):
                    wrong.append(f"{name}: {problem}")
                raise _TakenBack
        except _TakenBack:
            pass
    assert not wrong, "\n".join(wrong)


def _tried(world: World, name: str, example: Example) -> str:
    if example.before:
        example.before(world)
    entry = OPERATIONS.get(name) or PAGES[name.partition(" /")[2]]
    id = example.of(world) if example.of else world.things.ids.get(entry.of)
    data = example.data if isinstance(example.data, dict) else example.data(world)
    known = set(AuditEntry.objects.values_list("pk", flat=True))
    answer = _send(world, name, id, data)
    if answer.status_code >= 400:
        return f"was refused with {answer.status_code}: {answer.content[:2000]!r}"
    new = AuditEntry.objects.exclude(pk__in=known)
    if example.act not in {entry.act for entry in new}:
        return f"recorded {[entry.act for entry in new]}, not {example.act}"
    if unnamed := [entry.act for entry in new if entry.source == AuditEntry.Source.BATON]:
        return f"does not say who did it: {unnamed}"
    return "tells a secret" if "canary" in str(list(new.values())) else ""


def _send(world: World, name: str, id: object, data: dict[str, Any]) -> Response:
    method, _, place = name.partition(" ")
    if name in OPERATIONS:
        address = "/api/v1" + re.sub(r"\{.*?\}", str(id), place.replace("{number}", "1"))
        client = Client(headers={"authorization": f"Bearer {create_key(world.team, 'Ours')[1]}"})
        return client.generic(method, address, json.dumps(data).encode() if data else b"", "application/json")
    client = Client()
    assert world.by.user
    if place != "/sign-in/":
        sign_in(client, world.by.user)
    address = re.sub("<(?:uuid|int):id>", str(id), place).replace("<int:number>", "1")
    address = address.replace("<int:seq>", str(_seq(world)) if "<int:seq>" in place else "")
    return client.generic(method, address) if method == "GET" else client.post(address, data)
