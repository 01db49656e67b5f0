"""The shape of the code: which way imports point, where they stand, and that README's map is true."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.paths import ROOT

# Imports point left only, between apps and between the packages of an app.
APPS = ["data", "web", "teams", "builder", "cases", "channels", "runs", "routes", "ops", "config"]
PACKAGES = {
    "data": ["redis", "texts", "network"],
    "web": ["format", "emails", "http", "forms"],
    "teams": ["audit", "access", "people", "sign_in", "keys", "settings", "webhooks", "groups", "saved_views"],
    "builder": ["usage", "procedures", "gate", "availability", "agents", "tools", "files", "history", "wiring"],
    "cases": [
        "notifications",
        "timeline",
        "queues",
        "search",
        "work",
        "correspondence",
        "properties",
        "collaboration",
        "tables",
        "imports",
    ],
    "channels": ["sources", "mime", "email", "mailboxes", "hooks", "forms"],
    "runs": [
        *(
            "notifications",
            "prompts",
            "telemetry",
            "wire",
            "offline",
            "providers",
            "record",
            "tools",
            "opening",
            "engine",
            "people",
        ),
        *("results", "answers", "bulk", "schedules", "trying", "workers", "home"),
    ],
    "routes": ["routing_tests", "test_files", "checks", "lane", "corrections", "passages", "impact", "map", "reports"],
    "ops": ["stack", "demo", "health", "doctor", "admin"],
}
# Every app has three floors: models know only models, and whatever is drawn or answered may use all of the app.
GROUND, MIDDLE, TOP = 0, 1, 2
_TOP = re.compile(r"(^|_)(views|api|forms|urls)$|^(schemas|admin|apps|management|templatetags)$")
_MOST_MODULES = 16
_LONGEST = 400


@cache
def modules() -> dict[str, Path]:
    found = {}
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                parts = path.relative_to(ROOT).with_suffix("").parts
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(name: str) -> list[tuple[str, int]]:
    """The modules of ours that a module imports, with the lines; those for types only too."""
    path = modules()[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    return [
        (module, node.lineno)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for module in _imported(node, package)
        if module != name
    ]


def _imported(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in modules())
    elif isinstance(node, ast.ImportFrom):
        parts = package.split(".")
        above = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
        base = f"{above}.{node.module or ''}".strip(".")
        for alias in node.names:
            inner = f"{base}.{alias.name}"
            yield from [inner] if inner in modules() else [base] if base in modules() else []


def app_of(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


def package_of(module: str) -> str | None:
    """Of a module in a package of its app."""
    parts = module.split(".")
    return parts[1] if len(parts) > 2 and parts[1] in PACKAGES.get(parts[0], []) else None


def floor_of(module: str) -> int:
    parts = module.split(".")
    if parts[-1] == "models" or parts[-1].endswith("_models"):
        return GROUND
    return TOP if any(_TOP.search(part) for part in parts[1:]) else MIDDLE


@pytest.mark.parametrize("app", APPS)
def test_apps_import_only_apps_to_their_left(app: str) -> None:
    allowed = APPS[: APPS.index(app) + 1]
    wrong = [
        f"{name}:{line} imports {module}"
        for name in modules()
        if app_of(name) == app
        for module, line in imports(name)
        if app_of(module) not in allowed
    ]
    assert not wrong


@pytest.mark.parametrize("app", PACKAGES)
def test_packages_import_only_packages_to_their_left(app: str) -> None:
    order = PACKAGES[app]
    wrong = []
    for name in modules():
        if app_of(name) != app or package_of(name) is None:
            continue
        for module, line in imports(name):
            if app_of(module) != app or package_of(module) is None:
                continue
            is_left = order.index(package_of(module) or "") <= order.index(package_of(name) or "")
            if floor_of(module) > floor_of(name) or (floor_of(name) == floor_of(module) == MIDDLE and not is_left):
                wrong.append(f"{name}:{line} imports {module}")
    assert not wrong


@pytest.mark.parametrize("app", PACKAGES)
def test_every_package_has_its_place_in_the_order(app: str) -> None:
    plain = {"migrations", "management", "templatetags"}
    found = {path.parent.name for path in (ROOT / app).glob("*/__init__.py")} - plain
    assert found == set(PACKAGES[app])


def packages_of(name: str) -> set[str]:
    """The packages around a module, which Python imports before it."""
    parts = name.split(".")
    return {".".join(parts[:length]) for length in range(1, len(parts))} & modules().keys()


def test_any_module_can_be_imported_first() -> None:
    """No modules import each other in a circle, not even for types, so none is ever seen before it is complete.

    Python completes the packages around a module before it begins the module, so these need nothing of it.
    """
    graph = {}
    for name in modules():
        needed = {module for module, _ in imports(name)}
        graph[name] = needed.union(*(packages_of(module) - packages_of(name) for module in needed)) - {name}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_our_own_modules_are_not_imported_inside_functions() -> None:
    wrong = []
    for name, path in modules().items():
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                inner = [module for node in ast.walk(function) for module in _imported(node, package)]
                wrong += [f"{name} imports {module} in {function.name}" for module in inner]
    assert not wrong


@pytest.mark.parametrize(
    "package", [name for name, path in modules().items() if path.name == "__init__.py" and "." in name]
)
def test_a_package_says_what_it_is_about_and_is_no_heap(package: str) -> None:
    if package.rpartition(".")[2] in ("management", "commands", "templatetags"):
        return
    path = modules()[package]
    assert ast.get_docstring(ast.parse(path.read_text())), f"{package} does not say what it is about"
    assert len([file for file in path.parent.glob("*.py") if file.name != "__init__.py"]) <= _MOST_MODULES


def test_no_module_is_too_long() -> None:
    lengths = {name: path.read_text().count("\n") for name, path in modules().items()}
    long = {name: count for name, count in lengths.items() if count > _LONGEST}
    assert not long


def test_every_module_says_what_it_is_about() -> None:
    plain = {"__init__.py", "apps.py", "urls.py", "models.py"}
    silent = [
        name
        for name, path in modules().items()
        if path.name not in plain
        and "commands" not in path.parts
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


def test_the_readme_maps_every_package() -> None:
    cells = re.findall(r"^\| (`[a-z_/]+/`(?:, `[a-z_/]+/`)*) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    mapped = [package for cell in cells for package in re.findall(r"`([a-z_/]+)/`", cell)]
    wanted = [f"{app}/{package}" for app, packages in PACKAGES.items() for package in packages]
    assert sorted(mapped) == sorted([*wanted, *(app for app in APPS if app not in PACKAGES)])


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120
