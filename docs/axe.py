"""What axe finds on every page: `.venv/bin/python docs/axe.py [WORDS]`. tests/browser/test_accessibility.py is its short form.

Walks the pages, dialogs and menus of docs/look.py, the palette and the keys, at two widths, in light and dark. WORDS: only
pages whose names hold one of them.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import Page, sync_playwright

from tests.browser.axe import faults

from .look import EMPTY, ERRORS, FILL, NOTHING_FITS, OPEN, SIGNED_OUT, among, pages, switch
from .screenshots import ROOT, baton, chromium, sign_in

WIDTHS = (1440, 390)
MOST_OPEN = 8

Found = defaultdict[str, list[str]]


def walk(page: Page, address: str, paths: dict[str, str], found: Found) -> None:
    for shape, path in paths.items():
        page.goto(address + path)
        page.wait_for_timeout(250)  # parts that come later
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            note(page, f"{shape} at {width}", found)
            for number in range(MOST_OPEN):
                if not (name := page.evaluate(OPEN, number)):
                    break
                note(page, f"{shape} at {width} with {name}", found)
            page.keyboard.press("Escape")


def note(page: Page, what: str, found: Found) -> None:
    for fault in faults(page, "incomplete"):
        found[fault].append(what)


def by_keys(page: Page, address: str, found: Found) -> None:
    page.goto(address)
    for keys, what in (("Control+k", "the palette"), ("?", "the keys")):
        page.keyboard.press(keys)
        page.wait_for_timeout(500)
        note(page, what, found)
        page.keyboard.press("Escape")


def main(words: list[str]) -> None:
    found: Found = defaultdict(list)
    with tempfile.TemporaryDirectory() as home, baton(home) as address, sync_playwright() as playwright:
        environment = os.environ | {"BATON_HOME": home}
        command = [sys.executable, ROOT / "manage.py", "shell", "--no-imports", "--command", FILL]
        told = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
        unlinked = [urlsplit(link)._replace(scheme="", netloc="").geturl() for link in json.loads(told)]
        page = playwright.chromium.launch(**chromium()).new_page()
        walk(page, address, among(words, {path: path for path in (*SIGNED_OUT, *unlinked)}), found)
        sign_in(page, address)
        switch(page, address, "demo")
        paths = pages(page, address) | {path: path for path in (*ERRORS, *NOTHING_FITS)}
        walk(page, address, among(words, paths), found)
        by_keys(page, address, found)
        switch(page, address, "empty")
        walk(page, address, among(words, {f"/empty{path}": path for path in EMPTY}), found)
    for fault, places in sorted(found.items()):
        print(f"{fault}\n    {len(places)} times: {', '.join(places[:4])}")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
