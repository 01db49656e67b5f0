"""The help: the pages of docs/, drawn in the product so that they need no network and fit its version.

The same files make the site (zensical.toml), whose order they have here too; links lead on in both.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import escape
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
FIRST = "index"
OUTSIDE = ("http://", "https://", "mailto:")

# The page of the help for each URL name, perhaps with a section.
TOPICS: Mapping[str, str] = import_string(settings.HELP_TOPICS)

_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


@dataclass(frozen=True)
class Heading:
    level: int
    id: str
    words: str


@dataclass(frozen=True)
class HelpPage:
    title: str
    html: SafeString
    headings: Sequence[Heading]


def address(topic: str) -> str:
    """Of a page, perhaps with a section: `agents#try-it`."""
    name, _, section = topic.partition("#")
    path = reverse("help") if name == FIRST else reverse("help_page", args=[name])
    return f"{path}#{section}" if section else path


# --- Which there are -------------------------------------------------------------------------


@cache
def contents() -> list[tuple[str, list[tuple[str, str]]]]:
    """Names and titles of all pages, by section, in the order of the site."""
    nav = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"]
    found = []
    for entry in nav:
        [(title, inside)] = entry.items()
        pages = [{title: inside}] if isinstance(inside, str) else inside
        found.append((title, [(path.removesuffix(".md"), name) for page in pages for name, path in page.items()]))
    return found


@cache
def names() -> frozenset[str]:
    return frozenset(name for _, pages in contents() for name, _ in pages)


def sources() -> Iterator[tuple[str, str]]:
    """The pages that are files: name and Markdown. The reference is written by code, see config/reference.py."""
    for path in sorted(DOCS.rglob("*.md")):
        name = path.relative_to(DOCS)
        # A folder of a recipe holds agents, which stand on the recipe's page.
        if not (name.parts[0] == "recipes" and len(name.parts) == 3):
            yield str(name.with_suffix("")), with_snippets(path.read_text())


def with_snippets(text: str) -> str:
    """A line that names a file is that file."""
    return re.sub(r'^--8<-- "(.+)"$', lambda found: (ROOT / found[1]).read_text().rstrip(), text, flags=re.MULTILINE)


@cache
def sections() -> list[tuple[str, str, str]]:
    """Of the pages that are files, all headings to search: title of the page, the heading, and its address."""
    own = {name for title, pages in contents() for name, _ in pages if title != "How it is made"}
    found = []
    for name, text in sources():
        if name in own:
            page = draw(name, text)
            found += [
                (page.title, heading.words, address(f"{name}#{heading.id}" if heading.level > 1 else name))
                for heading in page.headings
            ]
    return found


# --- Markdown to a page ----------------------------------------------------------------------


def draw(name: str, text: str) -> HelpPage:
    """The heading of the page stands apart: pages have their own place for it."""
    tokens = _markdown.parse(text)
    headings = list(_with_ids(tokens))
    title = headings[0].words if headings and headings[0].level == 1 else name
    start = next((at + 1 for at, token in enumerate(tokens) if token.type == "heading_close"), 0)
    body = [_led_on(token, name) for token in tokens[start:]]
    html = _markdown.renderer.render(body, _markdown.options, {"page": name})
    return HelpPage(title, mark_safe(html), headings)  # noqa: S308 - our own files; HTML in them is escaped


def _with_ids(tokens: Sequence[Token]) -> Iterator[Heading]:
    taken: dict[str, int] = {}
    for opening, inside in pairwise(tokens):
        if opening.type == "heading_open":
            words = "".join(part.content for part in inside.children or ())
            id = slug = _slug(words)
            while id in taken:
                taken[slug] += 1
                id = f"{slug}_{taken[slug]}"
            taken[id] = 0
            opening.attrSet("id", id)
            yield Heading(int(opening.tag[1]), id, words)


def _slug(words: str) -> str:
    """As the site's generator makes it."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())


def _led_on(token: Token, page: str) -> Token:
    for part in token.children or ():
        if part.type == "link_open":
            part.attrSet("href", _link(str(part.attrGet("href")), page))
    return token


def _link(to: str, page: str) -> str:
    if to.startswith((*OUTSIDE, "#", "/")):
        return to
    parts = urlsplit(to)
    name = _resolved(parts.path, page).removesuffix(".md")
    return address(name + (f"#{parts.fragment}" if parts.fragment else ""))


def _resolved(path: str, page: str) -> str:
    """A path as it stands on a page, from docs/ on."""
    found: list[str] = []
    for part in (PurePosixPath(page).parent / path).parts:
        if part == "..":
            found.pop()
        else:
            found.append(part)
    return "/".join(found)


def _image(_renderer: object, tokens: Sequence[Token], at: int, _options: object, env: dict[str, str]) -> str:
    """`#only-light` and `#only-dark` say in which theme a picture is shown; the site does the same."""
    token = tokens[at]
    path, _, scheme = str(token.attrGet("src")).partition("#")
    source = static("help/" + _resolved(path, env["page"]).removeprefix("images/"))
    return f'<img src="{escape(source)}" alt="{escape(token.content)}" class="{escape(scheme)}" loading="lazy">'


def _table(_renderer: object, tokens: Sequence[Token], at: int, _options: object, _env: object) -> str:
    """Wide ones scroll by themselves."""
    return '<div class="help-table" tabindex="0" role="group" aria-label="Table"><table>'


_markdown.add_render_rule("image", _image)
_markdown.add_render_rule("table_open", _table)
_markdown.add_render_rule("table_close", lambda *_: "</table></div>")
