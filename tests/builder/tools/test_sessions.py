"""What becomes of a conversation with an MCP server, whatever the server does."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from mcp import MCPError
from mcp_types import EmbeddedResource, ImageContent, TextResourceContents

from builder.tools.listings import Listing, OfferedTool
from builder.tools.sessions import Answer, Endpoint, ServerProblem, ToolChanged, call_tool, list_tools
from data.network.identity import USER_AGENT
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
    with pytest.raises(ServerProblem, match="wants a credential") as problem:
        listing(tool_server)
    assert problem.value.about == "credential"
    with pytest.raises(ServerProblem, match="refused the credential") as problem:
        listing(tool_server, Authorization="Bearer wrong-one")
    assert problem.value.about == "credential"
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
    for number in range(199):
        tool_server.add(f"more-{number}")
    found = listing(tool_server)
    assert len(found.tools) == 200
    assert [tool.name for tool in found.unusable] == ["long", "wrong"]
    assert found.left_out == 3
    assert len(found.tools[3].description) == 4000


@pytest.mark.parametrize("path", ["/", "/nothing"])
def test_what_is_no_mcp_server_is_said_so(tool_server: ToolServer, path: str) -> None:
    with pytest.raises(ServerProblem, match="HTTP 404"):
        asyncio.run(list_tools(Endpoint(tool_server.url.removesuffix("/mcp") + path)))


# --- Lists -----------------------------------------------------------------------------------

FINE = {"name": "fine", "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}}}


@pytest.mark.parametrize("is_old", [False, True])
@pytest.mark.parametrize(
    ("tool", "reason"),
    [
        ({"name": "odd", "inputSchema": []}, "something other than a JSON Schema"),
        ({"name": "odd", "inputSchema": True}, "something other than a JSON Schema"),
        ({"name": "odd"}, "something other than a JSON Schema"),
        ({"name": "odd", "inputSchema": {"type": "array"}}, "are no object"),
        ({"name": "odd", "inputSchema": {"type": "object", "properties": []}}, "an object of schemas"),
        ({"name": "odd", "inputSchema": {"type": "object", "properties": {"a": {"$ref": "http://x/y"}}}}, "fetched"),
        ({"name": "odd", "inputSchema": {"type": "object", "properties": {"a\x00": {}}}}, "cannot be stored"),
        ({"name": "odd\x00", "inputSchema": {"type": "object"}}, "cannot be stored"),
        ({"name": "o" * 300, "inputSchema": {"type": "object"}}, "300 characters"),
        ({"name": "", "inputSchema": {"type": "object"}}, "no name"),
        ({"name": 7, "inputSchema": {"type": "object"}}, "no name"),
        ({"name": "fine", "inputSchema": {"type": "object"}}, "the same name"),
        ("odd", "no name"),
        (None, "no name"),
    ],
)
def test_a_tool_that_cannot_be_used_spoils_no_other(
    tool_server: ToolServer, tool: Any, reason: str, is_old: bool
) -> None:
    tool_server.is_old = is_old
    tool_server.listing = lambda cursor: {"tools": [FINE, tool, {**FINE, "name": "last"}]}
    found = listing(tool_server)
    assert [each.name for each in found.tools] == ["fine", "last"]
    [unusable] = found.unusable
    assert reason in unusable.reason


@pytest.mark.parametrize(
    "more",
    [
        {"description": None},
        {"description": 7, "title": [], "annotations": "none"},
        {"annotations": {"readOnlyHint": "yes"}},
        {"outputSchema": [], "icons": 3, "_meta": 1, "execution": "x"},
    ],
)
def test_what_else_is_odd_about_a_tool_is_ignored(tool_server: ToolServer, more: dict[str, Any]) -> None:
    tool_server.listing = lambda cursor: {"tools": [{**FINE, **more}]}
    [tool] = listing(tool_server).tools
    assert (tool.name, tool.description, tool.claims_read_only) == ("fine", "", False)


def test_a_schema_need_not_say_that_it_is_an_object(tool_server: ToolServer) -> None:
    schema = {"anyOf": [{"properties": {"a": {}}, "required": ["a"]}, {"properties": {"b": {}}}]}
    tool_server.listing = lambda cursor: {"tools": [{"name": "fine", "inputSchema": schema}]}
    [tool] = listing(tool_server).tools
    assert tool.input_schema == schema


def test_half_of_a_surrogate_pair_spoils_nothing(tool_server: ToolServer) -> None:
    said = r"\ud83d\ude00 \ud800 \udc00 \\ud800 \u0041"
    told = f'{{"name": "fine", "description": "{said}", "inputSchema": {{"type": "object"}}}}'
    page = f'{{"tools": [{told}], "resultType": "complete", "ttlMs": 0, "cacheScope": "private"}}'
    tool_server.listing = lambda cursor: page
    [tool] = listing(tool_server).tools
    assert tool.description == "\U0001f600 \ufffd \ufffd \\ud800 A"


@pytest.mark.parametrize("is_old", [False, True])
@pytest.mark.parametrize(
    ("cursors", "pages"),
    [
        ({None: "a", "a": "a"}, 2),
        ({None: "a", "a": "b", "b": "a"}, 3),
        ({None: "a", "a": ""}, 2),
        ({None: "a", "a": None}, 2),
        ({None: 7}, 1),
    ],
)
def test_a_cursor_that_comes_again_ends_the_list(
    tool_server: ToolServer, cursors: dict[str | None, Any], pages: int, is_old: bool
) -> None:
    tool_server.is_old = is_old
    tool_server.listing = lambda cursor: {
        "tools": [{**FINE, "name": f"after-{cursor}"}],
        **({"nextCursor": cursors[cursor]} if cursors[cursor] is not None else {}),
    }
    found = listing(tool_server)
    assert len(found.tools) == tool_server.methods.count("tools/list") == pages
    assert not found.unusable


def test_a_list_without_end_is_read_for_fifty_pages(tool_server: ToolServer) -> None:
    tool_server.listing = lambda cursor: {
        "tools": [{**FINE, "name": f"tool-{cursor}-{number}"} for number in range(5)],
        "nextCursor": str(int(cursor or 0) + 1),
    }
    found = listing(tool_server)
    assert (len(found.tools), found.left_out) == (200, 50)
    assert tool_server.methods.count("tools/list") == 50


def test_headers_that_repeat_an_argument_are_still_sent(tool_server: ToolServer) -> None:
    schema = {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}}
    tool_server.add("look", schema=schema)
    assert called(tool_server, "look", region="eu").ok
    assert tool_server.headers[-1]["mcp-param-region"] == "eu"


# --- What is at the address ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bare", "words", "about"),
    [
        ((405, "text/plain", "Method Not Allowed"), "speaks the older kind of MCP; is the address right", "url"),
        ((405, "application/json", "{}"), "speaks the older kind of MCP; is the address right", "url"),
        ((401, "text/html", "<h1>Sign in</h1>"), "wants a credential, and was given none (HTTP 401)", "credential"),
        ((403, "application/json", "{}"), "wants a credential, and was given none (HTTP 403)", "credential"),
        ((200, "text/html; charset=utf-8", "<h1>Hello</h1>"), "a web page (HTTP 200), which is not MCP", "url"),
        ((502, "text/html", "<h1>Bad Gateway</h1>"), "a web page (HTTP 502), which is not MCP", "url"),
        ((200, "text/plain", "hello"), "answered with text/plain, which is not MCP", "url"),
        ((200, "application/xml", "<a/>"), "answered with application/xml, which is not MCP", "url"),
        ((200, "application/json", "hello"), "Failed to parse JSON", "url"),
        ((200, "application/json", "[]"), "Failed to parse JSON", "url"),
        ((404, "text/plain", ""), "HTTP 404: nothing is there; is the address right", "url"),
        ((503, "text/plain", "later"), "answered with HTTP 503", "url"),
        ((302, "text/plain", ""), "HTTP 302", "url"),
    ],
)
def test_what_is_not_mcp_is_said_with_what_to_do(
    tool_server: ToolServer, bare: tuple[int, str, str], words: str, about: str
) -> None:
    tool_server.bare = bare
    with pytest.raises(ServerProblem) as problem:
        listing(tool_server)
    assert words in str(problem.value)
    assert "<" not in str(problem.value) and len(str(problem.value)) < 400
    assert problem.value.about == about


# --- Refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize("is_old", [False, True])
@pytest.mark.parametrize(
    ("code", "is_refused"), [(-32600, True), (-32601, True), (-32602, True), (-32603, False), (7, False)]
)
def test_an_error_that_says_the_call_was_wrong_is_a_refusal(
    tool_server: ToolServer, code: int, is_refused: bool, is_old: bool
) -> None:
    async def refuses(arguments: Any) -> Any:
        raise MCPError(code, "text is required")

    tool_server.is_old = is_old
    tool_server.add("pay", act=refuses)
    with pytest.raises(ServerProblem, match="text is required") as problem:
        called(tool_server, "pay", text="x")
    assert (problem.value.refused, problem.value.sent) == (is_refused, not is_refused)


@pytest.mark.parametrize(
    ("bare", "is_refused"),
    [
        ((401, "text/plain", ""), True),
        ((404, "text/plain", ""), True),
        ((429, "text/plain", ""), True),
        ((400, "application/json", '{"jsonrpc": "2.0", "id": null, "error": {"code": -32602, "message": "no"}}'), True),
        ((500, "text/plain", ""), False),
        ((202, "text/plain", ""), False),
        ((200, "text/html", "<p>Done</p>"), False),
        ((200, "application/json", "half"), False),
        ((504, "text/html", "<p>Timeout</p>"), False),
    ],
)
def test_only_what_may_have_been_carried_out_is_unknown(
    tool_server: ToolServer, bare: tuple[int, str, str], is_refused: bool
) -> None:
    tool = seen(tool_server, "pay")
    tool_server.bare_calls = bare
    with pytest.raises(ServerProblem) as problem:
        called(tool_server, "pay", tool, text="x")
    assert (problem.value.refused, problem.value.sent) == (is_refused, not is_refused)
    assert len(tool_server.called) == 1


@pytest.mark.parametrize("is_old", [False, True])
@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({"content": [{"type": "text", "text": "Paid."}, {"type": "hologram"}]}, "Paid.\n\n[hologram: not shown]"),
        ({"content": [{"type": "text"}, 7]}, "[text: not shown]\n\n[something unknown: not shown]"),
        ({"content": "Paid."}, "Paid."),
        ({"content": None, "structuredContent": {"paid": True}}, '{"paid": true}'),
        ({"structuredContent": {"paid": True}}, '{"paid": true}'),
        ({"content": [], "structuredContent": [1], "_meta": 3, "isError": None}, "(The tool answered nothing.)"),
    ],
)
def test_a_result_that_is_odd_in_part_is_read_in_part(
    tool_server: ToolServer, result: dict[str, Any], text: str, is_old: bool
) -> None:
    tool_server.is_old = is_old
    tool_server.result = lambda arguments: result
    assert called(tool_server, "pay", text="x") == Answer(text)


def test_a_server_is_told_who_asks(tool_server: ToolServer) -> None:
    listing(tool_server)
    assert {headers["user-agent"] for headers in tool_server.headers} == {USER_AGENT}
