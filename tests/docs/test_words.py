"""The docs use one plain word for each thing, and none that read as translated."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from config import reference

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs/recipes").glob("*.md")), ROOT / "README.md"]
GENERATED = [reference.commands, reference.metrics]
INSTEAD = {
    r"e-mail(s|ed|ing)?|mails?(?! server)|mailed|mailing": "email",
    r"(some|any)bod(y|ies)": "someone or anyone",
    r"anew": "again, from scratch or new",
    r"mend(s|ed|ing)?": "fix",
    r"meanwhile": "in the meantime, or nothing",
    r"whoever|whomever": "anyone who, or the person who",
    r"dear(er|est|ly)?": "expensive",
    r"held up": "blocked",
    r"parted": "separated",
    r"courier|postman|errand": "the name in the code",
}
# Names of buttons and texts of pages are quoted as they are; code, links and pictures are no prose.
_QUOTED = re.compile(r"^ {4}.*$|^```.*?^```|“[^”]*”|`[^`]*`|\*\*[^*]*→[^*]*\*\*|\]\([^)]*\)", re.MULTILINE | re.DOTALL)


def words_to_replace(text: str) -> list[str]:
    prose = _QUOTED.sub(" ", text)
    return [
        f"{found[0]}: write {better}"
        for word, better in INSTEAD.items()
        for found in re.finditer(rf"\b({word})\b", prose, re.IGNORECASE)
    ]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_is_written_in_plain_words(path: Path) -> None:
    assert words_to_replace(path.read_text()) == []


@pytest.mark.parametrize("write", GENERATED, ids=lambda write: write.__name__)
def test_a_generated_page_is_written_in_plain_words(write: Callable[[], str]) -> None:
    assert words_to_replace(write()) == []


def test_words_are_found_in_prose_and_not_in_quotes() -> None:
    assert words_to_replace("Somebody got mail.\n") == ["mail: write email", "Somebody: write someone or anyone"]
    assert words_to_replace("“My mail” and `mail` and a mail server.\n\n    mail\n") == []
