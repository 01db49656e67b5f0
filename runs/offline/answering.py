"""The reply of the stand-in: a text of the procedure itself, chosen as a target is, and filled from the case.

It says nothing else. Where no text is clearly closest, or one needs a field that the case does not have, it does not
reply, and says why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from builder.procedures import replies
from builder.procedures.needs import name_key
from builder.procedures.replies import Reply

from . import phrases, similarity
from .similarity import Brief, Match

# How close a case must be to what a reply is for: a reply that does not fit is worse than none.
CLOSE_ENOUGH = 0.35
LEAD = 0.08
_LONGEST_VALUE = 200


@dataclass(frozen=True)
class Answer:
    """What to say, and what it is for; or, without a text, why nothing is said."""

    text: str = ""
    when: str = ""
    why_not: str = ""


def values_of(data: Any, **more: Any) -> dict[str, str]:
    """Return the fields that a reply can name, by `name_key`: those of the case's data with a value of one line."""
    fields: Mapping[str, Any] = data if isinstance(data, dict) else {}
    found = {name_key(str(name)): _said(value) for name, value in {**more, **fields}.items()}
    return {name: value for name, value in found.items() if value}


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str | int | float):
        return ""
    line = " ".join(str(value).split())
    return line if len(line) <= _LONGEST_VALUE else ""


def choose(brief: Brief, own: Match | None) -> Answer | None:
    """Return what to say to a case that stays here, or why nothing; None for a procedure without replies. `own`: which
    text of the procedure the case is like.
    """
    offered = replies.read(brief.aop).replies
    if not offered:
        return None
    if own and own.said.passage and phrases.closes(own.said.passage.source):
        return Answer(why_not="The procedure closes such cases, so there is no reply.")
    ranked = similarity.rank(brief.case_text, [reply.when for reply in offered])
    if not ranked or ranked.best.score / len(ranked.best.scores) < CLOSE_ENOUGH:
        return Answer(why_not="No reply of the procedure fits.")
    if ranked.lead < LEAD and ranked.rival:
        both = f"“{ranked.best.said.text}” and “{ranked.rival.said.text}”"
        return Answer(why_not=f"No reply: {both} are too close to call.")
    return _filled(_of(offered, ranked.best), brief)


def _of(offered: Sequence[Reply], match: Match) -> Reply:
    return next(reply for reply in offered if reply.when == match.candidate.says[0].text)


def _filled(reply: Reply, brief: Brief) -> Answer:
    text, missing = replies.filled(reply.text, brief.values)
    if missing:
        names = ", ".join(f"“{name}”" for name in missing)
        return Answer(why_not=f"The reply for “{reply.when}” needs {names}, which the case does not have.")
    return Answer(text, reply.when)
