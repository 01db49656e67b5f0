"""The docs: complete, built without a network, and no link leads nowhere."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from cases.models import Reason, Status
from config import reference
from config.help import drawn
from runs.models import Outcome
from runs.models import Status as RunStatus
from runs.telemetry.counters import COUNTERS
from runs.tools.tools import TOOLS
from tests.paths import ROOT
from tests.test_architecture import modules
from web import help

DOCS = ROOT / "docs"
OUTSIDE = ("http:", "https:", "mailto:")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("docs")
    reference.write_site(folder / ".site-pages")
    (folder / "zensical.toml").write_text((ROOT / "zensical.toml").read_text())
    command: list[str | Path] = [Path(sys.executable).parent / "zensical", "build", "--clean", "--strict"]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stdout + done.stderr
    return folder / ".site"


class Html(HTMLParser):
    """The ids of a page, and what it refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.parts: list[str] = []  # what the browser fetches for it
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.add(given.get("id", ""))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag in ("img", "script") and "src" in given:
            self.parts.append(given["src"])
        elif tag == "link" and given.get("rel") in ("stylesheet", "icon", "preload"):
            self.parts.append(given["href"])


def test_every_link_of_the_site_resolves_and_nothing_comes_from_elsewhere(site: Path) -> None:
    pages = {path: Html(path.read_text()) for path in site.rglob("*.html") if path.name != "404.html"}
    assert len(pages) > 20
    broken = []
    for path, page in pages.items():
        for link in [*page.links, *page.parts]:
            if link.startswith(OUTSIDE):
                if link in page.parts:
                    broken.append(f"{path.name} fetches {link}")
                continue
            parts = urlsplit(link)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            fragment = unquote(parts.fragment)
            if not target.exists() or (
                fragment and target in pages and fragment not in pages[target].ids | {"__nav", ""}
            ):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []


def test_sections_have_the_same_address_in_the_help_of_the_product(site: Path) -> None:
    for name in sorted(help.names()):
        ids = Html((site / f"{name}.html").read_text()).ids
        assert {heading.id for heading in drawn(name).headings} <= ids, name


def test_every_link_in_the_texts_resolves_where_they_lie() -> None:
    broken = []
    for path in [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")]:
        for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
            target = (path.parent / link.partition("#")[0]).resolve()
            is_written_by_code = any(target == DOCS / page for page in reference.PAGES)
            if not link.startswith((*OUTSIDE, "#", "agent:")) and not is_written_by_code and not target.exists():
                broken.append(f"{path.relative_to(ROOT)}: {link}")
    assert broken == []


def named(nav: object) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, list):
        for part in nav:
            yield from named(part)
    elif isinstance(nav, dict):
        for part in nav.values():
            yield from named(part)


def test_every_page_has_its_place_in_the_navigation() -> None:
    nav = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"]
    assert sorted(named(nav)) == sorted(str(path) for path, _ in reference.pages() if path.suffix == ".md")


def environment_names() -> set[str]:
    """The variables that the code reads."""
    files = modules().values()
    found = set()
    for path in files:
        reads = r'(?:environ\.get\(|environ\[|_flag\(|_number\()\s*"([A-Z][A-Z0-9_]+)"'
        found |= set(re.findall(reads, path.read_text()))
    return found


def test_every_setting_is_documented() -> None:
    text = (DOCS / "settings.md").read_text()
    # Variables of OpenTelemetry are its own; the page says which one to begin with.
    ours = {name for name in environment_names() if not name.startswith(("OTEL_", "PYTEST_"))}
    missing = {name for name in ours if f"`{name}`" not in text}
    assert missing == set()


def test_every_command_says_what_it_does_and_is_documented() -> None:
    page = reference.commands()
    names = {name for _, name in reference.our_commands()}
    assert names >= {"serve", "clock", "migrate", "create_team", "import_agents", "pause"}
    for name in names:
        assert re.search(rf"^## `{name}`\n\n\S.{{10}}", page, re.MULTILINE), f"{name} has no help"


def test_every_operation_of_the_api_is_documented() -> None:
    page = reference.api_page()
    operations = reference.operations()
    assert len(operations) > 50
    for path, method, said in operations:
        assert said.get("summary"), f"{method} {path}"
        assert f"### `{method.upper()} {path}`" in page


def test_every_state_tool_and_metric_is_documented() -> None:
    states, tools, metrics = reference.states(), reference.tools(), reference.metrics()
    for state in [*Status, *Reason, *RunStatus, *Outcome]:
        assert f"`{state.value}`" in states
    for name in TOOLS:
        assert f"## `{name}`" in tools
    written = set(re.findall(r'"(baton_\w+)"', (ROOT / "runs/telemetry/metrics.py").read_text()))
    for name in [*written, *(f"baton_{name}" for name in COUNTERS)]:
        assert f"`{name}" in metrics, name
