"""Turns uploads into texts, and texts into a zip archive. Pure, and bounded: an archive may state a wrong size."""

import io
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from django.utils.text import slugify

from data.texts.text import storable

from .flaws import Flaw, Flawed

FILE_LIMIT = 1_000_000  # bytes
TESTS_LIMIT = 10_000_000  # bytes, of a file of routing tests
FILES_LIMIT = 1000
TOTAL_LIMIT = 20_000_000  # bytes, unpacked
_ENDINGS = (".md", ".markdown", ".txt", ".tests.yaml", ".tests.yml")
_TAKEN = "Only Markdown files (.md) and files of routing tests (.tests.yaml)"
# The others unpack a block at once, however large that is.
_BOUNDED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ZIP = b"PK"


@dataclass(frozen=True)
class TextFile:
    name: str
    text: str


def pack(files: Iterable[TextFile]) -> bytes:
    """The same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.writestr(zipfile.ZipInfo(file.name), file.text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def names(agents: Iterable[tuple[str, str]]) -> list[str]:
    """A file name for each agent, of its name and id: "triage.md", with the id's end where two would be alike."""
    pairs = [(slugify(name) or "agent", id) for name, id in agents]
    slugs = [slug for slug, _ in pairs]
    return [f"{slug}-{id[-8:]}.md" if slugs.count(slug) > 1 else f"{slug}.md" for slug, id in pairs]


def unpack(uploads: Iterable[tuple[str, bytes]]) -> list[TextFile]:
    """The texts of files and of those in zip archives. Flawed, with all that cannot be read."""
    found: list[TextFile] = []
    flaws: list[Flaw] = []
    left = TOTAL_LIMIT
    for name, content in _contents(uploads, flaws):
        left -= len(content)
        if left < 0 or len(found) == FILES_LIMIT:
            message = f"This is too large: at most {FILES_LIMIT:,} files with {TOTAL_LIMIT // 10**6} MB."
            raise Flawed([*flaws, Flaw(name, 0, message)])
        try:
            found.append(TextFile(_unlike(name, {file.name for file in found}), _decoded(name, content)))
        except Flawed as flawed:
            flaws += flawed.flaws
    if flaws:
        raise Flawed(flaws)
    return found


def _unlike(name: str, taken: Collection[str]) -> str:
    """Two folders may hold files of one name."""
    return next(other for number in count(1) if (other := name if number == 1 else f"{name} ({number})") not in taken)


def _contents(uploads: Iterable[tuple[str, bytes]], flaws: list[Flaw]) -> Iterator[tuple[str, bytes]]:
    for name, content in uploads:
        shown = str(storable(name))
        if content.startswith(_ZIP):
            yield from _members(shown, content, flaws)
        elif shown.lower().endswith(_ENDINGS):
            yield shown, content
        else:
            flaws.append(
                Flaw(
                    shown,
                    0,
                    f"{_TAKEN}, or zip archives of them, can be imported.",
                )
            )


def _members(name: str, content: bytes, flaws: list[Flaw]) -> Iterator[tuple[str, bytes]]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError):
        flaws.append(Flaw(name, 0, "This zip archive is damaged."))
        return
    members = [member for member in archive.infolist() if not _is_left_out(member)]
    if len(members) > FILES_LIMIT:
        flaws.append(Flaw(name, 0, f"This archive has {len(members):,} files; {FILES_LIMIT:,} is the most."))
        return
    for member in members:
        shown = f"{name}: {storable(member.filename)}"
        try:
            yield shown, _read(archive, member)
        except ValueError as error:
            flaws.append(Flaw(shown, 0, str(error)))
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError):
            flaws.append(Flaw(shown, 0, "This part of the archive is damaged or has a password."))


def _is_left_out(member: zipfile.ZipInfo) -> bool:
    """Folders, and what systems put into archives unasked."""
    parts = _path(member).split("/")
    return member.is_dir() or parts[0] == "__MACOSX" or (parts[-1].startswith(".") and parts[-1] != "..")


def _path(member: zipfile.ZipInfo) -> str:
    return member.filename.replace("\\", "/")


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """ValueError with a sentence for what is not taken."""
    path = _path(member)
    if path.startswith("/") or ".." in path.split("/") or ":" in path:
        raise ValueError("This path leads out of the archive, so nothing of it was read.")
    if not path.lower().endswith(_ENDINGS):
        raise ValueError(f"{_TAKEN} can be imported. Take this one out of the archive.")
    if member.compress_type not in _BOUNDED:
        raise ValueError("This file is packed in an unusual way. Save it as an ordinary zip archive.")
    with archive.open(member) as opened:
        return opened.read(_limit(path) + 1)


def _limit(name: str) -> int:
    return TESTS_LIMIT if name.lower().endswith((".yaml", ".yml")) else FILE_LIMIT


def _decoded(name: str, content: bytes) -> str:
    if len(content) > _limit(name):
        raise Flawed([Flaw(name, 0, f"This file has more than {_limit(name) // 10**6} MB.")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = "This is not UTF-8 text. Please save the file as UTF-8."
        raise Flawed([Flaw(name, line, message)]) from error
