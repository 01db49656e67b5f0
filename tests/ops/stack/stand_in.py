"""Runs the real supervisor and the real servers under small programs in the place of Baton's own.

STUBBORN=1 makes a worker that ignores the request to stop.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from ops.stack.home import Home
from ops.stack.launch import Plan, launch
from ops.stack.processes import Program

WEB = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *args): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
WORKER = """
import os, signal
if os.environ.get("STUBBORN"): signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("at work with", os.environ["DATABASE_URL"], flush=True)
while True: signal.pause()
"""


def programs(plan: Plan, environment: Mapping[str, str]) -> list[Program]:
    python = [sys.executable, "-S", "-c"]
    return [
        Program("prepare", [*python, "print('prepared')"], environment, once=True),
        Program("web", [*python, WEB, str(plan.port)], environment, ready=plan.web_answers),
        Program("worker 1", [*python, WORKER], environment),
    ]


if __name__ == "__main__":
    plan = Plan(home=Home(Path(os.environ["BATON_HOME"])), port=int(os.environ.get("PORT", "0")))
    sys.exit(launch(plan, programs))
