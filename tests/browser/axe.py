"""What axe finds on a page as it stands, in light and in dark."""

from importlib.resources import files
from typing import Any, Literal

from playwright.sync_api import Page

SCRIPT = files("axe_playwright_python").joinpath("axe.min.js").read_text()
RULES: dict[str, Any] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations", "incomplete"],
}
# What may differ between the schemes.
COLOURS = {**RULES, "runOnly": ["color-contrast", "link-in-text-block"]}
SCHEMES: tuple[tuple[Literal["light", "dark"], dict[str, Any]], ...] = (("light", RULES), ("dark", COLOURS))
# Colours change gradually, and a colour halfway is nobody's.
SETTLE = """() => {
    const passing = (one) => one.effect.getTiming().iterations !== Infinity;
    document.getAnimations().filter(passing).forEach((one) => one.finish());
    return !document.querySelector(".htmx-request");
}"""


def faults(page: Page, *more: str, within: str = "html") -> list[str]:
    """One line each: the scheme, the rule and where. `more` may be "incomplete": what axe could not decide.

    `within`: a selector of the part to look at, as of a dialog before a page that was looked at without it.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(SCRIPT)
    found = []
    for scheme, rules in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(SETTLE)
        result: dict[str, Any] = page.evaluate("([within, rules]) => axe.run(within, rules)", [within, rules])
        for kind in ("violations", *more):
            for fault in result[kind]:
                where = [str(node["target"][0]) for node in fault["nodes"][:3]]
                found.append(f"{kind} ({scheme}) {fault['id']}: {fault['help']} at {where}")
    return found
