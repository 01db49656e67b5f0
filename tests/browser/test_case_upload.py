"""From a file to its cases, as people do it."""

import datetime
from pathlib import Path

import openpyxl
from playwright.sync_api import Page, expect

from cases.imports import importing
from cases.models import Case, CaseUpload, Queue


def looked_at(page: Page, web: str, queue: Queue, file: Path) -> None:
    page.goto(f"{web}/queues/{queue.pk}/")
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("CSV or XLSX file").set_input_files(file)
    page.get_by_role("button", name="Preview").click()


def test_a_csv_file_in_another_encoding_becomes_cases(
    signed_in_page: Page, web: str, queue: Queue, tmp_path: Path
) -> None:
    page = signed_in_page
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    file = tmp_path / "mails.csv"
    file.write_bytes("Titel;Kunde;Intern\nŁódź fragt;Ada;x\n;Ben;y\n".encode("windows-1250"))
    looked_at(page, web, queue, file)
    cases = page.get_by_role("region", name="Cases")
    expect(cases).to_be_visible()
    expect(cases).not_to_contain_text("Łódź")
    page.get_by_label("Encoding").select_option("windows-1250")
    expect(cases).to_contain_text("Łódź fragt")
    expect(cases).to_contain_text("Intern")
    page.get_by_label("Intern").select_option("Skip")
    expect(cases).not_to_contain_text("Intern")
    errors = page.get_by_role("region", name="Errors")
    expect(errors.get_by_role("row").nth(1)).to_contain_text("Titel")
    page.get_by_role("button", name="Import 1 case, skip 1 row", exact=True).click()
    expect(page.get_by_role("region", name="Not added")).to_contain_text("Titel: Required.")
    with page.expect_download() as download:
        page.get_by_role("link", name="All as CSV").click()
    assert "Ben" in download.value.path().read_text()
    page.get_by_role("link", name="Łódź fragt").click()
    expect(page.get_by_role("heading", name="Łódź fragt")).to_be_visible()
    assert Case.objects.get().data == {"Kunde": "Ada"}
    assert [line for line in complaints if "422" not in line] == []


def test_a_workbook_is_imported_while_its_page_shows_how_far(
    signed_in_page: Page, web: str, queue: Queue, tmp_path: Path
) -> None:
    page = signed_in_page
    book = openpyxl.Workbook(write_only=True)
    book.create_sheet("Old")
    sheet = book.create_sheet("Mails")
    sheet.append(["Ticket ID", "Subject", "Received"])
    for number in range(3000):
        sheet.append([f"T-{number}", f"Mail {number}", datetime.date(2026, 11, 22)])
    book.worksheets[0].append(["Not this one"])
    file = tmp_path / "mails.xlsx"
    book.save(file)
    looked_at(page, web, queue, file)
    page.get_by_label("Sheet").select_option("Mails")
    expect(page.get_by_role("region", name="Cases")).to_contain_text("2026-11-22")
    page.get_by_role("button", name="Import 3,000 cases").click()
    expect(page.get_by_text("of 3,000 rows")).to_be_visible()
    assert CaseUpload.objects.get().status == "importing"
    importing.process_all()
    expect(page.get_by_text("3,000 cases")).to_be_visible()
    assert Case.objects.filter(external_id="T-2999", data={"Received": "2026-11-22"}).exists()

    looked_at(page, web, queue, file)
    page.get_by_label("Sheet").select_option("Mails")
    expect(page.get_by_text("This file was imported before.")).to_be_visible()
    expect(page.get_by_text("3,000 rows already have cases with the same external id")).to_be_visible()
