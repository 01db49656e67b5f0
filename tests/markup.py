"""Whether a page would do something that nobody but us put there: found in its markup as a browser would read it."""

import re
from html.parser import HTMLParser

# What acts, loads or hides by itself. Our pages have scripts of their own files, forms and SVG, and none of these.
_FORBIDDEN = {"iframe", "object", "embed", "base", "style", "frame", "applet", "math", "marquee", "portal"}
_ADDRESSES = {"href", "src", "action", "formaction", "srcset", "poster", "data", "background", "xlink:href", "ping"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        said = self.get_starttag_text() or tag
        if tag in _FORBIDDEN or (tag == "script" and "src" not in values and values.get("type") != "application/json"):
            self.faults.append(said)
        if tag == "meta" and "http-equiv" in values:
            self.faults.append(said)
        values.pop("hx-headers:inherited", None)  # the page's own token, in which chance may write any word
        for name, value in values.items():
            address = re.sub(r"[\x00-\x20]", "", value).casefold()
            if re.match("/(?!/)", address):  # one of ours, whose parameters may say anything
                address = address.partition("?")[0]
            if name.startswith("on") or name in ("style", "srcdoc") or (name.startswith("hx-on")):
                self.faults.append(said)
            elif name in _ADDRESSES or (name.startswith("hx-") and "evil" in address):
                is_link = tag == "a" and name == "href"
                if is_link and address.startswith(("http://", "https://", "mailto:")) and "evil" in address:
                    if not {"nofollow", "noopener"} <= set(values.get("rel", "").split()):
                        self.faults.append(said)
                elif re.match("javascript:|vbscript:|data:(?!image/svg)", address) or "evil" in address:
                    self.faults.append(said)


def faults(html: str) -> list[str]:
    """The tags that should not be there."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.faults


def one_line(page: str) -> str:
    """A page without line ends, as it reads: how its template is broken into lines shows nowhere."""
    return re.sub(r"\s+", " ", page).replace(" </", "</")


# What stands within a line: their borders are no border of a text.
_INLINE = {"a", "abbr", "b", "bdi", "cite", "code", "em", "i", "mark", "q", "s", "small", "span", "strong", "time"}
_UNREAD = {"script", "style", "textarea", "pre", "svg", "template", "option", "kbd"}


class _LineReader(HTMLParser):
    """Reads a page line by line, as it is shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines = [""]
        self.unread = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        css = dict(attributes).get("class") or ""
        self.unread += tag in _UNREAD
        if tag not in _INLINE or re.search(r"\b(flex|grid|block|ml-auto|tag|btn)\b", css):
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        self.unread -= tag in _UNREAD
        if tag not in _INLINE:
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        self.lines[-1] += " _ " if self.unread else data


def lines_of(html: str) -> list[str]:
    reader = _LineReader()
    reader.feed(html)
    reader.close()
    return [line for text in reader.lines if (line := " ".join(text.split()))]
