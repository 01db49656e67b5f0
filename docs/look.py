"""Every page of the product, to look at: `.venv/bin/python docs/look.py [WORDS]` draws them into .look/index.html.

Starts a Baton of its own with the demo, fills it with long names and many rows, adds a team that has nothing, follows
every link, and takes one page of each kind at three widths, light and dark. It names those that are wider than the screen
and whatever the browser complains of. WORDS: only pages whose names hold one of them.
"""

import html
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import Page, sync_playwright

from .screenshots import ROOT, SCHEMES, baton, chromium, sign_in

OUT = ROOT / ".look"
WIDTHS = (1440, 1024, 390)
ERRORS = ("/nowhere/", "/tour/leave/")
EMPTY = (
    "/",
    "/inbox/",
    "/agents/",
    "/queues/",
    "/cases/",
    "/runs/",
    "/schedules/",
    "/map/",
    "/reports/",
    "/usage/",
    "/handovers/",
    "/corrections/",
    "/settings/keys/",
    "/settings/sources/",
    "/settings/sources/mailbox/new/",
    "/settings/webhooks/",
    "/settings/tools/",
    "/settings/models/",
    "/settings/audit/",
    "/settings/members/",
    "/settings/groups/",
    "/settings/budgets/",
    "/settings/general/",
    "/agents/deleted/",
)
NOTHING_FITS = (
    "/agents/?q=zzz",
    "/queues/?q=zzz",
    "/cases/?q=zzz",
    "/runs/?q=zzz",
    "/inbox/?q=zzz",
    "/inbox/?show=cases&q=zzz",
    "/schedules/?q=zzz",
)
FILL = "import json; from docs.fill import fill; print(json.dumps(fill()))"
UNLINKED = ("/invitation/", "/password/ID/")
SIGNED_OUT = ("/sign-in/", "/sign-up/", "/password/", "/password/sent/", "/sign-in/deactivated/")
# The next dialog or menu of the page, as a click opens it.
OPEN = """(number) => {
    document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
    document.querySelectorAll(":popover-open").forEach((popover) => popover.hidePopover());
    const openers = new Map([...document.querySelectorAll("[commandfor], [popovertarget]:not(.dock-menu)")]
        .reverse().filter((button) => button.command !== "close" && button.popoverTargetAction !== "hide")
        .map((button) => [button.getAttribute("commandfor") ?? button.getAttribute("popovertarget"), button]));
    const ids = [...openers.keys()].filter((id) => location.pathname === "/" || id !== "user-menu").reverse();
    openers.get(ids[number])?.click();
    return number < ids.length ? ids[number] : "";
}"""
AT_MOST = 5  # of one page: rows of a list have a menu each


def pages(page: Page, address: str) -> dict[str, str]:
    """One of each kind, by the shape of its address: /cases/<id>/."""
    found: dict[str, str] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop(0)
        shape = re.sub("/([0-9a-f-]{36}|[0-9]+)(?=/)", "/ID", path)
        if shape in found or (shape.startswith("/help/") and found and "/help/" in found):
            continue
        answer = page.goto(address + path)
        if answer and not answer.ok:
            print(f"a link leads to an error, {answer.status}: {path}")  # noqa: T201
        if answer is None or not answer.ok or "text/html" not in answer.headers.get("content-type", ""):
            continue
        found[shape] = path
        links = page.evaluate(
            "[...document.querySelectorAll('a[href]:not([download])')].map((a) => a.getAttribute('href'))"
        )
        parts = [urlsplit(link) for link in links if link.startswith("/")]
        waiting += [part.path for part in parts if not part.path.startswith(("/admin", "/api", "/static", "/metrics"))]
    return found


def take(page: Page, address: str, paths: dict[str, str], width: int, scheme: str) -> list[tuple[str, Path]]:
    taken = []
    for shape, path in paths.items():
        page.goto(address + path)
        page.wait_for_timeout(250)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            print(f"wider than the screen: {path} at {width}")  # noqa: T201
        name = (shape.strip("/") or "home").replace("/", "-").replace("?", "-").replace("=", "-")
        file = OUT / f"{name}-{width}-{scheme}.png"
        page.screenshot(path=file, full_page=True)
        taken.append((shape, file))
        for number in range(AT_MOST if width != 1024 else 0):
            if not page.evaluate(OPEN, number):
                break
            page.wait_for_timeout(250)
            file = OUT / f"{name}-{number}-{width}-{scheme}.png"
            page.screenshot(path=file)
            taken.append((f"{shape} {number}", file))
    return taken


def main(words: list[str]) -> None:
    OUT.mkdir(exist_ok=True)
    rows: dict[str, list[Path]] = {}
    with tempfile.TemporaryDirectory() as home, baton(home) as address, sync_playwright() as playwright:
        environment = os.environ | {"BATON_HOME": home}
        command = [sys.executable, ROOT / "manage.py", "shell", "--no-imports", "--command", FILL]
        told = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
        unlinked = [urlsplit(link)._replace(scheme="", netloc="").geturl() for link in json.loads(told)]
        browser = playwright.chromium.launch(**chromium())
        paths: dict[str, str] = {}
        for scheme in SCHEMES:
            for width in WIDTHS:
                context = browser.new_context(
                    viewport={"width": width, "height": 900}, color_scheme=scheme, has_touch=width == 390
                )
                page = context.new_page()
                page.on("pageerror", lambda error: print("error in the page:", error))  # noqa: T201
                signed_out = {path: path for path in SIGNED_OUT} | dict(zip(UNLINKED, unlinked, strict=True))
                taken = take(page, address, among(words, signed_out), width, scheme)
                sign_in(page, address)
                switch(page, address, "demo")
                paths = paths or pages(page, address) | {path: path for path in (*ERRORS, *NOTHING_FITS)}
                taken += take(page, address, among(words, paths), width, scheme)
                switch(page, address, "empty")
                taken += take(page, address, among(words, {f"/empty{path}": path for path in EMPTY}), width, scheme)
                context.close()
                for shape, file in taken:
                    rows.setdefault(shape, []).append(file)
        browser.close()
    cells = (
        f"<h2>{html.escape(shape)}</h2><p>" + "".join(f'<img src="{file.name}" height="600">' for file in files)
        for shape, files in rows.items()
    )
    (OUT / "index.html").write_text("<!doctype html><title>Baton</title>" + "".join(cells))


def among(words: list[str], paths: dict[str, str]) -> dict[str, str]:
    return {shape: path for shape, path in paths.items() if not words or any(word in shape for word in words)}


def switch(page: Page, address: str, team: str) -> None:
    page.goto(address)
    with page.expect_navigation():
        page.locator(f"#user-menu button[value={team}]").dispatch_event("click")


if __name__ == "__main__":
    main(sys.argv[1:])
