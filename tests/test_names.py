"""No name leads nowhere: addresses, templates, icons, acts and events that stand in any string resolve."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import lucide
import pytest
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import get_template
from django.urls import URLPattern, URLResolver, get_resolver

from cases.timeline.models import EventKind
from config.module_map import APPS
from teams.audit.acts import ACTS
from teams.webhooks import outbox
from tests.paths import ROOT
from web import help
from web.format.states import STATES
from web.navigation import NAVIGATION, SETTINGS

_APPS = APPS[1:]
TEMPLATES = {str(path.relative_to(ROOT)): path.read_text() for path in sorted((ROOT / "templates").rglob("*.*"))}
_FUNCTIONS_OF_ADDRESSES = {"reverse", "reverse_lazy", "redirect", "link"}


@cache
def python() -> dict[str, ast.Module]:
    files = [path for app in _APPS for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts]
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in files}


def strings() -> Iterator[tuple[str, str]]:
    """Each string of the code, with its file."""
    for name, tree in python().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield name, node.value


def first_strings(functions: set[str], place: int = 0) -> Iterator[tuple[str, str]]:
    """What stands as a string at this place of calls of these functions, whatever they are called on."""
    for name, tree in python().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or len(node.args) <= place:
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in functions:
                chosen = node.args[place]
                for part in (chosen.body, chosen.orelse) if isinstance(chosen, ast.IfExp) else (chosen,):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield name, part.value


def addresses(resolver: URLResolver | None = None, space: str = "") -> set[str]:
    found: set[str] = set()
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            found |= addresses(pattern, f"{space}{pattern.namespace}:" if pattern.namespace else space)
        elif isinstance(pattern, URLPattern) and pattern.name:
            found.add(space + pattern.name)
    return found


def test_every_address_named_in_the_code_is_there() -> None:
    named = [(file, name) for file, name in first_strings(_FUNCTIONS_OF_ADDRESSES) if re.fullmatch(r"[\w:-]+", name)]
    assert len(named) > 100
    assert [line for line in named if line[1] not in addresses()] == []


def test_every_address_named_in_a_template_is_there() -> None:
    named = [
        (file, name) for file, text in TEMPLATES.items() for name in re.findall(r"""\{%\s*url\s+["']([^"']+)""", text)
    ]
    assert len(named) > 200
    assert [line for line in named if line[1] not in addresses()] == []


@pytest.mark.parametrize("table", [NAVIGATION, SETTINGS], ids=["navigation", "settings"])
def test_the_navigation_leads_to_pages_and_has_icons(table: list[tuple[str, str, str]]) -> None:
    assert [line[0] for line in table if line[0] not in addresses()] == []
    assert [line[2] for line in table if not is_icon(line[2])] == []


def test_every_topic_of_the_help_belongs_to_a_page() -> None:
    assert [name for name in help.TOPICS if name not in addresses()] == []


def test_the_navigation_of_the_admin_leads_to_pages() -> None:
    named = re.findall(r'"(\w+_(?:changelist|add))"', (ROOT / "config/settings/admin.py").read_text())
    assert named
    assert [name for name in named if f"admin:{name}" not in addresses()] == []


def test_every_template_named_in_the_code_or_in_a_template_is_there() -> None:
    named = [(file, text) for file, text in strings() if re.fullmatch(r"[\w/-]+\.(html|txt)(#[\w-]+)?", text)]
    for file, text in TEMPLATES.items():
        found = re.findall(r"""\{%\s*(?:include|extends)\s+["']([^"']+)["']""", text)
        named += [(file, name) for name in found]
    assert len(named) > 100
    missing = []
    for file, name in sorted(set(named)):
        try:
            get_template(name)
        except (TemplateDoesNotExist, TemplateSyntaxError) as error:
            missing.append(f"{file}: {name} ({error})")
    assert missing == []


def is_icon(name: str) -> bool:
    try:
        return bool(lucide._render_icon(name, 16))
    except lucide.IconDoesNotExist:
        return False


def test_every_icon_is_there() -> None:
    named = [
        (file, name) for file, text in TEMPLATES.items() for name in re.findall(r"""\{%\s*icon\s+"([^"]+)""", text)
    ]
    for file, text in TEMPLATES.items():
        named += [(file, name) for name in re.findall(r"""\bicon="([a-z0-9-]+)\"""", text)]
        named += [(file, name) for name in re.findall(r"""\{%\s*empty_state\s+"([^"]+)""", text)]
    named += [("states", words[1]) for words in STATES.values()]
    assert len(named) > 150
    assert [line for line in named if not is_icon(line[1])] == []
    assert not is_icon("no-such-icon")


def test_every_act_of_the_audit_log_has_its_words_and_is_written_somewhere() -> None:
    written = {name for _, name in first_strings({"record", "record_of_person"}, 1)}
    assert len(written) > 40
    assert sorted(name for name in written if re.fullmatch(r"[a-z]+_[a-z_]+", name) and name not in ACTS) == []
    elsewhere = {text for file, text in strings() if file != "teams/audit/acts.py"}
    assert sorted(act for act in ACTS if act not in elsewhere) == []


def test_every_event_of_webhooks_is_told_somewhere_and_none_beside_them() -> None:
    told = {text for file, text in strings() if file != "teams/webhooks/outbox.py"}
    assert sorted(event for event in outbox.EVENTS if event not in told) == []
    names = {text for _, text in strings() if re.fullmatch(r"(case|run|handover|human_request)\.[a-z_]+", text)}
    assert sorted(names - set(outbox.EVENTS)) == []


def test_every_kind_of_event_is_written_somewhere() -> None:
    used = {
        node.attr
        for file, tree in python().items()
        if not file.endswith("timeline/models.py")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") in ("Kind", "EventKind")
    }
    assert sorted(kind.name for kind in EventKind if kind.name not in used) == []
