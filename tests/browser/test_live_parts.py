"""Our scripts and htmx in a real browser, against a server that does what the test says."""

import queue
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from web.format.times import ago

STATIC = Path(__file__).parents[2] / "static"
TYPES = {".js": "text/javascript", ".css": "text/css"}
CSP = "default-src 'self'; img-src 'self' data:; object-src 'none'"


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.streams: list[queue.Queue[str | None]] = []
        self.connected = threading.Event()
        self.renders = 0
        self.part_status = 200
        self.words = "case:c1 run:*"
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.streaming = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def send(self, kind: str, id: str) -> None:
        for stream in self.streams:
            stream.put(f"event: {kind}\ndata: {id}\n\n")

    def drop(self) -> None:
        self.connected.clear()
        for stream in self.streams:
            stream.put(None)

    def part(self) -> str:
        self.renders += 1
        lines = "".join(f"<p>line {n} of render {self.renders}</p>" for n in range(40))
        return f"""<section id="part" data-live="{self.words}" hx-get="/part" hx-trigger="live" hx-swap="outerMorph">
          <b id="count">{self.renders}</b>
          <details id="more"><summary>More</summary><div id="scroller" class="code-view">{lines}</div></details>
          <input id="line" value="from render {self.renders}">
          <textarea id="text">from render {self.renders}</textarea>
          <button id="button">Render {self.renders}</button>
          <live-time><time datetime="2020-01-05T10:00:00+00:00" title="UTC">server's words</time></live-time>
        </section>"""

    def page(self) -> str:
        # The head is that of templates/base.html: its settings of htmx are part of what is tested.
        base = (STATIC.parent / "templates/base.html").read_text()
        config = re.search(r'<meta name="htmx-config".*?}.>', base, re.DOTALL)
        assert config
        return f"""<!doctype html><title>Test</title><link rel="icon" href="data:,">
          <link rel="stylesheet" href="/static/css/baton.css">
          {config[0]}
          <script src="/static/js/theme.js"></script>
          <script src="/static/vendor/htmx.min.js" defer></script>
          <script src="/static/js/app.js" type="module"></script>
          <body><live-stream src="/live"><p hidden><span data-words></span></p></live-stream>{self.part()}</body>"""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/":
            self.answer(self.server.page())
        elif self.path == "/part":
            drawn = self.server.part() if self.server.part_status == 200 else "<h1>Broken</h1>"
            self.server.may_answer.wait(60)
            self.answer(drawn)
        elif self.path.partition("?")[0] == "/live" and self.server.streaming:
            self.stream()
        elif self.path.startswith("/static/"):
            file = STATIC / self.path.removeprefix("/static/").partition("?")[0]
            self.answer(file.read_bytes(), TYPES.get(file.suffix, "application/octet-stream"))
        else:
            self.send_error(503)

    def answer(self, body: str | bytes, kind: str = "text/html; charset=utf-8") -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(self.server.part_status if self.path == "/part" else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Security-Policy", CSP)
        self.end_headers()
        self.wfile.write(data)

    def stream(self) -> None:
        mine: queue.Queue[str | None] = queue.Queue()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b": hello\n\n")
        self.server.streams.append(mine)
        self.server.connected.set()
        try:
            while (event := mine.get()) is not None:
                self.wfile.write(event.encode())
        except OSError:
            pass
        finally:
            self.server.streams.remove(mine)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.drop()
    server.shutdown()
    server.server_close()


@pytest.fixture
def live(page: Page, server: Server) -> Page:
    page.goto(server.url)
    expect(page.locator("live-stream")).to_have_attribute("data-state", "live")
    assert server.connected.wait(60)
    return page


def test_a_part_refetches_when_one_of_its_words_is_told(live: Page, server: Server) -> None:
    server.send("case", "c1")
    expect(live.locator("#count")).to_have_text("2")
    server.send("run", "any")
    expect(live.locator("#count")).to_have_text("3")


def test_a_refetch_says_that_nobody_asked_for_it(live: Page, server: Server) -> None:
    """So that an open page keeps nobody signed in."""
    with live.expect_request("**/part") as by_itself:
        server.send("case", "c1")
    assert by_itself.value.headers["baton-live"] == "1"
    with live.expect_request("**/part") as by_hand:
        live.evaluate("htmx.ajax('GET', '/part', {source: '#button', target: '#part', swap: 'outerMorph'})")
    assert "baton-live" not in by_hand.value.headers


@pytest.mark.parametrize("cookies", ["csrftoken=newest", "csrftoken=planted; __Host-csrftoken=newest; other=1"])
def test_a_form_is_sent_with_the_newest_token(live: Page, cookies: str) -> None:
    sent = """cookies => {
      Object.defineProperty(document, "cookie", {value: cookies});
      const form = document.createElement("form");
      form.innerHTML = '<input name="csrfmiddlewaretoken" value="old">';
      document.body.append(form);
      return new FormData(form).get("csrfmiddlewaretoken");
    }"""
    assert live.evaluate(sent, cookies) == "newest"


def test_a_part_ignores_what_it_does_not_show(live: Page, server: Server) -> None:
    server.send("case", "c2")
    server.send("agent", "c1")
    server.send("case", "c1")
    expect(live.locator("#count")).to_have_text("2")
    assert server.renders == 2


def test_what_changes_while_the_part_that_shows_it_is_on_its_way_is_not_missed(live: Page, server: Server) -> None:
    server.may_answer.clear()
    server.words = "case:c1 case:c9"
    with live.expect_request("**/part"):
        server.send("case", "c1")
    server.send("case", "c9")
    live.wait_for_timeout(200)
    server.may_answer.set()
    expect(live.locator("#count")).to_have_text("3")
    server.send("case", "c9")
    expect(live.locator("#count")).to_have_text("4")
    live.wait_for_timeout(400)
    assert server.renders == 4


def test_a_burst_makes_few_requests_and_loses_nothing(live: Page, server: Server) -> None:
    for _ in range(200):
        server.send("run", "r")
    live.wait_for_timeout(1000)
    shown = int(live.locator("#count").inner_text())
    assert shown == server.renders
    assert 3 <= shown <= 4  # the page, the first of the burst, and its last


def test_a_morph_keeps_what_the_reader_is_doing(live: Page, server: Server) -> None:
    live.locator("summary").click()
    live.locator("#scroller").evaluate("e => e.scrollTop = 300")
    live.locator("#line").fill("typed")
    live.locator("#text").fill("typed too")
    live.locator("#text").evaluate("e => e.setSelectionRange(2, 5)")
    live.evaluate("window.before = document.querySelector('#text')")
    server.send("case", "c1")
    expect(live.locator("#count")).to_have_text("2")
    assert live.locator("#more").evaluate("e => e.open")
    assert live.locator("#scroller").evaluate("e => e.scrollTop") == 300
    expect(live.locator("#scroller")).to_contain_text("line 3 of render 2")
    expect(live.locator("#line")).to_have_value("typed")
    expect(live.locator("#text")).to_have_value("typed too")
    assert live.evaluate("document.activeElement === window.before")
    assert live.locator("#text").evaluate("e => [e.selectionStart, e.selectionEnd]") == [2, 5]


def test_a_morph_keeps_the_focus_on_a_button(live: Page, server: Server) -> None:
    live.locator("#button").focus()
    server.send("case", "c1")
    expect(live.locator("#button")).to_have_text("Render 2")
    expect(live.locator("#button")).to_be_focused()


def test_words_of_time_survive_a_morph(live: Page, server: Server) -> None:
    expect(live.locator("time")).to_have_text("5 Jan 2020")
    server.send("case", "c1")
    expect(live.locator("#count")).to_have_text("2")
    expect(live.locator("time")).to_have_text("5 Jan 2020")


def test_the_browser_tells_times_in_the_words_of_the_server(page: Page, server: Server) -> None:
    page.goto(server.url)
    now = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
    distances = [sign * int(1.13**power) for power in range(140) for sign in (1, -1)]
    script = """async ([now, distances]) => {
      const { ago } = await import("/static/js/live-time.js");
      return distances.map((s) => ago(new Date(now - s * 1000), new Date(now)));
    }"""
    told = page.evaluate(script, [now.timestamp() * 1000, distances])
    assert told == [ago(now - timedelta(seconds=distance), now) for distance in distances]


def test_a_lost_connection_comes_back_and_catches_up(live: Page, server: Server) -> None:
    server.drop()
    assert server.connected.wait(60)
    expect(live.locator("#count")).to_have_text("2")
    server.send("case", "c1")
    expect(live.locator("#count")).to_have_text("3")


def test_a_page_that_is_too_slow_for_its_signals_fetches_all_parts(live: Page, server: Server) -> None:
    server.send("refresh", "all")
    expect(live.locator("#count")).to_have_text("2")


def test_without_a_stream_the_part_is_polled(page: Page, server: Server) -> None:
    server.streaming = False
    page.goto(server.url)
    expect(page.locator("live-stream")).to_have_attribute("data-state", "polling")
    expect(page.locator("#count")).not_to_have_text("1")


def test_a_failed_try_for_the_stream_does_not_put_off_the_next_poll(page: Page, server: Server) -> None:
    server.streaming = False
    page.goto(server.url)
    expect(page.locator("live-stream")).to_have_attribute("data-state", "polling")
    page.evaluate("setInterval(() => document.querySelector('live-stream').connection.retryNow(), 500)")
    expect(page.locator("#count")).not_to_have_text("1")


def test_a_page_that_comes_back_to_others_that_poll_polls_too(page: Page, server: Server) -> None:
    server.streaming = False
    page.goto(server.url)
    expect(page.locator("live-stream")).to_have_attribute("data-state", "polling")
    follower = page.context.new_page()
    follower.goto(server.url)
    expect(follower.locator("live-stream")).to_have_attribute("data-state", "polling")
    follower.evaluate("for (const name of ['pagehide', 'pageshow']) dispatchEvent(new Event(name))")
    shown = follower.locator("#count").inner_text()
    expect(follower.locator("#count")).not_to_have_text(shown)
    assert not follower.evaluate("document.querySelector('live-stream').connection.leader.leads")


def test_an_error_does_not_replace_the_part(live: Page, server: Server) -> None:
    server.part_status = 500
    with live.expect_response("**/part"):
        server.send("case", "c1")
    server.part_status = 200
    server.send("case", "c1")
    expect(live.locator("#count")).to_have_text("2")
    expect(live.locator("h1")).to_have_count(0)


def test_a_hidden_tab_waits_and_catches_up(live: Page, server: Server) -> None:
    def hide(hidden: bool) -> None:
        live.evaluate(
            "h => { Object.defineProperty(document, 'hidden', {value: h, configurable: true});"
            " document.dispatchEvent(new Event('visibilitychange')) }",
            hidden,
        )

    hide(True)
    for _ in range(5):
        server.send("case", "c1")
    live.wait_for_timeout(500)
    assert server.renders == 1
    hide(False)
    expect(live.locator("#count")).to_have_text("2")


def test_nothing_breaks_the_content_security_policy(page: Page, server: Server) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(server.url)
    expect(page.locator("live-stream")).to_have_attribute("data-state", "live")
    server.send("case", "c1")
    expect(page.locator("#count")).to_have_text("2")
    assert complaints == []
