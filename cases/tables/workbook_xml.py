"""The XML of a workbook's parts, read within bounds: a hostile one is refused after about a second."""

import zipfile
from collections.abc import Callable, Mapping
from xml.parsers import expat

from .tables import refuse

type Attributes = Mapping[str, str]

_CHUNK = 64 * 1024
# Of one tag with its attributes.
_TAG_LENGTH = 256 * 1024
_ATTRIBUTE_LIMIT = 200
# Tags that may bring nothing: a sheet of a million formatted and empty cells is refused, after a second.
_IDLE_TAGS, _TAGS_PER_VALUE = 1_000_000, 20


def walk(
    archive: zipfile.ZipFile,
    name: str,
    start: Callable[[str, Attributes], None],
    end: Callable[[str, str], bool] = lambda tag, text: False,
) -> None:
    """Walk through a part. `start` gets each tag with its attributes, `end` each with the text in it, both without
    namespaces. What `end` returns says whether a value came of it.
    """
    texts: list[str] = []
    left = _IDLE_TAGS

    def started(tag: str, attributes: dict[str, str]) -> None:
        texts.clear()
        if len(attributes) > _ATTRIBUTE_LIMIT:
            _too_much()
        start(tag.rpartition(" ")[2], attributes)

    def ended(tag: str) -> None:
        nonlocal left
        left += _TAGS_PER_VALUE if end(tag.rpartition(" ")[2], "".join(texts)) else -1
        texts.clear()
        if left < 0:
            _too_much()

    def named_a_space(*_: object) -> None:
        nonlocal left
        left -= 1

    def no_doctype(*_: object) -> None:
        raise ValueError("a document type")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = started, ended
    parser.CharacterDataHandler = texts.append
    parser.StartNamespaceDeclHandler = named_a_space
    parser.StartDoctypeDeclHandler = no_doctype
    with archive.open(name) as part:
        _feed(parser, part.read)


def _feed(parser: expat.XMLParserType, read: Callable[[int], bytes]) -> None:
    """Feed the parser piece by piece, so that a tag without an end is never read whole."""
    taken = 0
    while piece := read(_CHUNK):
        parser.Parse(piece)
        taken += len(piece)
        if taken - parser.CurrentByteIndex > _TAG_LENGTH:
            _too_much()
    parser.Parse(b"", True)


def _too_much() -> None:
    refuse(
        "This workbook holds too much beside its values: empty cells with formats, or data of other programs. "
        "Copy the rows into a new workbook, or save the sheet as CSV."
    )
