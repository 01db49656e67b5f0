"""The shape of the code: which way imports point, where they stand, and that README's map is true."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APPS = ["teams", "builder", "cases", "runs", "config"]


def modules() -> list[Path]:
    return [
        path.relative_to(ROOT)
        for app in APPS
        for path in sorted((ROOT / app).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def imported(node: ast.AST, path: Path) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        own = ".".join(path.parts[: len(path.parts) - node.level]) if node.level else ""
        yield f"{own}.{node.module or ''}".strip(".")


def app_of(module: str) -> str | None:
    first = module.split(".", maxsplit=1)[0]
    return first if first in APPS else None


@pytest.mark.parametrize("path", modules(), ids=str)
def test_imports_point_left_only(path: Path) -> None:
    allowed = APPS[: APPS.index(path.parts[0]) + 1]
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        for module in imported(node, path):
            assert app_of(module) in (None, *allowed), f"{path}:{node.lineno} imports {module}"


@pytest.mark.parametrize("path", modules(), ids=str)
def test_our_own_modules_are_not_imported_inside_functions(path: Path) -> None:
    for function in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                for module in imported(node, path):
                    assert app_of(module) is None, f"{path}:{node.lineno} imports {module} in {function.name}"


def test_the_readme_maps_every_module() -> None:
    mapped = re.findall(r"^\| `([a-z_/]+\.py)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    plain = {"__init__.py", "apps.py", "urls.py", "jobs.py"}
    wanted = [str(path) for path in modules() if path.name not in plain and "commands" not in path.parts]
    assert sorted(mapped) == sorted(wanted)


# --- Circles ---------------------------------------------------------------------------------


def name_of(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def leads_to(path: Path, names: set[str]) -> set[str]:
    """The modules that it imports, for types only too. Of a package's name it is the package, else its module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        for module in imported(node, path):
            inner = {f"{module}.{alias.name}" for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
            found |= (inner & names) or ({module} & names)
    return found - {name_of(path)}


def test_no_imports_go_in_a_circle() -> None:
    names = {name_of(path) for path in modules()}
    left = {name_of(path): leads_to(path, names) for path in modules()}
    while ends := {name for name, wanted in left.items() if not wanted}:
        left = {name: wanted - ends for name, wanted in left.items() if name not in ends}
    assert not left, "these import each other, or what does"
