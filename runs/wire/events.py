"""Server-sent events as they come: with any line ends, comments, a byte order mark, or without `data:`. Pure."""

import codecs
import re
from collections.abc import Iterator

from .reading import BOM

type Event = tuple[str, str]  # its name or "", and its data

_FIELD = re.compile(rb"(data|event|id|retry)[ \t]*:|:|\[DONE\]")
_LONGEST_FIELD = 8


def is_stream(head: bytes) -> bool | None:
    """Return whether an answer that begins so is a stream of events, or None while it is too short to say."""
    begun = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if _FIELD.match(begun):
        return True
    return False if begun[:1] in (b"{", b"[", b"<") or len(begun) >= _LONGEST_FIELD else None


class EventReader:
    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._left = ""
        self._name = ""
        self._data: list[str] = []

    def feed(self, part: bytes) -> Iterator[Event]:
        """Return the events that are complete with this part."""
        said = self._left + self._decode(part)
        held = "\r" if said.endswith("\r") else ""  # it may be half of a line end
        said = said.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n")
        *lines, rest = said.split("\n")
        self._left = rest + held
        for line in lines:
            yield from self._line(line.lstrip(BOM))

    def close(self) -> Iterator[Event]:
        """Return what is left when the stream has ended without an empty line."""
        yield from self._line(self._left.strip())
        yield from self._line("")

    def _line(self, line: str) -> Iterator[Event]:
        if not line:
            if self._data:
                yield self._name, "\n".join(self._data)
            self._name, self._data = "", []
            return
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field.strip():
            case "data":
                self._data.append(value)
            case "event":
                self._name = value.strip()
            case "" | "id" | "retry":
                pass
            case _ if line.lstrip()[:1] in ("{", "["):
                self._data.append(line)  # of a server that leaves the field's name out
