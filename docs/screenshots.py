"""Takes the pictures of the docs: `.venv/bin/python docs/screenshots.py`. Starts a Baton of its own with the demo."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import chromium

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1200, "height": 760}
DEMO = "Charged twice in November"


@contextmanager
def baton() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"BATON_HOME": home, "PORT": str(port)}
        command = [sys.executable, ROOT / "manage.py", "serve"]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        next(line for line in process.stdout if "Ctrl-C stops" in line)
        yield f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGINT)
        process.communicate()


def sign_in(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("E-mail").fill("demo@example.com")
    page.get_by_label("Password", exact=True).fill("demo")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/")


def take(browser: Browser, address: str, scheme: str) -> None:
    page = browser.new_context(viewport=SIZE, color_scheme=scheme, device_scale_factor=2).new_page()  # type: ignore[arg-type]
    sign_in(page, address)
    ending = "" if scheme == "light" else "-dark"
    page.goto(f"{address}/cases/")
    page.get_by_role("link", name=DEMO).click()
    page.get_by_text("Completed by").first.wait_for(timeout=60_000)
    page.screenshot(path=IMAGES / f"case{ending}.png")
    page.goto(f"{address}/agents/")
    page.get_by_role("link", name="Triage").first.click()
    page.get_by_role("heading", name="Triage").wait_for()
    page.screenshot(path=IMAGES / f"agent{ending}.png")


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with baton() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium())
        for scheme in ("light", "dark"):
            take(browser, address, scheme)
        browser.close()


if __name__ == "__main__":
    main()
