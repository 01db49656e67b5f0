"""Export, delete and import again, as people do it."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from builder.agents import agents
from builder.models import Agent
from cases.models import Queue


def test_agents_are_exported_deleted_and_imported_again(
    signed_in_page: Page, web: str, make_agent: Callable[..., Agent], queue: Queue, tmp_path: Path
) -> None:
    page = signed_in_page
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    billing = make_agent("Billing Specialist", aop="Pay back.", queue=queue)
    triage = make_agent("Triage", aop="Refunds go to", mentions=[billing], queue=queue)
    page.goto(f"{web}/agents/")
    page.get_by_role("button", name="More").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export all").click()
    archive = tmp_path / "agents.zip"
    download.value.save_as(archive)
    page.goto(f"{web}/agents/{triage.pk}/")
    page.get_by_role("button", name="More").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export", exact=True).click()
    assert download.value.suggested_filename == "triage.md"
    agents.delete_agent(billing)
    agents.save_agent(triage, aop="Someone else’s words.")

    page.goto(f"{web}/agents/")
    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="Import").click()
    page.get_by_label("Markdown files or a zip archive").set_input_files(archive)
    page.get_by_role("button", name="Preview").click()
    new = page.get_by_role("region", name="Billing Specialist")
    expect(new).to_contain_text("Will be paused")
    new.get_by_text("Its procedure").click()
    expect(new.get_by_text("Pay back.")).to_be_visible()
    expect(page.get_by_role("region", name="Triage").locator("ins")).to_contain_text("Refunds go to")
    assert not Agent.objects.live().filter(name="Billing Specialist").exists()

    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("Imported: 1 new, 1 changed.")).to_be_visible()
    expect(page.get_by_text("Paused, so that nothing runs yet: Billing Specialist.")).to_be_visible()
    made = Agent.objects.live().get(name="Billing Specialist")
    assert triage.live_revision.mentions.get().target == made
    assert list(made.queue_connections.values_list("queue", flat=True)) == [queue.pk]
    assert complaints == []


def test_a_missing_agent_is_chosen_by_name(signed_in_page: Page, web: str, make_agent: Callable[..., Agent]) -> None:
    page = signed_in_page
    refunds = make_agent("Refunds")
    page.goto(f"{web}/agents/import/")
    page.get_by_label("Or the text of one file").fill(
        "---\nname: Triage\nconsumes: [Letters]\n---\n\nTo @[Billing](agent:01990000-0000-7000-8000-000000000001)."
    )
    page.get_by_role("button", name="Preview").click()
    page.get_by_label("Instead of @Billing, mention").fill("Refunds")
    page.get_by_label("In place of the queue Letters").select_option("No connection")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name="Triage")).to_be_visible()
    made = Agent.objects.get(name="Triage")
    assert made.live_revision.mentions.get().target == refunds
    assert not made.queue_connections.exists()
    assert not made.is_paused
