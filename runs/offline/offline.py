"""The offline stand-in: a router that compares texts by sentence embeddings. Not a language model.

It does four things: hand over, complete, ask a person, or reply with a text of the procedure's REPLIES. The closest
text of the procedure, or an example that people gave, decides if it is clearly closest. It runs through the ordinary
engine, so that all around it is the real thing.
"""

import asyncio
import re
from collections.abc import Sequence

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.usage import RequestUsage

from builder.procedures import replies
from builder.procedures.sentences import LIST_MARK

from . import answering, similarity
from .similarity import EXAMPLE, NAME, Brief, Example, Match, Target, Verdict, available, candidates, compare, default

__all__ = ["Brief", "Example", "Target", "offline_model"]

# How far the closest candidate must be ahead of the next; below it a person decides. Between two that people gave
# examples for less will do. Closing takes more: a wrong handover can be handed on, a closed case is over.
LEAD, LEAD_WITH_EXAMPLES = 0.032, 0.022
TO_CLOSE = 0.05
# Below this score a request is like nothing that the procedure speaks of, however far ahead.
FLOOR = 0.1

NOBODY = "No one – close the case"
_CHOICES = 9  # `ask_person` takes ten
WHAT_IT_IS = "It routes work by comparing texts; it does not read, answer or act."
_WHAT_IT_SAYS = "Chosen by the offline stand-in, which says nothing but the replies of a procedure."
REPLY = "reply_to_customer"


def offline_model(brief: Brief) -> FunctionModel:
    async def offline(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        parts = await _next(brief, messages, {tool.name for tool in info.function_tools})
        return ModelResponse(parts=parts, usage=RequestUsage(unmeasured_requests=1), provider_name="offline")

    return FunctionModel(offline, model_name="offline")


# --- One turn --------------------------------------------------------------------------------

type Act = ToolCallPart | TextPart


async def _next(brief: Brief, messages: Sequence[ModelMessage], tools: set[str]) -> list[Act | ThinkingPart]:
    last = _last_return(messages)
    if last is not None and last.tool_name == "ask_person" and last.outcome == "success":
        return [_take_choice(brief, _answer(last), tools)]
    if last is not None and last.tool_name == REPLY and last.outcome == "success":
        return [_after_reply(last, brief, tools)]
    if last is not None:
        # The person who refused a question would refuse it again.
        asking = tools if last.tool_name != "ask_person" else tools - {"ask_person"}
        return [_ask(f"What it tried was refused: {_refusal(last)}", brief.targets, asking)]
    return await asyncio.to_thread(_first, brief, tools)


def _first(brief: Brief, tools: set[str]) -> list[Act | ThinkingPart]:
    verdict, act = _compared(brief, tools)
    # What a change would have done to this case will be asked by someone who types, and should not wait.
    similarity.keep(brief)
    return [*_figures(verdict), act]


def first_act(brief: Brief, tools: set[str]) -> Act:
    """What it does with a case that it has just been given. Takes 30 ms of CPU: not on an event loop."""
    return _compared(brief, tools)[1]


def _compared(brief: Brief, tools: set[str]) -> tuple[Verdict, Act]:
    if not any(candidate.leaves for candidate in candidates(brief)):
        return _stay(brief, tools)
    if not available():
        why = "The part that compares texts is not installed (the extra “offline”)."
        return Verdict(), _ask(why, brief.targets, tools)
    verdict = compare(brief)
    return verdict, _follow(brief, verdict, tools)


def _last_return(messages: Sequence[ModelMessage]) -> ToolReturnPart | None:
    """What came back last for a call of ours: an answer, or a refusal of what we asked for."""
    requests = (message for message in reversed(messages) if isinstance(message, ModelRequest))
    parts = (part for request in requests for part in reversed(request.parts))
    return next((part for part in parts if isinstance(part, ToolReturnPart)), None)


def _refusal(returned: ToolReturnPart) -> str:
    """Why, in words for people: what a model should do about it is left out."""
    said = returned.model_response_str(wrap_if_error=False)
    return said.removeprefix("Error: ").partition(" Call request_handover again")[0]


def _follow(brief: Brief, verdict: Verdict, tools: set[str]) -> Act:
    if not verdict.matches:
        return _ask("There is no text to compare.", brief.targets, tools)
    best, why = verdict.best, _reason(brief, verdict.best)
    if best.score / len(best.scores) < FLOOR:
        return _ask("It is like nothing that the procedure speaks of.", _ranked(brief, verdict), tools)
    if verdict.lead < needed(verdict):
        return _ask(_close_call(brief, verdict), _ranked(brief, verdict), tools, best)
    if best.candidate.absent:
        unable = f"{why}, which names {best.candidate.absent}, who cannot take it now."
        return _ask(unable, _ranked(brief, verdict), tools, best)
    if best.candidate.target is not None:
        return _hand_over(best.candidate.target, why, tools, best)
    return _finish(brief, best, f"{why}, which names nobody else.", tools)


def _stay(brief: Brief, tools: set[str]) -> tuple[Verdict, Act]:
    """What it does where the procedure mentions nobody."""
    why = "The procedure mentions nobody to hand over to."
    if not (replies.read(brief.aop).replies and available()):
        return Verdict(), _complete(why, tools)
    verdict = compare(brief)
    return verdict, _finish(brief, verdict.best if verdict.matches else None, why, tools)


def _finish(brief: Brief, own: Match | None, why: str, tools: set[str]) -> Act:
    """End a case that stays here, with a reply if the procedure has one for it."""
    answer = answering.choose(brief, own)
    if answer is None or not answer.text:
        return _complete(f"{why} {answer.why_not}" if answer else why, tools)
    if REPLY in tools:
        return ToolCallPart(REPLY, {"text": answer.text})
    if "complete_case" not in tools:
        return TextPart(answer.text)
    quoted = "\n>\n".join(f"> {line}" for line in answer.text.split("\n") if line)
    said = f"The procedure’s reply for “{answer.when}”:\n\n{quoted}\n\n{_WHAT_IT_SAYS} It was not sent: {_UNSENT}"
    return ToolCallPart("complete_case", {"summary": said})


_UNSENT = "agents of this queue may not write to customers."


def _after_reply(returned: ToolReturnPart, brief: Brief, tools: set[str]) -> Act:
    if returned.model_response_str(wrap_if_error=False).startswith("Not approved"):
        return _ask("The reply of the procedure was not approved.", brief.targets, tools)
    return ToolCallPart("complete_case", {"summary": f"Replied with a text of the procedure. {_WHAT_IT_SAYS}"})


def needed(verdict: Verdict) -> float:
    """The lead that decides."""
    lead = LEAD_WITH_EXAMPLES if verdict.between_examples else LEAD
    return lead if verdict.best.candidate.leaves else lead + TO_CLOSE


def _ranked(brief: Brief, verdict: Verdict) -> list[Target]:
    """The targets, the closest first; whom the procedure gives everything else comes third at the latest."""
    ranked = [match.candidate.target for match in verdict.matches if match.candidate.target]
    rest = default(brief)
    if rest and rest in ranked[3:]:
        ranked.remove(rest)
        ranked.insert(2, rest)
    return ranked


def _answer(returned: ToolReturnPart) -> str:
    content = returned.content
    return (
        str(content["answer"]) if isinstance(content, dict) and "answer" in content else returned.model_response_str()
    )


def _take_choice(brief: Brief, answer: str, tools: set[str]) -> Act:
    said = answer.casefold()
    chosen = [target for target in brief.targets if target.name.casefold() in said or target.key == said.strip()]
    # "Billing" and "Billing Specialist" are both in "Billing Specialist": the longer name is meant.
    chosen = [one for one in chosen if not any(_contains(other, one) for other in chosen)]
    if len(chosen) == 1:
        return _hand_over(chosen[0], f"A person chose {chosen[0].name}.", tools)
    if not chosen and (NOBODY.casefold() in said or _NOBODY.match(said)):
        return _complete("A person chose to close it here.", tools)
    return _ask(f"The answer “{_short(answer)}” does not say who.", brief.targets, tools)


# Only at the start: "don't close it" is no order to close.
_NOBODY = re.compile(r"\W*(nobody|no one|close|handle it here)\b")


def _contains(longer: Target, shorter: Target) -> bool:
    return longer.name != shorter.name and shorter.name.casefold() in longer.name.casefold()


def _hand_over(target: Target, why: str, tools: set[str], match: Match | None = None) -> Act:
    if "request_handover" not in tools:
        return _ask(f"It should go to {target.name}, but this run may not hand over any more.", (), tools)
    arguments = {"target": target.key, "reason": why, **({"fields": dict(target.fields)} if target.fields else {})}
    return ToolCallPart("request_handover", {**arguments, **_because(match)})


def _because(match: Match | None) -> dict[str, str]:
    """The sentence of the procedure that is meant, by its place."""
    return {"because": str(match.passage.start)} if match and match.passage else {}


def _complete(why: str, tools: set[str]) -> Act:
    """End the work. On a case a tool ends it; a standalone run ends with a text."""
    if "complete_case" in tools:
        return ToolCallPart("complete_case", {"summary": f"Closed by the offline stand-in. {WHAT_IT_IS} {why}"})
    return TextPart(f"Ended by the offline stand-in. {WHAT_IT_IS} {why}")


def _ask(why: str, targets: Sequence[Target], tools: set[str], match: Match | None = None) -> Act:
    names = [target.name for target in targets[:_CHOICES]] if "request_handover" in tools else []
    if "ask_person" not in tools:
        return TextPart(f"The offline stand-in cannot decide this and may not ask a person. {WHAT_IT_IS} {why}")
    question = f"Who should handle this: {_either(names)}?" if names else "Should this be closed?"
    asked = {"question": f"{question} {why}", "choices": [*names, NOBODY]}
    return ToolCallPart("ask_person", {**asked, **_because(match)})


def _either(names: Sequence[str]) -> str:
    shown = [*names[:4], "someone else"] if len(names) > 4 else [*names, "nobody"] if len(names) == 1 else names
    return f"{', '.join(shown[:-1])} or {shown[-1]}"


def _reason(brief: Brief, match: Match) -> str:
    """Why, in words: which sentence or example the case is like."""
    text = f"“{_short(match.said.text)}”"
    if match.said.kind == EXAMPLE:
        return f"Like the example {text}"
    if match.said.kind == NAME:
        name = match.candidate.target.name if match.candidate.target else ""
        return (
            f"Matches {text}" if match.said.text == name else f"Matches {name}: {text}" if name else f"Matches {text}"
        )
    step = _step(brief.aop, match)
    return f"Matches {text} in step {step}" if step else f"Matches {text}"


def _step(aop: str, match: Match) -> str:
    """The number of the list item in which the text stands, if it has one."""
    if match.said.passage is None:
        return ""
    line = aop[aop.rfind("\n", 0, match.said.passage.start) + 1 :]
    mark = LIST_MARK.match(line)
    number = mark[0].strip().rstrip(".)") if mark else ""
    return number if number.isdigit() else ""


def _close_call(brief: Brief, verdict: Verdict) -> str:
    both = [match for match in (verdict.best, verdict.rival) if match]
    reasons = [_reason(brief, match) for match in both]
    # What is quoted may end the sentence by itself.
    return f"Too close to call. {' '.join(why if why.endswith('.”') else f'{why}.' for why in reasons)}"


def _figures(verdict: Verdict) -> list[ThinkingPart]:
    """The scores, for those who look at the run; reasons on other pages do without."""
    if not verdict.matches:
        return []
    lines = [
        f"- {match.candidate.target.name if match.candidate.target else match.candidate.absent or NOBODY}: "
        f"“{_short(match.said.text)}” (similarity {match.similarity:.2f}, score {match.score / len(match.scores):.3f})"
        for match in verdict.matches[:4]
    ]
    return [ThinkingPart("\n".join([f"Closest texts, lead {verdict.lead:.3f}:", *lines]))]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 90 else f"{text[:89].rstrip()}…"
