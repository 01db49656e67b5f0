"""How emails look: the colours of the pages, written into each element, as mail programs know no style sheets.

Dark colours and narrow windows cannot be written into elements. They stand in the head of the email, for the programs
that read it there; the others show the light ones.
"""

# Names of `static/src/theme.css`: the light and the dark half.
PAGE = ("#f6f7f9", "#0e0f13")
SURFACE = ("#ffffff", "#16171b")
LINE = ("#e4e5e9", "#2b2c32")
INK = ("#1d1f27", "#e7e8eb")
MUTED = ("#585b65", "#9fa1a8")
PRIMARY = ("#584aca", "#6b62df")
ON_PRIMARY = ("#fbfbff", "#fbfbff")
ACCENT = ("#584aca", "#a9a6fa")

_FONT = "font-family:'Inter Variable',Inter,ui-sans-serif,system-ui,-apple-system,'Segoe UI',sans-serif"
_BREAK = "overflow-wrap:anywhere;word-break:break-word"

# What stays the same, and the colours: property, light, dark.
_ELEMENTS: dict[str, tuple[str, list[tuple[str, tuple[str, str]]]]] = {
    "page": (f"margin:0;padding:24px 12px;{_FONT}", [("background-color", PAGE), ("color", INK)]),
    "column": ("width:100%;max-width:560px;margin:0 auto;text-align:left;table-layout:fixed", []),
    "brand": (f"padding:0 4px 12px;{_FONT};font-size:15px;font-weight:650;line-height:20px", [("color", INK)]),
    "card": (
        f"padding:28px;border-style:solid;border-width:1px;border-radius:10px;{_FONT};font-size:15px;line-height:24px;"
        + _BREAK,
        [("background-color", SURFACE), ("border-color", LINE), ("color", INK)],
    ),
    "heading": ("margin:0 0 16px;font-size:19px;font-weight:650;line-height:26px", [("color", INK)]),
    "paragraph": ("margin:0 0 16px", [("color", INK)]),
    "note": ("margin:0 0 16px;font-size:13px;line-height:20px", [("color", MUTED)]),
    "quote": (
        "margin:0 0 16px;padding:12px 16px;border-left-style:solid;border-left-width:3px;border-radius:0 7px 7px 0;"
        f"white-space:pre-wrap;{_BREAK}",
        [("background-color", PAGE), ("border-left-color", PRIMARY), ("color", INK)],
    ),
    "list": ("margin:0 0 16px;padding:0 0 0 20px", [("color", INK)]),
    "item": ("margin:0 0 4px", [("color", INK)]),
    "act": ("margin:24px 0", []),
    "button": (
        "display:inline-block;padding:10px 18px;border-radius:7px;font-weight:600;line-height:20px;"
        "text-decoration:none",
        [("background-color", PRIMARY), ("color", ON_PRIMARY)],
    ),
    "footer": (f"padding:16px 4px 0;{_FONT};font-size:13px;line-height:20px;{_BREAK}", [("color", MUTED)]),
    "link": ("text-decoration:underline", [("color", ACCENT)]),
}
_NARROW = (
    ".e-page{padding:12px 8px !important}.e-card{padding:20px !important}"
    ".e-button{display:block !important;text-align:center}"
)


def attributes(name: str) -> str:
    """Of an element of HTML: its class, for the head of the email, and its style."""
    fixed, colours = _ELEMENTS[name]
    light = ";".join(f"{of}:{pair[0]}" for of, pair in colours)
    return f'class="e-{name}" style="{";".join(filter(None, (fixed, light)))}"'


def head() -> str:
    """The style sheet of what no element can say."""
    dark = "".join(
        f".e-{name}{{{';'.join(f'{of}:{pair[1]} !important' for of, pair in colours)}}}"
        for name, (_, colours) in _ELEMENTS.items()
        if colours
    )
    return (
        ":root{color-scheme:light dark;supported-color-schemes:light dark}"
        f"@media (prefers-color-scheme:dark){{{dark}}}@media (max-width:480px){{{_NARROW}}}"
    )
