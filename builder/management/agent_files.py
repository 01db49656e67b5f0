"""Files of agents as commands are told them: Markdown files with their tests, archives, and folders of them."""

from pathlib import Path

from django.core.management.base import CommandError

from builder.files.test_files import ENDING

HELP = "Markdown files, files of routing tests, zip archives, or folders of them."


def contents(paths: list[Path]) -> list[tuple[str, bytes]]:
    found: list[Path] = []
    for path in paths:
        found += sorted([*path.rglob("*.md"), *path.rglob(f"*{ENDING}")]) if path.is_dir() else [path]
    try:
        return [(str(path), path.read_bytes()) for path in found]
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from error
