from uuid import UUID

import pytest

from data.ids import parse_uuid
from tests.paths import ROOT

ID = UUID("0199a1b2-0000-7000-8000-000000000001")


@pytest.mark.parametrize("text", [str(ID), str(ID).upper(), ID.hex, f"{{{ID}}}"])
def test_an_id_is_read_however_it_is_spelled(text: str) -> None:
    assert parse_uuid(text) == ID


@pytest.mark.parametrize("text", ["", "1", "person", f"{ID}0", str(ID)[:-1], "\x00", "é" * 32])
def test_what_is_no_id_is_none(text: str) -> None:
    assert parse_uuid(text) is None


def test_ids_are_parsed_in_one_place() -> None:
    apps = ("web", "teams", "builder", "cases", "channels", "runs", "routes", "ops", "config")
    copies = [
        str(path.relative_to(ROOT))
        for app in apps
        for path in (ROOT / app).rglob("*.py")
        if "except ValueError" in path.read_text().partition("UUID(")[2][:60]
    ]
    assert copies == []
