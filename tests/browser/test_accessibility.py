"""Axe finds nothing on any page, in light and in dark."""

import threading

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Page, expect

from builder.agents import create_agent, delete_agent
from builder.models import Agent
from cases import importing, uploads
from cases.models import Case, Queue
from runs.models import BulkAction, BulkItem, Run
from runs.seeding import EMAIL, seed_demo
from runs.shift import run_shift
from teams.models import User
from tests.fixtures import mention

OPEN = ["/sign-in/", "/password/"]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


@pytest.fixture
def pages(web: str, transactional_db: None) -> list[str]:
    """Every page of the demo when some of its cases are done and one asks, and of an agent that is held up."""
    seed_demo()
    Case.objects.update(status="pending", due_at=None)
    shift = threading.Thread(target=run_shift, args=["test/1"], kwargs={"linger": 0})  # Playwright has this one's loop
    shift.start()
    shift.join()
    queue = Queue.objects.get(name="Support")
    triage, gone = Agent.objects.get(name="Triage"), create_agent(queue.team, "Gone")
    held_up = create_agent(queue.team, "Held up", aop=mention("Ask", gone))
    delete_agent(gone)
    done, asked = Case.objects.filter(status="completed").first(), Case.objects.filter(status="needs_input").first()
    assert done and asked
    run = Run.objects.filter(case=done).last()
    assert run
    action = BulkAction.objects.create(team=queue.team, actor="Somebody", verb="complete", arguments={"text": ""})
    BulkItem.objects.create(action=action, case=done, state="skipped", text="Is closed already")
    owner = User.objects.get(email=EMAIL)
    ready, done_upload = (
        uploads.keep(queue, owner, "mails.csv", b"Title;Prio;City\nLamp;soon;Bern\nRefund;high;Basel") for _ in range(2)
    )
    importing.start(done_upload, skip_flawed=True)
    importing.work_all()
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
        f"/agents/{held_up.pk}/",
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
        "/runs/",
        f"/runs/{run.pk}/",
        "/inbox/",
        "/usage/",
        "/settings/budgets/",
        "/settings/requests/",
        "/settings/webhooks/",
        "/settings/webhooks/new/",
        "/map/",
        "/help/agents/",
        "/nowhere/",
    ]


def test_no_page_has_a_fault_that_axe_finds(page: Page, web: str, pages: list[str], client: Client) -> None:
    client.force_login(User.objects.get(email=EMAIL))
    found = [fault for path in OPEN for fault in faults(page, web, path)]
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": web}])
    for path in pages:
        found += faults(page, web, path)
    page.goto(web)
    expect(page.locator("live-stream")).to_have_attribute("data-state", "live")
    page.keyboard.press("Control+k")
    page.locator("[role=option][aria-selected=true]").wait_for()
    found += seen(page, "the palette")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    found += seen(page, "the keys")
    assert not found, "\n".join(found)


def faults(page: Page, web: str, path: str) -> list[str]:
    page.goto(web + path)
    return seen(page, path)


def seen(page: Page, what: str) -> list[str]:
    """The faults of what is shown now."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.wait_for_timeout(400)  # colours change gradually, and parts come later
        for fault in Axe().run(page, options=RULES).response["violations"]:
            where = [node["target"][0] for node in fault["nodes"][:3]]
            found.append(f"{what} ({scheme}): {fault['id']}: {fault['help']} at {where}")
    return found
