"""The main job, as a newcomer does it: start Baton on an empty machine, sign in, watch a case being handed over."""

import os
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.ops.stack.harness import Started

PATIENCE = 60_000  # milliseconds; the demo's mail arrives over half a minute


@pytest.fixture(scope="module")
def baton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a whole Baton of its own, with its servers, workers, clock and demo."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    own = {"DATABASE_URL", "REDIS_URL", "TEST_DATABASE_URL", "TEST_REDIS_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE"}
    environment = {name: value for name, value in os.environ.items() if name not in own}
    environment |= {"BATON_HOME": str(tmp_path_factory.mktemp("home")), "PORT": port}
    started = Started(Path(environment["BATON_HOME"]), [sys.executable, "manage.py", "serve"], environment).ready()
    yield started.address
    assert started.stop() == 0, started.text


def test_a_newcomer_watches_a_case_change_hands_without_reloading(baton: str, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(baton)
    page.get_by_label("Email").fill("demo@example.com")
    page.get_by_label("Password", exact=True).fill("demo")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("First steps")).to_be_visible()

    page.goto(f"{baton}/cases/")
    page.get_by_role("link", name=re.compile("Refund for the seats we never used")).click()
    page.evaluate("window.sameDocument = true")
    expect(page.get_by_text("Billing Specialist").first).to_be_visible(timeout=PATIENCE)
    expect(page.locator("main")).to_contain_text("Closed by the offline stand-in", timeout=PATIENCE)
    expect(page.locator("main")).to_contain_text(re.compile("Triage.*Billing Specialist", re.DOTALL))
    assert page.evaluate("window.sameDocument"), "the page was loaded again"
    assert complaints == []
