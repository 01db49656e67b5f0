"""The templates lie where the app lies that draws them, and read well."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
APPS = ["data", "web", "teams", "builder", "cases", "channels", "runs", "routes", "ops", "config"]
# `web` draws the components and emails, also for other apps; Django and allauth chose the folders of the other two.
ANYONES = {"components", "emails", "admin", "account"}
# The help is put together in `config`, which has no pages of its own.
DRAWN_FOR = {("config", "web")}


def _drawn() -> Iterator[tuple[Path, str, str]]:
    """Each template that Python names: the file that does, its app, and the folder of the template."""
    for app in APPS:
        for file in (ROOT / app).rglob("*.py"):
            for folder in re.findall(r'"([a-z_]+)/[a-z_/]+\.(?:html|txt)"', file.read_text()):
                if (ROOT / "templates" / folder).is_dir():
                    yield file.relative_to(ROOT), app, folder


def test_a_template_lies_in_the_folder_of_the_app_that_draws_it() -> None:
    found = list(_drawn())
    assert len(found) > 50
    elsewhere = [
        f"{file} draws a template of {folder}"
        for file, app, folder in found
        if folder not in {app, *ANYONES} and (app, folder) not in DRAWN_FOR
    ]
    assert not elsewhere


def test_no_line_of_a_template_is_longer_than_160_characters() -> None:
    files = list((ROOT / "templates").rglob("*.html"))
    assert len(files) > 150
    long = [
        f"{file.relative_to(ROOT)}:{number}: {len(line)}"
        for file in files
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if len(line) > 160
    ]
    assert not long


def test_templates_are_formatted() -> None:
    """As script/test and editors do it: quotes, spaces in tags, and the names of blocks that end."""
    djade = Path(sys.executable).with_name("djade")
    files = [str(file) for file in (ROOT / "templates").rglob("*.html")]
    done = subprocess.run([djade, "--check", *files], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_a_part_of_a_page_uses_no_name_that_only_the_whole_page_sets() -> None:
    """A live part is drawn alone, so what `{% url ... as name %}` sets above it is missing there."""
    part = re.compile(r"\{% partialdef (\w+) inline %\}(.*?)\{% endpartialdef", re.DOTALL)
    missing = []
    for file in (ROOT / "templates").rglob("*.html"):
        text = file.read_text()
        for found in part.finditer(text):
            for name in set(re.findall(r" as (\w+) %\}", text[: found.start()])):
                is_used = re.search(rf"\{{[%{{][^}}]*\b{name}\b", found[2])
                if is_used and not re.search(rf" as {name}\b", found[2]):
                    missing.append(f"{file.relative_to(ROOT)}: {found[1]} uses {name}")
    assert not missing
