"""What static/ holds is what script/build-static makes of the sources, and reads well."""

import json
import re
import subprocess
from pathlib import Path

from tests.paths import ROOT

SCRIPT = ROOT / "script/build-static"


def _build(*arguments: str) -> None:
    done = subprocess.run([SCRIPT, *arguments], check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_built_css_is_up_to_date(tmp_path: Path) -> None:
    fresh = tmp_path / "baton.css"
    _build("--css", str(fresh))
    assert fresh.read_text() == (ROOT / "static/css/baton.css").read_text(), "run script/build-static"


def test_the_built_editor_is_up_to_date(tmp_path: Path) -> None:
    fresh = tmp_path / "mention-editor.js"
    _build("--editor", str(fresh))
    assert fresh.read_bytes() == (ROOT / "static/js/mention-editor.js").read_bytes(), "run script/build-static"


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((ROOT / "static/src/package-lock.json").read_text())
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]


def test_scripts_come_from_us_alone_and_none_is_inline() -> None:
    for file in (ROOT / "templates").rglob("*.html"):
        text = file.read_text()
        for forbidden in ("<style", "hx-on", "js:", " onclick=", " style=", "https://"):
            assert forbidden not in text, f"{forbidden} in {file}: the content security policy refuses it"
        # A block of JSON is data: browsers run none of it.
        for tag in re.findall("<script[^>]*>?", text):
            assert tag.startswith(('<script src="{% static ', '<script type="application/json"')), f"{tag} in {file}"


def test_every_component_says_what_it_is() -> None:
    for file in (ROOT / "templates/components").glob("*.html"):
        assert file.read_text().startswith(("{# ", "{% comment %}")), file


def test_scripts_are_short_and_map_events_to_methods() -> None:
    built = ROOT / "static/js/mention-editor.js"
    scripts = {*(ROOT / "static/js").glob("*.js"), *(ROOT / "static/src").rglob("*.js")} - {built}
    assert len(scripts) > 40
    for file in scripts:
        text = file.read_text()
        assert text.count("\n") <= 300, f"{file} is long: split it by subject"
        assert "else if (event.type" not in text, f"{file}: say in a map which method an event calls"
