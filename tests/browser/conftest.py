import asyncio
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from playwright.sync_api import Error as PlaywrightError

from tests.web_process import wait_until_quiet

_CLOSING_SECONDS = 20

# A page that is as it should be is seen at once; the limit must hold on a machine that is busy with other things.
expect.set_options(timeout=30_000)


def chromium() -> dict[str, Any]:
    """How to launch it: an installed Chromium if there is one, else Playwright's own.

    The shell is Chromium without windows, whose tool bars cost more than our pages do.
    """
    names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
    found = next((path for name in names if (path := shutil.which(name))), None)
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    args = [*quiet, "--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    return {"executable_path": found, "args": args}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, **chromium()}


@pytest.fixture(scope="session")
def browsers(launch_browser: Callable[[], Browser]) -> Iterator[list[Browser]]:
    """The last one is in use."""
    launched = [launch_browser()]
    yield launched
    loop.show()
    with suppress(PlaywrightError):
        launched[-1].close()


@pytest.fixture
def browser(browsers: list[Browser], launch_browser: Callable[[], Browser]) -> Browser:
    if not browsers[-1].is_connected():
        browsers.append(launch_browser())
    return browsers[-1]


# Chromium itself tries styles while one edits, in vain: that is none of our pages.
_TELL_WHAT_WAS_FORBIDDEN = """
addEventListener("securitypolicyviolation", (event) => {
  if (event.violatedDirective === "style-src-attr" && document.activeElement?.isContentEditable) return;
  console.error(`forbidden: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""


@pytest.fixture
def new_context(new_context: Callable[..., BrowserContext]) -> Iterator[Callable[..., BrowserContext]]:
    """Whatever a test looks at, no page may try what its content security policy forbids.

    Once in some hundred times Chromium never closes a context: it is ended then, and the next test gets another.
    """
    forbidden: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.text.startswith("forbidden: "):
            forbidden.append(f"{message.page.url if message.page else ''} {message.text}")

    def make(**options: Any) -> BrowserContext:
        context = new_context(**options)
        context.on("console", note)
        context.add_init_script(_TELL_WHAT_WAS_FORBIDDEN)
        close = context.close

        def close_in_time() -> None:
            ended = threading.Event()
            timer = threading.Timer(_CLOSING_SECONDS, lambda: (ended.set(), end_browser()))
            timer.start()
            try:
                close()
            except PlaywrightError:
                if not ended.is_set():
                    raise
            finally:
                timer.cancel()

        context.close = close_in_time  # type: ignore[method-assign, assignment]
        return context

    yield make
    assert not forbidden, "\n".join(forbidden)


def end_browser() -> None:
    """Playwright's driver is a child of this process, and the browser is a child of the driver."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    drivers = {pid for pid, parent in parents.items() if parent == os.getpid()}
    for pid, parent in parents.items():
        if parent in drivers and b"--remote-debugging-pipe" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)


class Loop:
    """Playwright's event loop counts as running on this thread from its first test on, also while it rests."""

    hidden: asyncio.AbstractEventLoop | None = None

    def hide(self) -> None:
        self.hidden = asyncio._get_running_loop()
        asyncio._set_running_loop(None)

    def show(self) -> None:
        if self.hidden:
            asyncio._set_running_loop(self.hidden)


loop = Loop()


@pytest.fixture(autouse=True)
def hidden_loop() -> Iterator[None]:
    """Keeps Playwright's loop from the tests that have one of their own."""
    loop.show()
    yield
    loop.hide()


@pytest.fixture(scope="session")
def database_beside_a_loop() -> Iterator[None]:
    """Django refuses the database to a thread with a running loop, but Playwright's rests while a test acts."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def web(database_beside_a_loop: None, web_process: int) -> str:
    """The address of a web process of Baton on the test's database. Tests that use it commit what they make."""
    return f"http://127.0.0.1:{web_process}"


@pytest.fixture(autouse=True)
def quiet_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """What pages asked for last is answered before the database is emptied; it would get in the way of that."""
    has_database = "transactional_db" in request.fixturenames
    if has_database:
        request.getfixturevalue("transactional_db")  # before the page, so that it ends after it
    yield
    if has_database:
        wait_until_quiet()


@pytest.fixture
def signed_in_page(page: Page, web: str, transactional_db: None, signed_in: Client) -> Page:
    """A tab of `member`, on no page yet."""
    page.context.add_cookies([{"name": "sessionid", "value": signed_in.cookies["sessionid"].value, "url": web}])
    return page
