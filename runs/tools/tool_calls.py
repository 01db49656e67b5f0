"""Calls of tools of MCP servers.

That a call begins is written before it is sent, and its result after it. When a worker dies in between, the call is
made again only if its tool is read-only or repeatable; of any other the model is told that the outcome is unknown.
"""

from asgiref.sync import sync_to_async
from django.db import transaction
from pydantic_ai.messages import ToolCallPart

from builder.tools import servers
from builder.tools.server_tools import note, seen_as
from builder.tools.sessions import Answer, Endpoint, ServerProblem, ToolChanged, call_tool
from data.errors import Refused
from runs.record.claims import lock_both
from runs.record.steps import Work, append, insert, intent, tool_result

from . import server_tools, tools
from .server_tools import ServerCall

UNKNOWN = "unknown"

_UNKNOWN = (
    "It is unknown whether {tool} was carried out. Do not call it again before you know: look it up with another tool, "
    "or ask a person."
)
_REFUSED = "{tool} was not carried out. It may be called again, with other arguments."
_UNUSABLE = "{tool} cannot be used any more: it was switched off, or changed since a person looked at it."
_CHANGED = (
    "{tool} was not called: its server describes it differently since a person looked at it. It is paused until "
    "someone has looked again. Decide otherwise."
)


async def execute(work: Work, call: ToolCallPart) -> bool:
    """Call the tool and write its result. False when that is an error."""
    try:
        begun = await sync_to_async(_begin)(work, call)
    except Refused as refusal:
        await _write(work, call, Answer(f"Error: {refusal.message}", ok=False), refusal.code)
        return False
    if isinstance(begun, Answer):
        await _write(work, call, begun, "" if begun.ok else UNKNOWN)
        return begun.ok
    answer, code = await _called(work, call, begun)
    await _write(work, call, answer, code)
    return answer.ok


def _begin(work: Work, call: ToolCallPart) -> ServerCall | Answer:
    """Return what is to be called, or what to answer instead; from here on it counts as begun."""
    tool = work.server_tool(call.tool_name)
    if work.has_begun(call) and not (tool and tool.is_repeatable):
        return Answer(f"Error: The call was interrupted. {_UNKNOWN.format(tool=call.tool_name)}", ok=False)
    planned = tools.parse(work, call)
    assert isinstance(planned, ServerCall)
    if server_tools.is_spared(work, planned.tool):
        return Answer(tools.SPARED)
    with transaction.atomic():
        lock_both(work.claim)
        usable = server_tools.tools_of(work.agent).filter(pk=planned.tool.pk).first()
        if usable is None:
            raise Refused(_UNUSABLE.format(tool=call.tool_name), "tool_unusable")
        insert(work, intent(call))
    return ServerCall(usable, planned.arguments)


async def _called(work: Work, call: ToolCallPart, begun: ServerCall) -> tuple[Answer, str]:
    """The answer, with a code when it is an error of ours."""
    tool = begun.tool
    key = f"{work.run.pk}:{call.tool_call_id}"
    try:
        endpoint: Endpoint = servers.endpoint_of(tool.server)
        seen = seen_as(tool)
        answer = await call_tool(endpoint, seen, begun.arguments, idempotency_key=key, schema_only=tool.schema_only)
    except ToolChanged as changed:
        await sync_to_async(note)(tool, changed.found)
        work.server_tools = [other for other in work.server_tools if other.pk != tool.pk]
        return Answer(f"Error: {_CHANGED.format(tool=call.tool_name)}", ok=False), "tool_changed"
    except ServerProblem as problem:
        # Only a call that may have been carried out is one whose outcome is unknown.
        words, code = "", "tool_error"
        if problem.refused:
            words, code = _REFUSED.format(tool=call.tool_name), "tool_refused"
        elif problem.sent and not tool.is_repeatable:
            words, code = _UNKNOWN.format(tool=call.tool_name), UNKNOWN
        return Answer(f"Error: {problem} {words}".rstrip(), ok=False), code
    if not answer.ok:
        return Answer(f"Error: {answer.text}", ok=False), "tool_error"
    if comment := work.approved.get(call.tool_call_id):
        return Answer(f"{answer.text}\n\n(The person who approved this call said: {comment})"), ""
    return answer, ""


async def _write(work: Work, call: ToolCallPart, answer: Answer, code: str) -> None:
    said = _said(call, answer.text) if code in _SERVERS else ""
    await sync_to_async(append)(work, tool_result(call, answer.text, ok=answer.ok, code=code, said=said))


# The codes of results that hold words of a server, beside ours.
_SERVERS = {"", "tool_error", "tool_refused", UNKNOWN}


def _said(call: ToolCallPart, text: str) -> str:
    """The server's words, which may be meant for the model to obey."""
    if text == tools.SPARED:
        return ""
    said = text.removeprefix("Error: ")
    for ours in (_UNKNOWN, _REFUSED):
        said = said.removesuffix(ours.format(tool=call.tool_name))
    return said.strip()
