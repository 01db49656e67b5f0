"""Axe finds nothing on any page, in light and in dark. The long form, with all menus and on phones: docs/axe.py."""

import threading

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from builder.agents.agents import create_agent, delete_agent
from builder.models import Agent
from cases.imports import importing, uploads
from cases.models import Case, Queue
from ops.demo.seeding import seed_demo
from runs.models import BulkAction, BulkItem, Run
from runs.workers.shift import run_shift
from teams.models import User
from teams.people.demo_account import EMAIL
from tests.fixtures import mention

from .axe import faults

OPEN = ["/sign-in/", "/sign-in/deactivated/", "/password/", "/password/sent/"]
# Opens the next of the page's dialogs.
DIALOG = """(number) => {
    document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
    const dialog = document.querySelectorAll("#content dialog[id]")[number];
    dialog?.showModal();
    return dialog?.id ?? "";
}"""


@pytest.fixture
def pages(web: str, transactional_db: None) -> list[str]:
    """Every page of the demo when some of its cases are done and one asks, and of an agent that is blocked."""
    seed_demo()
    Case.objects.update(status="pending", due_at=None)
    shift = threading.Thread(target=run_shift, args=["test/1"], kwargs={"linger": 0})  # Playwright has this one's loop
    shift.start()
    shift.join()
    queue = Queue.objects.get(name="Support")
    triage, gone = Agent.objects.get(name="Triage"), create_agent(queue.team, "Gone")
    blocked = create_agent(queue.team, "Blocked", aop=mention("Ask", gone))
    delete_agent(gone)
    done, asked = Case.objects.filter(status="completed").first(), Case.objects.filter(status="needs_input").first()
    assert done and asked
    run = Run.objects.filter(case=done).last()
    assert run
    action = BulkAction.objects.create(team=queue.team, actor="Someone", verb="complete", arguments={"text": ""})
    BulkItem.objects.create(action=action, case=done, state="skipped", text="Is closed already")
    owner = User.objects.get(email=EMAIL)
    ready, done_upload = (
        uploads.store_upload(queue, owner, "mails.csv", b"Title;Prio;City\nLamp;soon;Bern\nRefund;high;Basel")
        for _ in range(2)
    )
    importing.start(done_upload, skip_flawed=True)
    importing.process_all()
    return [
        "/",
        "/agents/",
        "/agents/new/",
        "/agents/deleted/",
        "/agents/import/",
        f"/agents/{triage.pk}/",
        f"/agents/{triage.pk}/revisions/",
        f"/agents/{triage.pk}/revisions/1/",
        f"/agents/{triage.pk}/delete/",
        f"/agents/{triage.pk}/schedules/new/",
        f"/agents/{blocked.pk}/",
        f"/agents/{gone.pk}/",
        "/queues/",
        "/queues/new/",
        f"/queues/{queue.pk}/",
        f"/queues/{queue.pk}/edit/",
        f"/queues/{queue.pk}/cases/new/",
        f"/queues/{queue.pk}/cases/paste/",
        f"/queues/{queue.pk}/cases/upload/",
        f"/cases/imports/{ready.pk}/",
        f"/cases/imports/{done_upload.pk}/",
        "/cases/",
        "/cases/?q=refund&status=completed&label=mail",
        "/labels/",
        f"/bulk/{action.pk}/",
        f"/cases/{done.pk}/",
        f"/cases/{asked.pk}/",
        f"/cases/{asked.pk}/edit/",
        "/schedules/",
        "/account/",
        "/account/email/",
        "/account/two-step/",
        "/settings/notifications/",
        "/notifications/",
        "/runs/",
        f"/runs/{run.pk}/",
        "/inbox/",
        "/usage/",
        "/settings/budgets/",
        "/settings/general/",
        "/settings/requests/",
        "/settings/webhooks/",
        "/settings/webhooks/new/",
        "/map/",
        "/help/agents/",
        "/find/",
        "/corrections/",
        "/map/handovers/",
        "/settings/",
        "/settings/keys/",
        "/settings/members/",
        "/settings/models/",
        "/settings/models/new/",
        "/settings/tools/",
        "/settings/tools/new/",
        "/settings/audit/",
        "/account/password/",
        "/account/devices/",
        "/cases/?q=zzz",
        "/views/new/?list=cases&query=q%3Drefund",
        "/nowhere/",
    ]


def test_no_page_has_a_fault_that_axe_finds(page: Page, web: str, pages: list[str], client: Client) -> None:
    client.force_login(User.objects.get(email=EMAIL))
    found: list[str] = []

    def look(what: str, within: str = "html") -> None:
        found.extend(f"{what} {fault}" for fault in faults(page, within=within))

    for path in OPEN:
        page.goto(web + path)
        look(path)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": web}])
    for path in pages:
        page.goto(web + path)
        look(path)
        # Rows have one dialog each.
        for number in range(3):
            if name := page.evaluate(DIALOG, number):
                look(f"{path} with {name}", within=f'dialog[id="{name}"]')
    page.set_viewport_size({"width": 390, "height": 760})
    for path in ("/", "/cases/", "/inbox/"):
        page.goto(web + path)
        look(f"{path} on a phone")
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(web)
    expect(page.locator("live-stream")).to_have_attribute("data-state", "live")
    page.keyboard.press("Control+k")
    page.locator("[role=option][aria-selected=true]").wait_for()
    look("the palette")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    look("the keys")
    assert not found, "\n".join(found)
