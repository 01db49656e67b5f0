"""The building blocks of pages: each tag here renders a template of templates/components/, which documents it."""

from collections.abc import Hashable, Iterable
from functools import cache, lru_cache
from typing import Any

import lucide
from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select, Textarea
from django.http import HttpRequest, QueryDict
from django.template import RequestContext
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from data.texts.signs import shown
from web import help
from web.format.states import MOVING, STATES
from web.http.actions import Action
from web.navigation import NAVIGATION, SETTINGS

register = template.Library()


def component(name: str, /, **context: object) -> SafeString:
    """Without the line ends of the file: a space before a full stop would show."""
    return SafeString(render_to_string(f"components/{name}.html", context).strip())


def kept_component(name: str, /, **context: Hashable) -> SafeString:
    """The same, of a small component that lists repeat: rendered once for what it shows."""
    return _kept(name, tuple((key, type(value), value) for key, value in context.items()))


# With the types: a text that is safe equals one that is not.
@lru_cache(maxsize=4096)
def _kept(name: str, context: tuple[tuple[str, type, Hashable], ...]) -> SafeString:
    return component(name, **{key: value for key, _, value in context})


@cache
def _drawn(name: str, size: int, css: str) -> SafeString:
    attributes = {"aria_hidden": "true", **({"class": css} if css else {})}
    return mark_safe(lucide._render_icon(name, size, **attributes))  # noqa: S308 - drawn from our own file


@register.simple_tag
def icon(name: str, size: int = 16, css: str = "") -> SafeString:
    """A lucide icon, inline. It says nothing to screen readers: words must stand beside it, or an aria-label."""
    return _drawn(str(name), size, str(css))


# --- Page ------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def navigation(context: RequestContext) -> list[dict[str, Any]]:
    """The sections that have an address; `current` is what aria-current says: page, true or nothing."""
    request: HttpRequest | None = context.get("request")
    path = request.path if request else ""
    items = []
    for name, label, symbol, in_bar, key in NAVIGATION:
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        current = "page" if path == url else "true" if name != "home" and path.startswith(url) else ""
        item = {"name": name, "url": url, "label": label, "icon": symbol, "in_bar": in_bar, "key": key}
        items.append({**item, "current": current})
    return items


@register.simple_tag(takes_context=True)
def settings_sections(context: RequestContext) -> list[dict[str, Any]]:
    request = context["request"]
    return [
        {"url": reverse(name), "label": label, "icon": symbol, "current": request.path.startswith(reverse(name))}
        for name, label, symbol, is_closed in SETTINGS
        if request.member.administers or not is_closed
    ]


@register.simple_tag
def help_url(topic: str) -> str:
    return help.address(topic)


@register.simple_block_tag(takes_context=True)
def page_header(
    context: RequestContext,
    content: str,
    title: str,
    *,
    subtitle: str = "",
    back: str = "",
    back_label: str = "",
    status: str = "",
    avatar: object = None,
) -> SafeString:
    """With a "?" that opens the help on this page."""
    match = context["request"].resolver_match if "request" in context else None
    topic = help.TOPICS.get(match.url_name) if match else None
    return component(
        "page_header",
        help=help.address(topic) if topic else "",
        actions=SafeString(content.strip()),
        title=shown(str(title)),
        subtitle=shown(str(subtitle)),
        back=back,
        back_label=back_label,
        status=status,
        avatar=avatar,
    )


@register.simple_block_tag
def card(
    content: str,
    title: str = "",
    *,
    note: str = "",
    icon: str = "",
    link: str = "",
    link_label: str = "",
    flush: bool = False,
    id: str = "",
) -> SafeString:
    return component(
        "card", body=content, title=title, note=note, icon=icon, link=link, link_label=link_label, flush=flush, id=id
    )


@register.simple_block_tag
def live(content: str, *, id: str, on: str, url: str, tag: str = "div", css: str = "") -> SafeString:
    return component("live", body=content, id=id, on=on, url=url, tag=tag, css=css)


@register.simple_block_tag
def empty_state(content: str, icon: str, title: str) -> SafeString:
    return component("empty_state", body=SafeString(content.strip()), icon=icon, title=title)


@register.simple_block_tag
def notice(content: str, tone: str = "info", title: str = "", *, url: str = "", action: str = "") -> SafeString:
    icons = {"info": "info", "success": "circle-check", "warning": "triangle-alert", "error": "octagon-alert"}
    return component(
        "notice", body=content, tone=tone, title=title, url=url, action=action, icon=icons.get(tone, "info")
    )


@register.simple_tag
def tabs(label: str, items: list[dict[str, Any]]) -> SafeString:
    return component("tabs", label=label, items=items)


@register.simple_block_tag
def fact(content: str, term: str) -> SafeString:
    return component("fact", term=term, body=content)


# --- Lists -----------------------------------------------------------------------------------


@register.simple_block_tag
def table(content: str, caption: str) -> SafeString:
    return component("table", body=content, caption=caption)


@register.simple_block_tag(takes_context=True)
def search_bar(
    context: RequestContext, content: str, placeholder: str = "Search", target: str = "results"
) -> SafeString:
    request: HttpRequest = context["request"]
    return component(
        "search_bar",
        filters=content,
        placeholder=placeholder,
        target=target,
        value=request.GET.get("q", ""),
        path=request.path,
    )


@register.simple_tag(takes_context=True)
def filter_select(context: RequestContext, name: str, label: str, choices: list[tuple[Any, str]]) -> SafeString:
    chosen = context["request"].GET.get(name, "")
    options = [(str(value), words, str(value) == chosen) for value, words in choices]
    return component("filter_select", name=name, label=label, options=options, chosen=chosen)


@register.simple_tag(takes_context=True)
def pager(
    context: RequestContext, newer: str | None = None, older: str | None = None, *, by_time: bool = True
) -> SafeString:
    def link(cursor: str | None) -> str:
        query: QueryDict = context["request"].GET.copy()
        query["cursor"] = cursor or ""
        return "?" + query.urlencode() if cursor else ""

    return component("pager", newer=link(newer), older=link(older), by_time=by_time)


# --- Words and marks -------------------------------------------------------------------------


@register.simple_tag
def status(state: str, *, pill: bool = False, label: str = "") -> SafeString:
    words, symbol, tone = STATES.get(str(state), (str(state).replace("_", " ").capitalize(), "circle", "neutral"))
    return kept_component("status", label=label or words, icon=symbol, tone=tone, pill=pill, moving=state in MOVING)


@register.simple_tag
def tag(words: str, tone: str = "", icon: str = "") -> SafeString:
    return component("tag", words=words, tone=tone, icon=icon)


@register.simple_tag
def copy(value: object, label: str = "Copy", *, words: bool = False) -> SafeString:
    return component("copy", value=value, label=label, words=words)


def _to_copy(request: HttpRequest, kind: str, id: object) -> list[tuple[str, str, str]]:
    """`kind` as in the addresses of the API: agents, cases, queues, runs."""
    call = f"{request.scheme}://{request.get_host()}/api/v1/{kind}/{id}"
    return [
        ("Copy the link", "link", request.build_absolute_uri(reverse(kind.removesuffix("s"), args=[id]))),
        ("Copy the id", "hash", str(id)),
        ("Copy as curl", "terminal", f'curl -H "Authorization: Bearer $BATON_API_KEY" {call}'),
    ]


@register.simple_tag(takes_context=True)
def copy_items(context: RequestContext, kind: str, id: object) -> SafeString:
    """For a menu of the page of one thing."""
    return component("copy_items", items=_to_copy(context["request"], kind, id))


@register.simple_tag(takes_context=True)
def copy_menu(context: RequestContext, kind: str, id: object) -> SafeString:
    return component("copy_menu", items=_to_copy(context["request"], kind, id))


# --- Forms and dialogs -----------------------------------------------------------------------


def _kind(field: BoundField) -> str:
    widget = field.field.widget
    if isinstance(widget, CheckboxSelectMultiple | RadioSelect):
        return "choices"
    if isinstance(widget, CheckboxInput):
        return "checkbox"
    if isinstance(widget, Select):
        return "select"
    return "textarea" if isinstance(widget, Textarea) else "input"


@register.simple_tag
def field(bound: BoundField, *, label: str = "", help: str = "", css: str = "", optional: bool = True) -> SafeString:
    """`optional`: says so of a field that need not be filled; not of two of which one must be."""
    kind = _kind(bound)
    own = {"input": "input", "select": "select", "textarea": "textarea", "checkbox": "checkbox checkbox-sm"}.get(
        kind, ""
    )
    classes = f"{own} {css} {bound.field.widget.attrs.get('class', '')}".split()
    widget = bound.as_widget(attrs={"class": " ".join(classes)} if classes else {})
    return component(
        "field",
        field=bound,
        widget=widget,
        kind=kind,
        label=label or bound.label,
        help=help or bound.help_text,
        optional=optional and not bound.field.required and kind not in ("checkbox", "choices"),
    )


@register.simple_tag
def form_errors(form: Any) -> SafeString:
    return component("form_errors", errors=form.non_field_errors())


@register.simple_block_tag
def dialog(content: str, id: str, title: str) -> SafeString:
    return component("dialog", body=content, id=id, title=title, begins_at_title="autofocus" not in content)


@register.simple_tag
def dialog_button(id: str, label: str, icon: str = "", css: str = "btn") -> SafeString:
    return component("dialog_button", id=id, label=label, icon=icon, css=css)


@register.simple_tag(takes_context=True)
def actions(context: RequestContext, actions: Iterable[Action], css: str = "btn", size: int = 15) -> SafeString:
    return component("actions", actions=actions, css=css, size=size, csrf_token=context.get("csrf_token"))


@register.simple_tag
def in_place(address: str) -> SafeString:
    """The attributes of a form that acts without leaving the page: see `web.http.toasts`."""
    attributes = 'action="{0}" hx-post="{0}" hx-target="#toasts" hx-swap="beforeend" hx-sync="this:drop"'
    return format_html(attributes, address)


@register.simple_block_tag
def pick(
    content: str, address: str, *, css: str = "property", keys: str = "", label: str = "", may: bool = True
) -> SafeString:
    """A link to a list to choose from, which opens beside it (`web.http.picking`); only its words, unless one may."""
    body = SafeString(content.strip())
    return component("pick", body=body, address=address, css=css, keys=keys, label=shown(label), may=may)


@register.simple_block_tag(takes_context=True)
def confirm(
    context: RequestContext, content: str, id: str, *, title: str, action: str, button: str, danger: bool = True
) -> SafeString:
    """Its content says what will happen."""
    return component(
        "confirm",
        id=id,
        title=title,
        text=SafeString(content.strip()),
        action=action,
        button=button,
        danger=danger,
        csrf_token=context.get("csrf_token"),
    )
