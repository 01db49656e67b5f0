"""The scripted provider of the chaos, in a process of its own: `python -m benchmarks.chaos.provider LOG`.

Prints its address. Lines on its input (`500`, `hang`, `half`) say what becomes of the next requests; each request is
written to the log before it is answered.
"""

import json
import re
import sys
import threading
import time
from collections import deque
from pathlib import Path

from tests.provider import Answer, Failure, Provider, Reply, Request, call

# What each agent calls, one turn after the other; every fifth case has a question.
ADD, ASK = "add_cases", "ask_person"
_PLANS = {"Triage": [ADD, "request_handover"], "Billing": [ADD, "complete_case"]}
_FAILURES = {
    "500": Failure(500),
    "hang": Failure(200, kind="hang_up", delay=30),
    "half": Failure(200, kind="half"),
}


def title(case: int) -> str:
    return f"Chaos {case}"


def case_in(text: str) -> int:
    return int(re.findall(r"Chaos (\d+)", text)[0])


def plan(agent: str, case: int) -> list[str]:
    return [ASK, *_PLANS[agent]] if agent == "Billing" and case % 5 == 0 else _PLANS[agent]


def delay(case: int, pace: float) -> float:
    """Seconds until an answer about it."""
    return pace * (0.5 + case % 7 / 6)


class Script:
    def __init__(self, log: Path, pace: float) -> None:
        self.log = log.open("a")
        self.pace = pace
        self.failures: deque[str] = deque()
        self.lock = threading.Lock()

    def __call__(self, request: Request) -> Answer:
        case, done = case_in(request.user_text), len(request.results)
        with self.lock:
            failure = self.failures.popleft() if self.failures else ""
            entry = {
                "id": f"chatcmpl-{request.number}",
                "at": time.time(),
                "case": case,
                "agent": request.agent,
                "done": done,
                "failure": failure,
            }
            self.log.write(json.dumps(entry) + "\n")
            self.log.flush()
        return _FAILURES[failure] if failure else self._reply(request.agent, case, done)

    def _reply(self, agent: str, case: int, done: int) -> Reply:
        wait = delay(case, self.pace)
        match plan(agent, case)[done]:
            case "add_cases":
                return _with(wait, ADD, queue="Outbox", cases=[{"title": f"Effect of {agent} on {case}"}])
            case "request_handover":
                return _with(wait, "request_handover", target="billing", reason="Money", note=f"For {case}")
            case "ask_person":
                return _with(wait, ASK, question=f"Which account has case {case}?")
        return _with(wait, "complete_case", summary=f"Done with {case}")


def _with(wait: float, tool: str, **arguments: object) -> Reply:
    return Reply(calls=call(tool, **arguments).calls, delay=wait)


def main(log: Path, pace: float) -> None:
    script = Script(log, pace)
    provider = Provider(script)
    print(provider.url, flush=True)
    for line in sys.stdin:
        script.failures.append(line.strip())


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
