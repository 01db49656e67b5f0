from playwright.sync_api import Page, expect


def test_the_page_of_the_api_works_under_the_policy(web: str, page: Page) -> None:
    """Without inline script or style it shows every operation; nothing is refused or asked of other servers."""
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith((web, "data:")) else wrong.append(asked.url))
    page.goto(f"{web}/api/v1/docs")
    expect(page.get_by_text("Make an agent", exact=True)).to_be_visible()
    page.get_by_text("Read a case with its timeline", exact=True).click()
    expect(page.get_by_role("button", name="Execute")).to_be_visible()
    assert wrong == []
    page.get_by_role("link", name="Back to Baton").click()
    expect(page.get_by_role("heading", name="Sign in to Baton")).to_be_visible()
