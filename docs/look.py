"""Every page of the product, to look at: `.venv/bin/python docs/look.py [WORDS]` draws them into .look/index.html.

Starts a Baton of its own with the demo, fills it with long names and many rows, adds a team that has nothing, follows
every link, and takes one page of each kind at three widths, light and dark. It names those that are wider than the screen
and whatever the browser complains of. WORDS: only pages whose names hold one of them.
"""

import html
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import Page, sync_playwright

from docs.screenshots import ROOT, SCHEMES, baton, chromium, sign_in

OUT = ROOT / ".look"
WIDTHS = (1440, 1024, 390)
ERRORS = ("/nowhere/", "/tour/leave/")
EMPTY = ("/", "/inbox/", "/agents/", "/queues/", "/cases/", "/runs/", "/schedules/", "/map/", "/usage/")
NOTHING_FITS = (
    "/agents/?q=zzz",
    "/queues/?q=zzz",
    "/cases/?q=zzz",
    "/runs/?q=zzz",
    "/inbox/?q=zzz",
    "/schedules/?q=zzz",
)
FILL = """
from builder.agents import connect, Consumes, create_agent
from builder.mentions import token
from builder.models import Agent
from cases.creation import NewCase, add_case
from cases.queues import create_queue
from cases.teams import create_team
from runs.models import Run
from teams.actors import person
from teams.models import Member, Team, User
team, user = Team.objects.get(is_demo=True), User.objects.get(email="demo@example.com")
LONG = "Donaudampfschifffahrtsgesellschaftskapitaenspatentverlaengerung " * 2
queue = create_queue(team, LONG[:75], description=LONG)
agents = [create_agent(team, f"{n} {LONG}"[:75], description=LONG) for n in range(3)]
words = " ".join(token(other.pk, other.name) for other in [*agents, *Agent.objects.filter(team=team)[:9]])
agents.append(create_agent(team, "Knows everybody", aop=f"# Goal\\n{LONG * 5}\\n\\n1. Ask {words}", author=user))
agents += [create_agent(team, f"Specialist for the matters of region {n}") for n in range(60)]
for agent in agents[:3]:
    connect(agent, [Consumes(queue.pk, 5)])
case = NewCase(LONG, {"message": LONG * 20, "customer": {"name": LONG}}, labels=[LONG[:40], "vip", "refund"])
add_case(queue, case, by=person(user))
for n in range(70):
    add_case(queue, NewCase(f"Case {n} of many", labels=["vip"] * (n % 3 == 0)), by=person(user))
Member.objects.create(team=create_team("Empty", "empty"), user=user, role="administrator")
"""


def pages(page: Page, address: str) -> dict[str, str]:
    """One of each kind, by the shape of its address: /cases/<id>/."""
    found: dict[str, str] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop(0)
        shape = "/".join("ID" if part[:1].isdigit() and len(part) > 30 else part for part in path.split("/"))
        if shape in found or (shape.startswith("/help/") and found and "/help/" in found):
            continue
        answer = page.goto(address + path)
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
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
    return taken


def main(words: list[str]) -> None:
    OUT.mkdir(exist_ok=True)
    rows: dict[str, list[Path]] = {}
    with tempfile.TemporaryDirectory() as home, baton(home) as address, sync_playwright() as playwright:
        environment = os.environ | {"BATON_HOME": home}
        command = [sys.executable, ROOT / "manage.py", "shell", "--no-imports", "--command", FILL]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        browser = playwright.chromium.launch(**chromium())
        paths: dict[str, str] = {}
        for scheme in SCHEMES:
            for width in WIDTHS:
                page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
                page.on("pageerror", lambda error: print("error in the page:", error))  # noqa: T201
                sign_in(page, address)
                switch(page, address, "demo")
                if not paths:
                    paths = pages(page, address) | {path: path for path in (*ERRORS, *NOTHING_FITS)}
                    paths = {
                        shape: path for shape, path in paths.items() if not words or any(w in shape for w in words)
                    }
                taken = take(page, address, paths, width, scheme)
                if not words:
                    switch(page, address, "empty")
                    taken += take(page, address, {f"/empty{path}": path for path in EMPTY}, width, scheme)
                    switch(page, address, "demo")
                for shape, file in taken:
                    rows.setdefault(shape, []).append(file)
        browser.close()
    cells = (
        f"<h2>{html.escape(shape)}</h2><p>" + "".join(f'<img src="{file.name}" height="600">' for file in files)
        for shape, files in rows.items()
    )
    (OUT / "index.html").write_text("<!doctype html><title>Baton</title>" + "".join(cells))


def switch(page: Page, address: str, team: str) -> None:
    page.goto(address)
    with page.expect_navigation():
        page.locator(f"#user-menu button[value={team}]").dispatch_event("click")


if __name__ == "__main__":
    main(sys.argv[1:])
