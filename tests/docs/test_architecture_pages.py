"""The pages about how Baton is built name only what exists, and list every package and module."""

import re
from pathlib import Path

import pytest

from config import module_map
from tests.test_architecture import APPS, PACKAGES, imports, modules, package_of

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ARCHITECTURE = (DOCS / "architecture.md").read_text()
FOLDERS = (
    "benchmarks",
    "builder",
    "cases",
    "channels",
    "config",
    "data",
    "docs",
    "ops",
    "routes",
    "runs",
    "static",
    "teams",
    "tests",
    "web",
)


def invariants() -> list[list[str]]:
    lines = (DOCS / "invariants.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")]
    return [row for row in rows if row[0] != "invariant"]


def test_every_invariant_names_a_test() -> None:
    rows = invariants()
    assert len(rows) > 50
    assert [row[0] for row in rows if len(row) != 3 or not re.search(r"`tests/[\w/]+(\.py)?`", row[2])] == []


@pytest.mark.parametrize("page", ["architecture", "invariants", "decisions"])
def test_a_page_about_the_code_names_only_files_that_exist(page: str) -> None:
    named = re.findall(r"`([\w.*-]+(?:/[\w.*-]+)+)`", (DOCS / f"{page}.md").read_text())
    ours = [path for path in named if path.split("/")[0] in FOLDERS]
    assert ours
    assert [path for path in ours if not (ROOT / path).exists()] == []


def test_the_order_of_packages_on_the_page_is_the_order_that_is_held() -> None:
    assert " <- ".join(APPS) in ARCHITECTURE
    for app, packages in PACKAGES.items():
        [found] = re.findall(rf"^    {app}  +([\w <\n-]+?)$(?!\n +<-)", ARCHITECTURE, re.MULTILINE)
        assert re.split(r"\s+<-\s+", found) == packages


def test_the_page_lists_the_packages_that_use_plain_statements() -> None:
    users = {f"{name.split('.')[0]}/{package_of(name)}" for name in modules() if "data.rows" in dict(imports(name))}
    [listed] = re.findall(r"^`builder/usage`.*?(?=\n\n|\Z)", ARCHITECTURE, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"`([\w/]+)`", listed)) == users


def test_the_map_of_modules_has_every_module_and_what_it_is_about() -> None:
    page = module_map.page()
    assert list(module_map.APPS) == APPS
    files = [path for path in modules().values() if path.name not in ("__init__.py", "apps.py", "urls.py")]
    mapped = [path for path in files if "management" not in path.parts]
    assert page.count("\n| `") == len(mapped)
    for path in mapped:
        sentence = module_map.first_sentence(path)
        assert sentence, path
        assert f"| `{path.name}` | {sentence} |" in page
    for app, packages in PACKAGES.items():
        for package in packages:
            assert f"### `{app}/{package}/`" in page
