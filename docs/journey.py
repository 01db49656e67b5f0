"""The main journey in browsers that Playwright does not drive here: `python -m docs.journey firefox webkit`.

Debian's Firefox by WebDriver BiDi, and WebKitGTK by WebDriver. Both are told little more than to open pages and to run
scripts, so that one short journey fits them: sign in, see a case change hands live, comment on it, mention an agent.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import websockets.sync.client

from .screenshots import baton

_PATIENCE = 45.0
_LISTENS = re.compile(r"WebDriver BiDi listening on (\S+)")
Evaluate = Callable[[str], Any]


@contextlib.contextmanager
def firefox() -> Iterator[Evaluate]:
    """By WebDriver BiDi, which Firefox speaks itself."""
    with tempfile.TemporaryDirectory() as profile:
        command = ["firefox-esr", "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"]
        log = Path(profile, "log")
        with _running(command, log, {"HOME": profile, "MOZ_DISABLE_CONTENT_SANDBOX": "1"}):
            _until(lambda: _LISTENS.search(log.read_text()), "Firefox listens")
            [address] = _LISTENS.findall(log.read_text())
            with websockets.sync.client.connect(f"{address}/session", max_size=None) as socket:
                yield _bidi(socket)


def _bidi(socket: websockets.sync.client.ClientConnection) -> Evaluate:
    count = 0

    def send(method: str, **params: Any) -> Any:
        nonlocal count
        count += 1
        socket.send(json.dumps({"id": count, "method": method, "params": params}))
        while True:
            said = json.loads(socket.recv(timeout=_PATIENCE))
            if said.get("id") == count:
                assert said["type"] == "success", said
                return said["result"]

    send("session.new", capabilities={})
    context = send("browsingContext.getTree")["contexts"][0]["context"]

    def evaluate(script: str) -> Any:
        # Each value travels as text, which both protocols hand over alike.
        wrapped = f"JSON.stringify((() => {{ {script} }})() ?? null)"
        found = send("script.evaluate", expression=wrapped, target={"context": context}, awaitPromise=False)
        assert found["type"] == "success", found["exceptionDetails"]["text"]
        return json.loads(found["result"]["value"])

    return evaluate


@contextlib.contextmanager
def webkit() -> Iterator[Evaluate]:
    """By WebDriver, with the small browser that comes with WebKitGTK."""
    options = {"webkitgtk:browserOptions": {"binary": _mini_browser(), "args": ["--automation"]}}
    display = [] if os.environ.get("DISPLAY") else ["xvfb-run", "-a"]
    with (
        tempfile.TemporaryDirectory() as home,
        _running([*display, "WebKitWebDriver", "--port=4477"], Path(home, "log"), {"HOME": home}),
    ):
        address = _answering("http://127.0.0.1:4477")
        session = _post(f"{address}/session", {"capabilities": {"alwaysMatch": options}})["sessionId"]

        def evaluate(script: str) -> Any:
            wrapped = f"return JSON.stringify((() => {{ {script} }})() ?? null)"
            return json.loads(_post(f"{address}/session/{session}/execute/sync", {"script": wrapped, "args": []}))

        try:
            yield evaluate
        finally:
            urlopen(Request(f"{address}/session/{session}", method="DELETE"), timeout=10).close()


def _mini_browser() -> str:
    return next(str(path) for path in Path("/usr/lib").rglob("webkit2gtk-4.*/MiniBrowser"))


def _post(address: str, body: dict[str, Any]) -> Any:
    request = Request(address, json.dumps(body).encode(), {"content-type": "application/json"})
    with urlopen(request, timeout=_PATIENCE) as response:
        return json.load(response)["value"]


def _answering(address: str) -> str:
    def answers() -> bool:
        with contextlib.suppress(OSError), urlopen(f"{address}/status", timeout=1):
            return True
        return False

    _until(answers, "the driver answers")
    return address


@contextlib.contextmanager
def _running(command: list[str], log: Path, environment: dict[str, str]) -> Iterator[None]:
    with log.open("w") as said:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=said, stderr=said, process_group=0)
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(10)


# --- The journey -----------------------------------------------------------------------------


def _until(holds: Callable[[], Any], what: str) -> None:
    ends = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < ends, f"not seen within {_PATIENCE:.0f} s: {what}"
        time.sleep(0.1)


def journey(evaluate: Evaluate, address: str) -> None:
    def goto(path: str, ready: str) -> None:
        evaluate(f"window.isOld = true; location.assign({json.dumps(address + path)})")
        _until(lambda: _quietly(f"return !window.isOld && !!document.querySelector({json.dumps(ready)})"), path)

    def _quietly(script: str) -> Any:
        with contextlib.suppress(AssertionError, OSError, ValueError):  # the page is just being left
            return evaluate(script)
        return None

    def sees(text: str) -> bool:
        return bool(_quietly(f"return document.querySelector('main').textContent.includes({json.dumps(text)})"))

    goto("/", "input[type=password]")
    evaluate(
        "window.isOld = true; const form = document.querySelector('input[type=password]').form;"
        "form.querySelector('[type=email]').value = 'demo@example.com';"
        "form.querySelector('[type=password]').value = 'demo'; form.requestSubmit()"
    )
    _until(lambda: sees("First steps"), "Home")
    goto("/cases/", "#results a[href*='/cases/']")
    last = "Refund for the seats we never used"
    case = evaluate(
        f"return [...document.querySelectorAll('main a')].find((a) => a.textContent.includes('{last}')).pathname"
    )
    goto(case, "#content h1")
    evaluate("window.sameDocument = true")
    _until(lambda: sees("Completed by Billing Specialist"), "the case changes hands without a reload")
    assert evaluate("return window.sameDocument"), "the page was loaded again"
    evaluate(
        "const box = document.querySelector('form[action*=comments] textarea');"
        "box.value = 'Looks right.'; box.form.requestSubmit()"
    )
    _until(lambda: sees("Looks right."), "the comment")
    goto("/agents/", "#content a[href^='/agents/']")
    agent = evaluate(
        "return [...document.querySelectorAll('main a')].find((a) => a.textContent.trim() == 'Triage').pathname"
    )
    goto(agent, "mention-editor [contenteditable=true]")
    assert evaluate("return document.querySelectorAll('mention-editor [role=img]').length") >= 2, "badges"
    evaluate(
        "const text = document.querySelector('mention-editor [contenteditable=true]'); text.focus();"
        "getSelection().selectAllChildren(text); getSelection().collapseToEnd();"
        "document.execCommand('insertText', false, ' @Tech')"
    )
    _until(lambda: _quietly("return !!document.querySelector('[role=listbox] [role=option]')"), "the list of agents")


BROWSERS = {"firefox": firefox, "webkit": webkit}


def main(names: list[str]) -> None:
    with baton() as address:
        for name in names:
            began = time.monotonic()
            with BROWSERS[name]() as evaluate:
                journey(evaluate, address)
            sys.stdout.write(f"{name}: the journey was made in {time.monotonic() - began:.1f} s\n")


if __name__ == "__main__":
    main(sys.argv[1:] or list(BROWSERS))
