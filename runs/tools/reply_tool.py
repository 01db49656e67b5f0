"""The tool by which a run writes to the customer of its case, where the case's queue allows it."""

from pydantic import Field
from pydantic_ai.messages import ToolCallPart

from cases.models import Case
from channels.email import replies
from runs.prompts.arguments import Arguments
from runs.record.steps import Work

REPLY = "reply_to_customer"


class ReplyToCustomer(Arguments):
    text: str = Field(
        description="The whole message, in the customer's language, without subject and signature.",
        min_length=1,
        max_length=replies.TEXT_LIMIT,
    )


def may_reply(work: Work) -> bool:
    queue = (work.case.queue if work.case else None) or work.run.queue
    return work.case is not None and queue is not None and queue.replies


def must_ask(work: Work, call: ToolCallPart) -> bool:
    """Return whether a person has to approve first what an agent writes to the customer. Nothing comes of it in
    a try.
    """
    return call.tool_name == REPLY and not work.agent.replies_freely and not work.run.has_no_effect


def reply(work: Work, case: Case | None, wanted: ReplyToCustomer, call_id: str) -> str:
    """Send what an agent that needs no approval writes to the customer."""
    assert case
    replies.reply_freely(case, wanted.text, work.agent, work.run.pk, call_id)
    return "It will be sent to the customer."
