"""The text of an email that is HTML, for people and models: without markup, styles and what its program quotes."""

import re
from html import unescape

from inscriptis import get_text
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig
from lxml import etree, html

# More is no message to read. The email as it came is kept.
_LONGEST = 500_000
_DEEPEST = 200
_QUOTED = (
    "//div[contains(concat(' ', @class, ' '), ' gmail_quote ')]"
    " | //blockquote[@type='cite'] | //div[@id='divRplyFwdMsg'] | //div[@id='divRplyFwdMsg']/following-sibling::*"
    " | //div[@id='appendonsend']/following-sibling::* | //div[starts-with(@class, 'moz-cite-prefix')]"
    " | //div[starts-with(@class, 'yahoo_quoted')] | //div[@id='mail-editor-reference-message-container']"
)
# The other profile indents what stands in a <div>.
_CONFIG = ParserConfig(css=CSS_PROFILES["strict"].copy(), display_images=False, display_links=False)


def text_of(markup: str, *, is_answer: bool) -> str:
    """The text. Of an answer without what mail programs mark as quoted, unless nothing else is there."""
    markup = markup[:_LONGEST]
    try:
        tree = html.document_fromstring(markup.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8"))
        if _depth(tree) > _DEEPEST:
            return _plain(markup)
        _drop_hidden(tree)
        whole = _text(tree)
        if not is_answer:
            return whole
        for node in tree.xpath(_QUOTED):
            if node.getparent() is not None:
                node.drop_tree()
        return _text(tree) or whole
    except Exception:  # whatever a parser of markup makes of it, the words are there
        return _plain(markup)


_HIDING = re.compile(r"(?:display:none|visibility:hidden|mso-hide:all|opacity:0(?:\.0*)?(?:;|!|$))")
_TINY = re.compile(r"font-size:0(?:\.0*)?(?:px|pt|em|rem|%)?(?:;|!|$)")


def _drop_hidden(tree: html.HtmlElement) -> None:
    """Drop what no reader of the email sees, but a model would."""
    for node in tree.xpath("//*[@hidden or @style]"):
        style = re.sub(r"\s", "", node.get("style") or "").lower()
        is_hidden = node.get("hidden") is not None or bool(_HIDING.search(style))
        # Layouts give a frame no size, and each part within it its own.
        is_tiny = bool(_TINY.search(style)) and not node.xpath(".//*[contains(@style, 'font')]")
        if (is_hidden or is_tiny) and node.getparent() is not None and node.tag != "body":
            node.drop_tree()


def _text(tree: html.HtmlElement) -> str:
    # Written out again: the converter takes markup, and reads no comments.
    etree.strip_elements(tree, etree.Comment, etree.ProcessingInstruction, with_tail=False)
    lines = get_text(html.tostring(tree, encoding="unicode"), _CONFIG).splitlines()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n").strip()


def _depth(tree: html.HtmlElement) -> int:
    deepest, open_nodes = 0, [(tree, 1)]
    while open_nodes and deepest <= _DEEPEST:
        node, depth = open_nodes.pop()
        deepest = max(deepest, depth)
        open_nodes += [(child, depth + 1) for child in node]
    return deepest


_LEFT_OUT = re.compile(r"<(script|style|head|title)\b[^>]{0,2000}>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)


def _plain(markup: str) -> str:
    """Return the text by the simplest means, for what the parser cannot take."""
    without = _LEFT_OUT.sub(" ", markup)
    ended = re.sub(r"<(?:br|/p|/div|/tr|/li|/h[1-6])\b[^<>]{0,200}>", "\n", without, flags=re.IGNORECASE)
    words = unescape(re.sub(r"<[^<>]{0,5000}>", "", ended))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(" ".join(line.split()) for line in words.splitlines())).strip()
