"""Names of 80 wide letters without a blank, on every page and in every dialog: nothing leaves its box."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from django.urls import reverse
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from builder.models import Agent, ServerTool, ToolServer
from cases.models import Case, Queue
from runs.models import Run
from teams.models import Credential, Member, Team
from tests import test_permissions
from tests.fixtures import Make
from tests.test_permissions import PAGES, Things

make_things = test_permissions.make_things
NAME = "W" * 80
WIDTHS = (1280, 390)

# What of `scope` is drawn outside of it. Whatever scrolls or cuts by itself, as wide tables and code do, may hold more.
_OUTSIDE = """(scope) => {
  const BLEED = 16; // negative margins that are meant
  const box = scope === document.body ? { left: 0, right: innerWidth } : scope.getBoundingClientRect();
  const cuts = (node) => getComputedStyle(node).overflowX !== "visible";
  const isHeld = (node) => {
    for (let at = node.parentElement; at && at !== scope; at = at.parentElement) if (cuts(at)) return true;
    return false;
  };
  const told = (node, why) =>
    `<${node.tagName.toLowerCase()} class="${node.className}"> ${why}: ${node.textContent.trim().slice(0, 40)}`;
  const found = [];
  if (scope.scrollWidth > scope.clientWidth + 1)
    found.push(told(scope, `scrolls ${scope.scrollWidth} > ${scope.clientWidth}`));
  for (const node of scope.querySelectorAll("*")) {
    if (!(node instanceof HTMLElement) || !node.checkVisibility() || isHeld(node)) continue;
    if (scope === document.body && node.closest("dialog, [popover]")) continue;
    const own = node.getBoundingClientRect();
    if (!own.width || !own.height || node.closest(".sr-only")) continue;
    if (own.right > box.right + 1 || own.left < box.left - 1)
      found.push(told(node, `reaches ${own.left}..${own.right} of ${box.left}..${box.right}`));
    else if (cuts(node) || getComputedStyle(node).display === "inline" || !node.clientWidth) continue;
    else if (node.scrollWidth > node.clientWidth + BLEED)
      found.push(told(node, `holds ${node.scrollWidth} in ${node.clientWidth}`));
  }
  return found;
}"""
_DIALOGS = """() => [...document.querySelectorAll("dialog[id]")].map((dialog) => dialog.id)"""
_OPEN = """(id) => {
  document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  document.getElementById(id).showModal();
}"""


@pytest.fixture
def things(
    monkeypatch: pytest.MonkeyPatch, team: Team, member: Member, make_things: Callable[[Team], Things]
) -> Things:
    """One of everything, each with the longest name it may have."""
    monkeypatch.setattr(test_permissions, "SECRET", NAME[:40])
    Team.objects.filter(pk=team.pk).update(name=NAME)
    type(member.user).objects.filter(pk=member.user_id).update(first_name=NAME)
    made = make_things(team)
    for model in (Agent, Queue, ToolServer, ServerTool, Credential):
        for number, row in enumerate(model.objects.filter(team=team)):
            model.objects.filter(pk=row.pk).update(name=f"{NAME[:-2]}{number:02}")
    Case.objects.update(title=NAME)
    return made


def outside(page: Page) -> list[str]:
    """Of the page, and then of each of its dialogs."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{width}: {fault}" for fault in page.evaluate(f"({_OUTSIDE})(document.body)")]
        for id in page.evaluate(_DIALOGS):
            page.evaluate(_OPEN, id)
            faults = page.locator(f'dialog[id="{id}"]').evaluate(_OUTSIDE)
            found += [f"{width} in #{id}: {fault}" for fault in faults]
        page.evaluate('document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close())')
    return found


@pytest.mark.timeout(600)
def test_no_name_is_too_long_for_a_page_or_a_dialog(things: Things, signed_in_page: Page, web: str) -> None:
    wrong, seen = {}, 0
    for route, entry in PAGES.items():
        if "GET" not in entry.methods or entry.open or route.startswith(("admin/", "live/", "api/", "help/")):
            continue
        address = test_permissions._address(route, things.ids.get(entry.of))
        answer = None
        with suppress(PlaywrightError):  # a file to save is no page
            answer = signed_in_page.goto(web + address, wait_until="domcontentloaded")
        if not answer or answer.status != 200 or not signed_in_page.locator("main").count():
            continue
        seen += 1
        if faults := outside(signed_in_page):
            wrong[address] = faults
    assert seen > 50
    assert not wrong, "\n".join(f"{address}\n  " + "\n  ".join(faults[:30]) for address, faults in wrong.items())


def test_nor_for_a_case_whose_run_has_ended(
    signed_in_page: Page, web: str, make_agent: Make[Agent], make_case: Make[Case], make_run: Make[Run]
) -> None:
    run = make_run(make_agent(NAME), case=make_case(NAME), status="completed", outcome="case_completed")
    signed_in_page.goto(web + reverse("case", args=[run.case_id]))
    signed_in_page.get_by_text("Last run:").wait_for()
    assert outside(signed_in_page) == []
