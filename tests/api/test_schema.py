"""OpenAPI: complete enough to write a client from."""

import copy
import json
from typing import Any

import pytest
from django.test import Client
from ninja.openapi.schema import OpenAPISchema

from config.api import api
from teams.models import every_scope

METHODS = {"get", "post", "patch", "delete"}


@pytest.fixture
def schema(client: Client) -> dict[str, Any]:
    response = client.get("/api/v1/openapi.json")
    assert response.status_code == 200
    return json.loads(response.content)


def operations(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_operation_says_what_it_does_and_needs(schema: dict[str, Any]) -> None:
    ids = set()
    for name, operation in operations(schema):
        assert name.partition(" ")[0].lower() in METHODS
        assert operation["summary"][0].isupper(), name
        assert operation["tags"], name
        scope = operation["x-scope"]
        assert operation["security"] == [{"TeamKey": []}], name
        assert scope in every_scope(), name
        assert f"scope `{scope}`" in operation["description"], name
        assert {"400", "401", "403", "422", "429", "default"} <= set(operation["responses"]), name
        if not name.startswith("GET"):
            assert {"404", "409", "413", "415"} <= set(operation["responses"]), name
            assert "Idempotency-Key" in [given["name"] for given in operation["parameters"]], name
        ids.add(operation["operationId"])
    assert len(ids) == len(operations(schema))


def test_no_object_names_a_thing_twice(client: Client) -> None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), [name for name, _ in pairs]
        return dict(pairs)

    json.loads(client.get("/api/v1/openapi.json").content, object_pairs_hook=once)


def test_no_two_types_share_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ninja keeps the last one of a name."""
    seen: dict[str, Any] = {}
    add = OpenAPISchema.add_schema_definitions

    def compare(self: OpenAPISchema, definitions: dict[str, Any]) -> None:
        for name, definition in definitions.items():
            assert seen.setdefault(name, copy.deepcopy(definition)) == definition, name
        add(self, definitions)

    monkeypatch.setattr(OpenAPISchema, "add_schema_definitions", compare)
    api.get_openapi_schema()
    assert {"CaseStatus", "RunStatus", "DeliveryStatus", "StepKind", "EventKind"} <= set(seen)


def test_every_component_is_used_and_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    def references(node: Any) -> set[str]:
        if isinstance(node, dict):
            here = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
            return here.union(*map(references, node.values()))
        return set().union(*map(references, node)) if isinstance(node, list) else set()

    assert references(schema) == {f"#/components/schemas/{name}" for name in schema["components"]["schemas"]}


def test_the_schema_names_the_operations_of_the_design(schema: dict[str, Any]) -> None:
    assert {name.replace("/api/v1", "") for name, _ in operations(schema)} == {
        "GET /agents",
        "POST /agents",
        "GET /agents/{agent_id}",
        "PATCH /agents/{agent_id}",
        "DELETE /agents/{agent_id}",
        "POST /agents/{agent_id}/duplicate",
        "POST /agents/{agent_id}/restore",
        "GET /agents/{agent_id}/revisions",
        "GET /runs",
        "POST /runs",
        "GET /runs/{run_id}",
        "GET /runs/{run_id}/steps",
        "POST /runs/{run_id}/stop",
        "GET /corrections",
        "POST /runs/{run_id}/corrections",
        "DELETE /corrections/{correction_id}",
        "GET /human-requests",
        "POST /human-requests/{request_id}/respond",
        "GET /usage",
        "GET /team",
        "PATCH /team",
        "GET /members",
        "GET /groups",
        "POST /groups",
        "GET /groups/{group_id}",
        "PATCH /groups/{group_id}",
        "DELETE /groups/{group_id}",
        "GET /audit",
        "GET /agents/{agent_id}/tests",
        "POST /agents/{agent_id}/tests",
        "GET /tests/{test_id}",
        "PATCH /tests/{test_id}",
        "DELETE /tests/{test_id}",
        "POST /agents/{agent_id}/checks",
        "GET /checks/{check_id}",
        "POST /checks/{check_id}/stop",
        "POST /agents/{agent_id}/impact",
        "GET /impacts/{impact_id}",
        "POST /impacts/{impact_id}/confirm",
        "POST /impacts/{impact_id}/stop",
        "POST /agents/{agent_id}/revisions/{number}/restore",
        "GET /agents/{agent_id}/passages",
        "POST /cases/{case_id}/reply",
        "POST /case-messages/{message_id}/send-again",
        "GET /case-messages/{message_id}/original",
        "GET /sources",
        "POST /sources",
        "GET /sources/{source_id}",
        "PATCH /sources/{source_id}",
        "DELETE /sources/{source_id}",
        "GET /sources/{source_id}/messages",
        "POST /messages/{message_id}/replay",
        "GET /model-keys",
        "POST /model-keys",
        "PATCH /model-keys/{key_id}",
        "DELETE /model-keys/{key_id}",
        "PATCH /human-requests/{request_id}",
        "PATCH /mcp-servers/{server_id}",
        "GET /mcp-servers",
        "POST /mcp-servers",
        "GET /mcp-servers/{server_id}",
        "DELETE /mcp-servers/{server_id}",
        "GET /queues",
        "POST /queues",
        "GET /queues/{queue_id}",
        "PATCH /queues/{queue_id}",
        "DELETE /queues/{queue_id}",
        "GET /queues/{queue_id}/cases",
        "POST /queues/{queue_id}/cases",
        "GET /labels",
        "GET /cases",
        "GET /cases/{case_id}",
        "PATCH /cases/{case_id}",
        "DELETE /cases/{case_id}",
        "GET /cases/{case_id}/events",
        "POST /cases/{case_id}/reprocess",
        "POST /cases/{case_id}/reassign",
        "POST /cases/{case_id}/assign",
        "POST /cases/{case_id}/take-over",
        "POST /cases/{case_id}/hand-back",
        "POST /cases/{case_id}/reopen",
        "POST /cases/{case_id}/retry",
        "POST /cases/{case_id}/undo",
        "GET /cases/{case_id}/attachments",
        "POST /cases/{case_id}/attachments",
        "GET /attachments/{attachment_id}",
        "DELETE /attachments/{attachment_id}",
        "POST /cases/{case_id}/complete",
        "POST /cases/{case_id}/fail",
        "POST /cases/{case_id}/postpone",
        "GET /schedules",
        "POST /schedules",
        "GET /schedules/{schedule_id}",
        "PATCH /schedules/{schedule_id}",
        "DELETE /schedules/{schedule_id}",
        "GET /webhooks",
        "POST /webhooks",
        "GET /webhooks/{webhook_id}",
        "PATCH /webhooks/{webhook_id}",
        "DELETE /webhooks/{webhook_id}",
        "POST /webhooks/{webhook_id}/secret",
        "DELETE /webhooks/{webhook_id}/old-secret",
        "POST /webhooks/{webhook_id}/test",
        "GET /webhooks/{webhook_id}/deliveries",
        "POST /deliveries/{delivery_id}/resend",
    }


def test_its_page_runs_no_script_of_its_own(client: Client) -> None:
    html = client.get("/api/v1/docs").content.decode()
    assert html.count("<script src=") == html.count("<script") - 1  # the other one is data
    assert "<style" not in html
    assert "style=" not in html


def test_the_root_of_the_api_leads_to_its_page(client: Client) -> None:
    assert client.get("/api/v1/")["Location"] == "/api/v1/docs"
