"""The editor of procedures as a person at the keyboard has it."""

from collections.abc import Sequence

from playwright.sync_api import Locator, Page, expect

from builder.models import Agent


class Editor:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.element = page.locator("mention-editor")
        self.text = page.get_by_role("textbox", name="Procedure", exact=True)
        self.list = page.get_by_role("listbox", name="Agents")
        self.rows = self.list.locator("[role=option]:not([data-kind])")  # people and groups stand below
        self.box = page.locator(".mention-list")
        self.badges = self.text.locator(".mention-badge")
        self.card = page.locator(".mention-card")
        expect(page.locator(".mention-text")).to_be_visible()  # before its script is there, a plain field has the name

    @property
    def value(self) -> str:
        return str(self.element.evaluate("e => e.value"))

    def type(self, words: str) -> None:
        self.page.keyboard.type(words)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def end(self) -> None:
        """The caret behind everything."""
        self.text.focus()
        self.press("Control+End")

    def start(self) -> None:
        self.text.focus()
        self.press("Control+Home")

    def clear(self) -> None:
        self.text.focus()
        self.press("Control+a", "Delete")

    def choose(self, words: str, name: str) -> None:
        """Mentions an agent by typing, at the caret."""
        before = self.badges.count()
        self.type(f"@{words}")
        expect(self.row(name)).to_have_attribute("aria-selected", "true")
        self.press("Enter")
        # A list that was not up to date yet lets Enter wait for the one that is.
        expect(self.badges).to_have_count(before + 1)

    def row(self, words: str) -> Locator:
        return self.rows.filter(has_text=words)

    def names(self, expected: Sequence[str]) -> None:
        expect(self.rows.locator(".mention-option-name")).to_have_text(list(expected))

    def paste(self, **kinds: str) -> None:
        """A paste of `plain` and `html`."""
        self.text.evaluate(
            """(element, kinds) => {
              const data = new DataTransfer();
              for (const [kind, text] of Object.entries(kinds)) data.setData(`text/${kind}`, text);
              const how = { clipboardData: data, bubbles: true, cancelable: true };
              element.dispatchEvent(new ClipboardEvent("paste", how));
            }""",
            kinds,
        )

    def stands_at(self, position: int) -> None:
        """Waits for the caret: a browser tells of it a moment after the key."""
        for _ in range(100):
            if self.element.evaluate("e => e.view.state.selection.head") == position:
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"The caret is not at {position}.")


def open_editor(page: Page, web: str, agent: Agent | None = None) -> Editor:
    page.goto(f"{web}/agents/{agent.pk}/" if agent else f"{web}/agents/new/")
    return Editor(page)


def token(agent: Agent) -> str:
    return f"@[{agent.name}](agent:{agent.pk})"
