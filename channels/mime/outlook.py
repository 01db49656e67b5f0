"""What Outlook packs into `winmail.dat`: Microsoft's TNEF, of which only the text and the files are read."""

import struct
from dataclasses import dataclass, field

_SIGNATURE = 0x223E9F78
_LONG_NAME_A, _LONG_NAME_W = b"\x1e\x00\x07\x37", b"\x1f\x00\x07\x37"
_MOST_FILES = 100


@dataclass
class Packed:
    """What Outlook packs into `winmail.dat`. `files`: names and bytes."""

    text: str = ""
    files: list[tuple[str, bytes]] = field(default_factory=list)


def unpack(data: bytes) -> Packed | None:
    """Return what is in it, or None where it is no TNEF, or is broken."""
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != _SIGNATURE:
        return None
    found, at, name = Packed(), 6, ""
    content: bytes | None = None

    def close() -> None:
        if content is not None and len(found.files) < _MOST_FILES:
            found.files.append((name or f"file-{len(found.files) + 1}", content))

    while at + 9 <= len(data):
        attribute, length = struct.unpack_from("<II", data, at + 1)
        value = data[at + 9 : at + 9 + length]
        if len(value) < length:
            return None
        match attribute:
            case 0x0002800C:
                found.text = _text(value)
            case 0x00069002:  # each file begins with how it is drawn
                close()
                name, content = "", None
            case 0x00018010:
                name = name or _text(value)
            case 0x0006800F:
                content = value
            case 0x00069005:
                name = _long_name(value) or name
        at += 9 + length + 2
    close()
    return found


def _text(value: bytes) -> str:
    return value.partition(b"\0")[0].decode("cp1252", errors="replace").strip()


def _long_name(value: bytes) -> str:
    """A file's full name among its properties: its tag, the number of values, its length, and it."""
    for tag, charset in ((_LONG_NAME_W, "utf-16-le"), (_LONG_NAME_A, "cp1252")):
        at = value.find(tag)
        if at >= 0 and at + 12 <= len(value):
            length = struct.unpack_from("<I", value, at + 8)[0]
            return value[at + 12 : at + 12 + min(length, 1000)].decode(charset, errors="replace").strip("\0 ")
    return ""
