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
from typing import Literal

sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import chromium

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1200, "height": 760}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LAST = "Talk at our school?"
DEMO = "Charged twice in November"
TABLE = """Ticket\tSubject\tMessage\tCustomer
T-1041\tCharged twice\tMy card shows two payments of 49.00.\tAda Brandt
T-1042\tApp crashes on start\tSince the update it closes at once.\tJon Okafor
T-1043\tWrong VAT number\tPlease correct it on invoice 2291.\tMei Tanaka
"""


@contextmanager
def baton(home: str = "") -> Iterator[str]:
    """The address of one with the demo. `home`: where its data lie; else they are thrown away."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as throwaway:
        environment = os.environ | {"BATON_HOME": home or throwaway, "PORT": str(port)}
        command = [sys.executable, ROOT / "manage.py", "serve"]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        next(line for line in process.stdout if "Ctrl-C stops" in line)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate()


def sign_in(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("Email").fill("demo@example.com")
    page.get_by_label("Password", exact=True).fill("demo")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/")


def break_a_route(page: Page, address: str) -> str:
    """Makes tests of Triage's last cases, and saves what breaks one of them. Returns the address of the check."""
    page.goto(f"{address}/agents/")
    page.get_by_role("main").get_by_role("link", name="Triage").first.click()
    page.get_by_role("link", name="All tests").click()
    page.get_by_role("link", name="From recent cases").click()
    page.get_by_role("button", name="Create tests").click()
    page.get_by_role("navigation", name="Agent").get_by_role("link", name="Procedure").click()
    page.locator(".mention-badge").first.wait_for()
    page.get_by_role("textbox", name="Procedure", exact=True).get_by_text("Invoices, refunds").click(click_count=3)
    page.keyboard.press("Delete")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Not saved.").wait_for(timeout=60_000)
    check = page.url
    page.get_by_role("link", name="Edit agent").click()
    page.get_by_role("button", name="Discard", exact=True).first.click()
    with page.expect_navigation():
        page.get_by_role("dialog").get_by_role("button", name="Discard").click()
    return check


def take(page: Page, address: str, ending: str, check: str) -> None:
    """One picture for each page of the docs that shows a part of the product."""

    def picture(name: str) -> None:
        page.mouse.move(0, 0)
        page.screenshot(path=IMAGES / f"{name}{ending}.png")

    def first(place: str, link: str) -> None:
        page.goto(f"{address}/{place}/")
        page.get_by_role("main").get_by_role("link", name=link).first.click()
        page.get_by_role("heading", name=link).first.wait_for()

    first("cases", DEMO)
    page.get_by_text("Completed by").first.wait_for(timeout=60_000)
    picture("case")
    page.get_by_role("link", name="Run", exact=True).last.click()
    page.get_by_role("heading", name="Steps").wait_for()
    picture("run")
    for place in ("inbox", "map", "usage"):
        page.goto(f"{address}/{place}/")
        picture(place)
    page.goto(check)
    page.get_by_text("What changed between them").first.wait_for()
    picture("check")
    first("agents", "Triage")
    page.locator(".mention-badge").first.wait_for()
    picture("agent")
    page.get_by_role("navigation", name="Agent").get_by_role("link", name="Runs").click()
    page.get_by_role("link", name="Add a schedule").click()
    page.get_by_role("heading", name="New schedule").wait_for()
    page.get_by_text("The next five times").wait_for()
    picture("schedule")
    first("queues", "Support")
    picture("queue")
    page.get_by_role("link", name="Import").click()
    page.get_by_role("link", name="Paste").click()
    page.get_by_label("Rows of a spreadsheet").fill(TABLE)
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("Mei Tanaka").locator("visible=true").first.wait_for()
    picture("import")


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with baton() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium())
        page = browser.new_page()
        sign_in(page, address)
        page.goto(f"{address}/inbox/")
        page.get_by_text(LAST).wait_for(timeout=120_000)  # then all of the demo's cases are worked
        check = break_a_route(page, address)
        for scheme in SCHEMES:
            page = browser.new_context(viewport=SIZE, color_scheme=scheme, device_scale_factor=1.5).new_page()
            sign_in(page, address)
            take(page, address, "" if scheme == "light" else "-dark", check)
        browser.close()


if __name__ == "__main__":
    main()
