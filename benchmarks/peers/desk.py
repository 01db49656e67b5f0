"""What all contenders share: the mail of a case, what the model may call, and how a contender is told what to do.

A contender is a program. `prepare` makes its tables. `work` works cases until it is ended, and says "ready" when it is.
What is given lines `<first> <count>` on its input gets so many mails worked and says "done" when the last one is: that
is `submit` where workers take cases from a queue, and `work` itself where there is none.
"""

import os
import sys
from collections.abc import Callable

DATABASE = os.environ["DATABASE_URL"]
REDIS = os.environ["REDIS_URL"]
PLACES = int(os.environ["PLACES"])

TRIAGE = "You are Triage. Hand over refunds to Billing."
BILLING = "You are Billing. Refund what was paid twice, then complete the case."


def text(mail: int) -> str:
    return f"Mail-{mail}\n" + "I was charged twice and want a refund. " * 20


def tool(name: str, **arguments: str) -> dict[str, object]:
    """A tool as a request to a chat model names it."""
    properties = {argument: {"type": "string", "description": about} for argument, about in arguments.items()}
    parameters = {"type": "object", "properties": properties, "required": list(arguments)}
    about = name.replace("_", " ").capitalize() + "."
    return {"type": "function", "function": {"name": name, "description": about, "parameters": parameters}}


HAND_OVER = tool("hand_over", reason="Why.")
COMPLETE = tool("complete_case", summary="What was done.")


def request(stage: str, mail: int) -> dict[str, object]:
    """The request to the model of a stage, for those who write it by hand."""
    triage = stage == "triage"
    system = {"role": "system", "content": TRIAGE if triage else BILLING}
    messages = [system, {"role": "user", "content": text(mail)}]
    return {"model": "scripted", "messages": messages, "tools": [HAND_OVER if triage else COMPLETE]}


def told(do: Callable[[int, int], None]) -> None:
    """Does what each line of the input says."""
    print("ready", flush=True)
    for line in sys.stdin:
        first, count = map(int, line.split())
        do(first, count)
        print("done", flush=True)


def main(**verbs: Callable[[], None]) -> None:
    verbs[sys.argv[1]]()
