"""What a key costs in a procedure of 20,000 words: the CPU time of the page's main thread, in Chromium. Once as it is,
and once with the counts of its sentences in the margin.

python -m benchmarks.editor_typing [--quick]
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import UUID

from playwright.sync_api import CDPSession, Page, sync_playwright

from benchmarks.figures import Notes
from builder.procedures.passages import passages

STATIC = Path(__file__).parents[1] / "static"
WORDS = 20_000
KEYS = 200
PLACES = {"at the start": 0.0, "in the middle": 0.5, "at the end": 1.0}
PAGE = """<!doctype html><link rel="stylesheet" href="/css/baton.css"><script type="module" src="/js/mention-editor.js">
</script><form><input type="checkbox" data-passage-counts="/counts">
<mention-editor data-search="/" data-create="/" data-agents="[]">
<textarea name="aop" aria-label="Procedure" class="textarea procedure-field">{text}</textarea>{badges}
</mention-editor></form>"""
BADGE = '<template data-badge="{status}"><span class="mention"><svg></svg><span>Name</span></span></template>'


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--to", type=Path)
    chosen = parser.parse_args()
    notes, keys = Notes("editor_typing", chosen.to), 40 if chosen.quick else KEYS
    with _server() as address, sync_playwright() as playwright:
        args = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=args)
        page = browser.new_page()
        page.goto(address)
        page.locator(".mention-text").wait_for()
        notes.note("words of the procedure", WORDS, "words")
        for who in ("", "with counts"):
            if who:
                page.locator("[data-passage-counts]").check()
                page.locator(".passage-count").first.wait_for(state="attached")
            for name, share in PLACES.items():
                notes.times(f"a key {name}", _typed(page, share, keys), who=who)
        notes.note("drawing the counts, when the words rest", _drawn(page) * 1000, "ms")
        browser.close()


@contextlib.contextmanager
def _server() -> Iterator[str]:
    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/counts":
                self._send("application/json", _counts())
                return
            if self.path != "/":
                super().do_GET()
                return
            badges = "".join(BADGE.format(status=status) for status in ("ok", "unavailable", "deleted", "self"))
            self._send("text/html; charset=utf-8", PAGE.format(text="\n" + _text(), badges=badges))

        def _send(self, kind: str, text: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=STATIC))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def _text() -> str:
    chance = random.Random(1)
    lines, words = [], 0
    while words < WORDS:
        length = chance.randint(4, 16)
        words += length
        line = " ".join("x" * chance.randint(2, 9) for _ in range(length))
        if chance.random() < 0.2:
            line += f" @[Agent {words}](agent:{UUID(int=chance.getrandbits(128))})"
        lines.append(chance.choice(["", "", "1. ", "- ", "# "]) + line)
    return "\n".join(lines)


def _counts() -> str:
    """Of the sentences that mention someone, as builder's pages give them to the editor."""
    items = [
        {"source": one.source, "now": [3, 1, 0], "before": [0, 0, 0], "unused": False, "url": "/"}
        for one in passages(_text())
        if one.mentions
    ]
    return json.dumps({"period": "30 days", "items": items})


def _typed(page: Page, share: float, keys: int) -> list[float]:
    """Seconds of CPU of each key."""
    page.evaluate(
        """share => { const { view } = document.querySelector("mention-editor"); const { state } = view;
          const near = state.selection.constructor.near(state.doc.resolve(Math.round(share * state.doc.content.size)));
          view.focus(); view.dispatch(state.tr.setSelection(near).scrollIntoView()); }""",
        share,
    )
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    times = []
    for number in range(keys):
        before = _spent(session)
        page.keyboard.press("abcde "[number % 6])
        page.evaluate("() => new Promise(requestAnimationFrame)")
        times.append(_spent(session) - before)
    return times


def _drawn(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = _spent(session)
    page.evaluate("() => document.querySelector('mention-editor').margin.draw()")
    return _spent(session) - before


def _spent(session: CDPSession) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


if __name__ == "__main__":
    main()
