"""The map of modules: every package in order, and its modules with what their docstrings say first."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
APPS = ("data", "web", "teams", "builder", "cases", "channels", "runs", "routes", "ops", "config")
# Lists of addresses and of apps have no docstring, and commands have their own page.
_UNLISTED = {"__init__.py", "apps.py", "urls.py"}


def page() -> str:
    parts = [
        "# Modules\n\nEvery module and the first sentence of its docstring. [Architecture](../architecture.md) has the"
        " order of the packages; commands have [a page of their own](commands.md).\n"
    ]
    for app in APPS:
        parts.append(f"## `{app}/`\n\n{_docstring(ROOT / app / '__init__.py')}\n")
        for folder in _folders(ROOT / app):
            if folder != ROOT / app:
                parts.append(f"### `{_path(folder)}/`\n\n{_docstring(folder / '__init__.py')}\n")
            rows = [f"| `{path.name}` | {first_sentence(path)} |" for path in listed(folder)]
            parts.append("\n".join(["| module | what it is about |", "|---|---|", *rows]) + "\n")
    return "\n".join(parts)


def _folders(app: Path) -> Iterator[Path]:
    """Return the app itself and its packages, without those that have no listed module."""
    for init in [app / "__init__.py", *sorted(app.glob("*/__init__.py"))]:
        if init.parent.name not in ("migrations", "management") and any(listed(init.parent)):
            yield init.parent


def listed(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.py") if path.name not in _UNLISTED)


def first_sentence(path: Path) -> str:
    paragraph = " ".join(_docstring(path).partition("\n\n")[0].split())
    found = re.match(r".+?[.!?](?=\s+[A-Z`]|$)", paragraph)
    return (found[0] if found else paragraph).replace("|", "\\|")


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text())) or ""


def _path(folder: Path) -> str:
    return str(folder.relative_to(ROOT))
