"""Markdown that nobody vouches for (customers and models write it) to HTML that is safe to show."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from data.texts.signs import shown

# No images, only their words: a model could be talked into sending data to the server of an image.
TAGS = {
    *("p", "br", "hr", "h3", "h4", "h5", "h6", "blockquote", "pre", "code", "ol", "ul", "li"),
    *("mark", "a", "em", "strong", "s", "del", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}

_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])


def _alternative(_renderer: object, tokens: Sequence[Token], index: int, _options: object, _env: object) -> str:
    return escape(tokens[index].content)


_markdown.add_render_rule("image", _alternative)


def to_html(text: str, marked: Collection[str] = ()) -> SafeString:
    """Headings start at h3: the page owns h1 and h2. `marked` are words to stand out wherever they are plain text."""
    tokens = _markdown.parse(shown(text))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
        if marked and token.children:
            token.children = list(_with_marks(token.children, marked))
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    clean = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="nofollow noopener")
    return mark_safe(clean)  # noqa: S308 - nh3 has just cleaned it


def _with_marks(tokens: Iterable[Token], marked: Collection[str]) -> Iterator[Token]:
    words = "|".join(re.escape(word) for word in sorted(marked, key=len, reverse=True))
    for token in tokens:
        parts = re.split(f"({words})", token.content) if token.type == "text" else []
        if len(parts) < 2:
            yield token
            continue
        for index, part in enumerate(parts):
            text = Token("text", "", 0, content=part)
            yield from [Token("mark_open", "mark", 1), text, Token("mark_close", "mark", -1)] if index % 2 else [text]
