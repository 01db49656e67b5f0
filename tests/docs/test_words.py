"""Docs, pages and code use one plain word for each thing, and none that read as translated."""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config import reference
from config.module_map import APPS

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
# What pages once said, and what they say now.
PHRASES = {
    r"Look at it first": "Preview",
    r"Leave it out\b(?! to)": "Skip",
    r"Own field": "Keep as field",
    r"Take on|I take it": "Assign to me",
    r"Give it (back|to)": "Unassign, or Assign",
    r"Send to…": "Reassign",
    r"What came of it": "Result",
    r"Who takes it first": "First agent",
    r"It ends\b": "Expires",
    r"My mail|holds? for you alone": "Notifications, or applies only to you",
    r"You may not do this": "You don’t have access",
    r"opens nothing any more|lets nobody in": "Revoked, or withdrawn",
    r"Nothing is saved yet": "Not saved",
    r"fill this in": "Required",
    r"Nothing waits for you": "You’re all caught up",
    r"Find or do": "Search or run a command",
    r"Nobody, close": "No one – close the case",
    r"In one line": "Short description",
    r"parted by": "Separator",
    r"Takes those of": "Takes cases from",
    r"as the team has it|days of UTC": "the team default, or per day (UTC)",
    r"What makes a good one": "Tips",
    r"who should have had it": "Choose the right agent",
    r"Around all|Show it whole": "All agents, or Fit to screen",
    r"Usual time to accept": "Typical pickup time",
    r"told to wait": "throttled",
    r"agents think with": "Model providers and keys",
    r"Make (the|a) (agent|queue|key|webhook|group|schedule|first)": "Create",
    r"deleted in the meantime|was deleted meanwhile": "has been deleted",
}
# Names of buttons and texts of pages are quoted as they are; code, links and pictures are no prose.
_QUOTED = re.compile(r"^ {4}.*$|^```.*?^```|“[^”]*”|`[^`]*`|\*\*[^*]*→[^*]*\*\*|\]\([^)]*\)", re.MULTILINE | re.DOTALL)


def words_to_replace(text: str, *, but: str = "") -> list[str]:
    prose = _QUOTED.sub(" ", text)
    return [
        f"{found[0]}: write {better}"
        for word, better in INSTEAD.items()
        if word != but
        for found in re.finditer(rf"\b({word})\b", prose, re.IGNORECASE)
    ]


def phrases_to_replace(text: str) -> list[str]:
    return [f"{found[0]}: write {better}" for phrase, better in PHRASES.items() for found in re.finditer(phrase, text)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_is_written_in_plain_words(path: Path) -> None:
    assert words_to_replace(path.read_text()) == []


@pytest.mark.parametrize("write", GENERATED, ids=lambda write: write.__name__)
def test_a_generated_page_is_written_in_plain_words(write: Callable[[], str]) -> None:
    assert words_to_replace(write()) == []


# What people call themselves, what procedures and cases may say, and this list.
_QUOTES = {
    "teams/people/person_names.py",
    "runs/offline/similarity.py",
    "runs/offline/clauses.py",
    "ops/demo/texts.py",
    "tests/docs/test_words.py",
}
# Code speaks of mail servers, and Django's own names say mail.
_EMAIL = next(iter(INSTEAD))
_FOLDERS = (*APPS, "tests", "benchmarks", "docs")


def code() -> Iterator[Path]:
    for path in sorted(path for app in _FOLDERS for path in (ROOT / app).rglob("*.py")):
        if "migrations" not in path.parts and str(path.relative_to(ROOT)) not in _QUOTES:
            yield path


def prose_of(source: str) -> str:
    """The comments and docstrings of a module, and its names as words."""
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    names = {token.string.replace("_", " ") for token in tokens if token.type == tokenize.NAME}
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, documented)]
    return "\n".join([*comments, *(ast.get_docstring(node) or "" for node in nodes), *sorted(names)])


def texts_of(source: str) -> str:
    """The strings of a module."""
    nodes = ast.walk(ast.parse(source))
    return "\n".join(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_code_is_written_in_plain_words() -> None:
    found = []
    for path in code():
        source = path.read_text()
        words = words_to_replace(prose_of(source), but=_EMAIL)
        if not path.is_relative_to(ROOT / "tests"):
            texts = texts_of(source)
            words += words_to_replace(texts, but=_EMAIL) + phrases_to_replace(texts)
        found += [f"{path.relative_to(ROOT)}: {word}" for word in words]
    assert not found


def test_templates_and_scripts_are_written_in_plain_words() -> None:
    sources = [*(ROOT / "templates").rglob("*.*"), *(ROOT / "static/src").glob("editor/*.js")]
    sources += [path for path in (ROOT / "static/js").glob("*.js") if path.name != "mention-editor.js"]
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in sorted(sources)
        for text in [path.read_text()]
        for word in [*words_to_replace(text, but=_EMAIL), *phrases_to_replace(text)]
    ]
    assert not found


def test_words_of_code_are_found_in_comments_docstrings_and_names() -> None:
    source = 'def mend_it():\n    """Somebody."""\n    x = "anew"  # meanwhile\n'
    assert {word.partition(":")[0] for word in words_to_replace(prose_of(source))} == {"mend", "Somebody", "meanwhile"}
    assert words_to_replace(texts_of(source))[-1] == "anew: write again, from scratch or new"


def test_words_are_found_in_prose_and_not_in_quotes() -> None:
    assert words_to_replace("Somebody got mail.\n") == ["mail: write email", "Somebody: write someone or anyone"]
    assert words_to_replace("“My mail” and `mail` and a mail server.\n\n    mail\n") == []
