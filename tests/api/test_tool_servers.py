"""MCP servers over the API, and the tools that agents get of them."""

from typing import Any

import pytest

from builder.models import ToolServer
from tests.tool_server import ToolServer as RealServer
from tests.tool_server import tool_server

from .conftest import Caller, problem

__all__ = ["tool_server"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank(api: Caller, tool_server: RealServer) -> dict[str, Any]:
    tools = [{"name": "look", "mark": "read_only", "asks_first": False}, {"name": "pay"}]
    body = {"name": "Bank", "url": tool_server.url, "credential": "geheim", "tools": tools}
    answer = api.post("/mcp-servers", body)
    assert answer.status_code == 201
    return answer.json()


def ids(server: dict[str, Any]) -> dict[str, str]:
    return {tool["name"]: tool["id"] for tool in server["tools"]}


def test_a_server_is_added_with_the_tools_it_has(api: Caller, bank: dict[str, Any], tool_server: RealServer) -> None:
    told = {tool["name"]: (tool["mark"], tool["asks_first"], tool["on"]) for tool in bank["tools"]}
    assert told == {
        "look": ("read_only", False, True),
        "pay": ("effects", True, True),
        "put": ("idempotent", True, False),
    }
    assert bank == api.get(f"/mcp-servers/{bank['id']}").json() == api.get("/mcp-servers").json()["items"][0]
    assert bank["has_credential"] and "geheim" not in str(bank)
    assert tool_server.headers[0]["authorization"] == "Bearer geheim"


def test_a_server_that_does_not_answer_is_not_saved(api: Caller, tool_server: RealServer) -> None:
    tool_server.close()
    error = problem(api.post("/mcp-servers", {"name": "Bank", "url": tool_server.url}), 422, "server_problem")
    assert "could not be reached" in error["fields"]["url"]
    assert not ToolServer.objects.exists()


@pytest.mark.parametrize("credential", ["", "wrong-one"])
def test_a_wish_for_a_credential_is_said_under_that_field(
    api: Caller, tool_server: RealServer, credential: str
) -> None:
    tool_server.token = "geheim"
    body = {"name": "Bank", "url": tool_server.url, "credential": credential}
    error = problem(api.post("/mcp-servers", body), 422, "server_problem")
    words = "refused the credential" if credential else "wants a credential"
    assert list(error["fields"]) == ["credential"] and words in error["fields"]["credential"]


def test_a_credential_that_cannot_be_one_is_said_under_that_field(api: Caller, tool_server: RealServer) -> None:
    body = {"name": "Bank", "url": tool_server.url, "credential": "ü"}
    assert list(problem(api.post("/mcp-servers", body), 422)["fields"]) == ["credential"]


def test_tools_beyond_the_limit_are_counted_and_those_that_cannot_be_used_are_named(
    api: Caller, tool_server: RealServer
) -> None:
    tool_server.add("odd", schema={"type": "object", "properties": []})
    for number in range(202):
        tool_server.add(f"more-{number}")
    made = api.post("/mcp-servers", {"name": "Bank", "url": tool_server.url}).json()
    for server in (made, api.get(f"/mcp-servers/{made['id']}").json()):
        assert (len(server["tools"]), server["left_out"]) == (200, 5)
        [odd] = server["unusable"]
        assert odd["name"] == "odd" and odd["reason"].startswith("Its arguments are described by")


def test_only_the_arguments_of_a_tool_can_be_compared(api: Caller, bank: dict[str, Any]) -> None:
    body = {"tools": [{"name": "look", "schema_only": True}]}
    changed = api.patch(f"/mcp-servers/{bank['id']}", body).json()
    assert [tool["name"] for tool in changed["tools"] if tool["schema_only"]] == ["look"]


def test_a_private_address_is_refused(api: Caller, tool_server: RealServer, settings) -> None:
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = False
    problem(api.post("/mcp-servers", {"name": "Bank", "url": tool_server.url}), 422, "invalid")


def test_a_command_is_no_address(api: Caller) -> None:
    problem(api.post("/mcp-servers", {"name": "Bank", "url": "stdio:rm -rf /"}), 422, "invalid")
    problem(api.post("/mcp-servers", {"name": "Bank", "command": "rm"}), 422)


def test_an_agent_gets_servers_or_single_tools(api: Caller, bank: dict[str, Any]) -> None:
    tools = ids(bank)
    agent = api.post("/agents", {"name": "Teller", "connections": {"mcp": [bank["id"]]}}).json()
    assert agent["connections"]["mcp"] == [bank["id"]]
    assert set(agent["mcp_tools"]) == {tools["look"], tools["pay"]}
    path = f"/agents/{agent['id']}"
    assert api.patch(path, {"mcp_tools": [tools["look"]]}).json()["mcp_tools"] == [tools["look"]]
    assert api.patch(path, {"connections": {"mcp": [bank["id"]]}}).json()["mcp_tools"] == [tools["look"]]
    assert api.patch(path, {"name": "Clerk"}).json()["mcp_tools"] == [tools["look"]]
    assert api.patch(path, {"connections": {"mcp": []}}).json()["connections"]["mcp"] == []


def test_another_teams_servers_and_tools_are_not_found(
    api: Caller, bank: dict[str, Any], strangers, make_caller
) -> None:
    theirs = make_caller(strangers)
    problem(theirs.get(f"/mcp-servers/{bank['id']}"), 404)
    problem(theirs.post("/agents", {"name": "A", "connections": {"mcp": [bank["id"]]}}), 404)
    problem(theirs.post("/agents", {"name": "A", "mcp_tools": [ids(bank)["look"]]}), 404)


def test_a_deleted_server_leaves_its_agents(api: Caller, bank: dict[str, Any]) -> None:
    agent = api.post("/agents", {"name": "Teller", "connections": {"mcp": [bank["id"]]}}).json()
    assert api.delete(f"/mcp-servers/{bank['id']}").status_code == 204
    assert api.get(f"/agents/{agent['id']}").json()["connections"]["mcp"] == []
    assert api.get("/mcp-servers").json()["items"] == []


def test_a_tool_is_switched_off_and_asks_first(api: Caller, bank: dict[str, Any]) -> None:
    at = f"/mcp-servers/{bank['id']}"
    wanted = [{"name": "look", "on": False}, {"name": "pay", "mark": "idempotent", "asks_first": False}]
    changed = api.patch(at, {"tools": wanted}).json()
    assert {tool["name"]: (tool["on"], tool["mark"], tool["asks_first"]) for tool in changed["tools"]} == {
        "look": (False, "read_only", False),
        "pay": (True, "idempotent", False),
        "put": (False, "idempotent", True),
    }
    refused = api.patch(at, {"tools": [{"name": "put", "on": True}, {"name": "nothing"}]})
    assert set(problem(refused, 422)["fields"]) == {"tools.1.name"}
    assert api.get(at).json() == changed
