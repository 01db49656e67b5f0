"""What becomes of a conversation with an MCP server, whatever the server does."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from mcp_types import EmbeddedResource, ImageContent, TextResourceContents

from builder.tool_sessions import (
    Answer,
    Endpoint,
    Listing,
    OfferedTool,
    ServerProblem,
    ToolChanged,
    call_tool,
    list_tools,
)
from tests.tool_server import ToolServer, answers, tool_server

__all__ = ["tool_server"]


def listing(server: ToolServer, **headers: str) -> Listing:
    return asyncio.run(list_tools(Endpoint(server.url, headers)))


def seen(server: ToolServer, name: str) -> OfferedTool:
    return next(tool for tool in listing(server).tools if tool.name == name)


def called(server: ToolServer, name: str, tool: OfferedTool | None = None, **arguments: Any) -> Answer:
    return asyncio.run(call_tool(Endpoint(server.url), tool or seen(server, name), arguments))


@pytest.mark.parametrize("is_old", [False, True])
def test_tools_are_listed_and_called(tool_server: ToolServer, is_old: bool) -> None:
    tool_server.is_old = is_old
    look, put, pay = listing(tool_server).tools
    assert (look.name, look.description, look.claims_read_only) == ("look", "Looks a thing up.", True)
    assert (put.claims_idempotent, pay.claims_read_only, pay.claims_idempotent) == (True, False, False)
    assert called(tool_server, "look", text="x") == Answer('echo: {"text": "x"}')
    assert ("initialize" in tool_server.methods) == is_old
    assert ("DELETE" in tool_server.methods) == is_old  # a session is closed


def test_the_credential_goes_with_every_request_and_into_no_text(tool_server: ToolServer) -> None:
    tool_server.token = "geheim"
    with pytest.raises(ServerProblem, match="refused the credential"):
        listing(tool_server)
    assert listing(tool_server, Authorization="Bearer geheim").tools
    assert "geheim" not in repr(Endpoint("x", {"Authorization": "Bearer geheim"}))


def test_a_tool_that_is_described_differently_now_is_not_called(tool_server: ToolServer) -> None:
    before = seen(tool_server, "pay")
    tool_server.add("pay", "Pays money to a stranger.")
    with pytest.raises(ToolChanged) as changed:
        called(tool_server, "pay", before, text="x")
    assert changed.value.found == replace(before, description="Pays money to a stranger.")
    del tool_server.tools["pay"]
    with pytest.raises(ToolChanged) as changed:
        called(tool_server, "pay", before, text="x")
    assert changed.value.found is None
    assert not tool_server.called


def test_a_hanging_server_is_a_problem_in_time(tool_server: ToolServer, settings) -> None:
    settings.TOOL_SECONDS = 0.5
    tool_server.hanging.add("pay")
    with pytest.raises(ServerProblem, match="no whole answer within") as problem:
        called(tool_server, "pay", text="x")
    assert problem.value.sent


def test_a_server_that_dies_in_the_middle_is_a_problem(tool_server: ToolServer) -> None:
    tool_server.dying.add("pay")
    with pytest.raises(ServerProblem) as problem:
        called(tool_server, "pay", text="x")
    assert problem.value.sent
    assert len(tool_server.called) == 1


def test_a_server_that_is_not_there_is_a_problem(tool_server: ToolServer) -> None:
    tool = seen(tool_server, "pay")
    tool_server.close()
    with pytest.raises(ServerProblem, match="could not be reached") as problem:
        called(tool_server, "pay", tool, text="x")
    assert not problem.value.sent


def test_a_server_inside_a_private_network_is_not_reached(tool_server: ToolServer, settings) -> None:
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = False
    with pytest.raises(ServerProblem, match="private network"):
        listing(tool_server)
    assert not tool_server.methods


def test_a_redirect_to_another_address_is_not_followed(tool_server: ToolServer) -> None:
    other = ToolServer()
    other.start()
    tool_server.redirect = other.url
    with pytest.raises(ServerProblem, match="not followed"):
        listing(tool_server)
    other.close()
    assert not other.methods


def test_errors_of_tools_are_answers(tool_server: ToolServer) -> None:
    async def fails(arguments: Any) -> Any:
        return answers("There is no such customer.", is_error=True)

    tool_server.add("look", act=fails)
    assert called(tool_server, "look", text="x") == Answer("There is no such customer.", ok=False)


def test_a_tool_that_breaks_is_a_problem(tool_server: ToolServer) -> None:
    async def breaks(arguments: Any) -> Any:
        raise RuntimeError("boom")

    tool_server.add("look", act=breaks)
    with pytest.raises(ServerProblem):
        called(tool_server, "look", text="x")


def test_long_answers_are_cut_off_and_pictures_left_out(tool_server: ToolServer) -> None:
    async def much(arguments: Any) -> Any:
        return answers(200_000 * "a")

    async def mixed(arguments: Any) -> Any:
        file = EmbeddedResource(type="resource", resource=TextResourceContents(uri="file:///a", text="inside"))
        return answers(ImageContent(type="image", data=400 * "A", mime_type="image/png"), file, "half \x00 of")

    tool_server.add("look", act=much)
    tool_server.add("put", act=mixed)
    assert called(tool_server, "look", text="x").text.endswith(
        "200,000 characters in all, of which 100,000 are shown.]"
    )
    assert called(tool_server, "put", text="x").text == (
        "[image, image/png, about 300 bytes: not shown]\n\ninside\n\nhalf \N{REPLACEMENT CHARACTER} of"
    )


def test_an_answer_without_end_is_a_problem(tool_server: ToolServer) -> None:
    async def endless(arguments: Any) -> Any:
        return answers(9_000_000 * "a")

    tool_server.add("look", act=endless)
    with pytest.raises(ServerProblem):
        called(tool_server, "look", text="x")


def test_what_is_too_long_or_too_many_is_left_out(tool_server: ToolServer) -> None:
    tool_server.add("long", "a" * 10_000, schema={"type": "object", "description": "b" * 60_000})
    tool_server.add("wordy", "a" * 10_000)
    tool_server.add("wrong", schema={"type": "object", "properties": []})
    for number in range(200):
        tool_server.add(f"more-{number}")
    found = listing(tool_server)
    assert len(found.tools) == 200
    assert found.left_out == ["long", "wrong", *(f"more-{number}" for number in range(196, 200))]
    assert len(found.tools[3].description) == 4000


@pytest.mark.parametrize("path", ["/", "/nothing"])
def test_what_is_no_mcp_server_is_said_so(tool_server: ToolServer, path: str) -> None:
    with pytest.raises(ServerProblem, match="HTTP 404"):
        asyncio.run(list_tools(Endpoint(tool_server.url.removesuffix("/mcp") + path)))
