"""The scripted provider: each run answers its customer once, and completes its case.

`python -m benchmarks.channel_chaos.provider LOG PACE` prints its address, as that of `benchmarks.chaos` does.
"""

import sys
import time
from pathlib import Path

from benchmarks.chaos.provider import case_in
from tests.provider import Answer, Provider, Reply, Request, call

REPLY = "reply_to_customer"


def answer(number: int) -> str:
    return f"An answer about Chaos {number}."


def main(log: Path, pace: float) -> None:
    log.touch()

    def script(request: Request) -> Answer:
        number = case_in(request.user_text)
        if request.results or REPLY not in request.tools:
            return _with(pace, "complete_case", summary=f"Answered {number}")
        return _with(pace, REPLY, text=answer(number))

    print(Provider(script).url, flush=True)
    while sys.stdin.readline():
        time.sleep(0)


def _with(wait: float, tool: str, **arguments: object) -> Reply:
    return Reply(calls=call(tool, **arguments).calls, delay=wait)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
