"""The templates lie where the app lies that draws them."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
APPS = ["data", "web", "teams", "builder", "cases", "runs", "routes", "ops", "config"]
# The tags of `web` draw the components, also for other apps; Django and allauth chose the folders of the other two.
ANYONES = {"components", "admin", "account"}
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
