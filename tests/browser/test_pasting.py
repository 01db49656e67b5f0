"""What comes from the clipboards of other programs, as those write it."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from .editors import Editor, open_editor

CLIPBOARD = Path(__file__).parent / "clipboard"


@pytest.fixture
def editor(signed_in_page: Page, web: str) -> Editor:
    editor = open_editor(signed_in_page, web)
    editor.text.focus()
    return editor


@pytest.mark.parametrize("program", ["word", "excel", "docs"])
def test_tables_keep_their_cells_apart_and_lists_their_items(editor: Editor, program: str) -> None:
    html, text = ((CLIPBOARD / f"{program}{ending}").read_text() for ending in (".html", ".txt"))
    editor.paste(html=html, plain="what the program writes beside it")
    assert editor.value.strip().split("\n") == text.strip().split("\n")


@pytest.mark.parametrize(
    ("pasted", "text"),
    [
        ("·\tCheck the payment\no\tits date\n§\tin UTC", "- Check the payment\n- its date\n- in UTC"),
        ("·       Check\n\to   its date", "- Check\n  - its date"),
        ("\uf0b7\u00a0\u00a0Check", "- Check"),
        ("1.\tFirst\n2)\tSecond\na)\tThird", "1. First\n2) Second\na) Third"),
        ("o clock\n§ 3 of the law\n2 · 3\nq and o", "o clock\n§ 3 of the law\n2 · 3\nq and o"),
        ("Kind\tTeam\nRefund\tBilling", "Kind\tTeam\nRefund\tBilling"),
    ],
)
def test_the_signs_of_lists_in_plain_text_become_items(editor: Editor, pasted: str, text: str) -> None:
    editor.paste(plain=pasted)
    assert editor.value == text


def test_a_paste_is_undone_at_once(editor: Editor) -> None:
    editor.type("Before ")
    editor.paste(html=(CLIPBOARD / "excel.html").read_text(), plain="")
    editor.press("Control+z")
    assert editor.value.strip() == "Before"
