"""The parts of an email: its sentences, what others wrote, its button.

Each is drawn as the layout of the email wants it: as HTML in the look of `web.emails.look`, else as text.
"""

from collections.abc import Iterable

from django import template
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from data.texts.signs import shown
from web.emails import look

register = template.Library()


@register.simple_tag
def looks(name: str) -> str:
    """`{% looks "card" %}`: the attributes of one element."""
    return mark_safe(look.attributes(name))  # noqa: S308 (a table of ours)


@register.simple_tag
def head_styles() -> str:
    return format_html("<style>{}</style>", mark_safe(look.head()))  # noqa: S308 (a table of ours)


def _is_html(context: Context) -> bool:
    return str(context["layout"]).endswith(".html")


def _block(context: Context, content: str, element: str, name: str) -> str:
    words = " ".join(content.split())
    if not _is_html(context):
        return f"\n\n{words}\n\n" if words else ""
    # What the template holds is escaped where it was put in.
    return format_html("<{0} {1}>{2}</{0}>", element, looks(name), mark_safe(words)) if words else ""  # noqa: S308


@register.simple_block_tag(takes_context=True)
def heading(context: Context, content: str) -> str:
    return _block(context, content, "h1", "heading")


@register.simple_block_tag(takes_context=True)
def paragraph(context: Context, content: str) -> str:
    return _block(context, content, "p", "paragraph")


@register.simple_block_tag(takes_context=True)
def note(context: Context, content: str) -> str:
    return _block(context, content, "p", "note")


@register.simple_tag(takes_context=True)
def quote(context: Context, text: str) -> str:
    """Return what a person or a model wrote, marked as such on each line, so that nothing in it passes for words of
    ours.
    """
    if _is_html(context):
        return format_html("<blockquote {}>{}</blockquote>", looks("quote"), text.strip())
    # Written out first: U+2028 and the like would end a line without the mark.
    lines = shown(text.strip()).split("\n")
    return "\n\n" + "\n".join(f"> {line}".rstrip() for line in lines) + "\n\n"


@register.simple_tag(takes_context=True)
def choices(context: Context, lines: Iterable[str]) -> str:
    folded = [" ".join(line.split()) for line in lines]
    if _is_html(context):
        items = format_html_join("", "<li {}>{}</li>", ((looks("item"), line) for line in folded))
        return format_html("<ol {}>{}</ol>", looks("list"), items)
    return "\n\n" + "\n".join(f"{place}. {line}" for place, line in enumerate(folded, 1)) + "\n\n"


@register.simple_tag(takes_context=True)
def button(context: Context, label: str, address: str) -> str:
    """Return what to do next: the one thing that the email is for."""
    if _is_html(context):
        return format_html('<p {}><a href="{}" {}>{}</a></p>', looks("act"), address, looks("button"), label)
    return f"\n\n{label}:\n{address}\n\n"


@register.simple_tag(takes_context=True)
def footlink(context: Context, label: str, address: str) -> str:
    if _is_html(context):
        return format_html('<a href="{}" {}>{}</a>', address, looks("link"), label)
    return f"{label}\n{address}\n"
