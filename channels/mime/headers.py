"""The headers of an email, read leniently: what senders write there is often broken, and sometimes hostile.

Nothing here raises. Python's parser of structured headers does, and takes time that grows with the square of a header's
length, so headers are cut, decoded and searched by plain means.
"""

import hashlib
import re
from datetime import UTC, datetime
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from data.texts.text import storable

# What no honest sender exceeds.
_LONGEST = 20_000
_MOST_ADDRESSES = 200
_LONGEST_ID = 200
_ID = re.compile(r"<[^<>\s]{1,900}>")
_ADDRESS = re.compile(r"[^\s<>@,;:\"()\[\]\\]{1,64}@[^\s<>@,;:\"()\[\]\\]{1,250}")
# Python calls these codecs of text too. They turn ASCII into something else, or take very long for it.
_NO_CHARSETS = {"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
# As browsers have it: what calls itself the former is nearly always the latter.
_MEANT = {"iso-8859-1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252", "latin1": "cp1252", "gb2312": "gb18030"}


def decoded(data: bytes, charset: str | None) -> str:
    """Text in the charset that it names, else as UTF-8, else as Western European, with a sign for what fits nowhere."""
    named = (charset or "").strip().strip("\"'").lower()
    tries = ["utf-8", _MEANT.get(named, named)] if named in _MEANT else [named, "utf-8"]
    for name in tries:
        if name and name.replace("-", "_") not in _NO_CHARSETS:
            try:
                return data.decode(name).removeprefix("\ufeff")
            except (LookupError, ValueError, UnicodeError):
                continue
    return data.decode("cp1252", errors="replace")


def all_of(message: Message, name: str) -> list[str]:
    """The values of a header as they came, unfolded and cut, in the order in which they stand."""
    wanted = name.lower()
    found = [str(value) for key, value in message.raw_items() if key.lower() == wanted][:50]
    return [" ".join(value[:_LONGEST].split()) for value in found]


def raw(message: Message, name: str) -> str:
    return next(iter(all_of(message, name)), "")


def text(message: Message, name: str) -> str:
    """The first header of this name as people read it, on one line."""
    return readable(raw(message, name))


def readable(value: str) -> str:
    value = decoded(value.encode("utf-8", "surrogateescape"), "utf-8")
    try:
        parts = decode_header(value)
    except Exception:  # broken Base64 raises many things
        parts = [(value, None)]
    words = "".join(part if isinstance(part, str) else decoded(part, charset) for part, charset in parts)
    return " ".join(str(storable(words)).split())


def addresses(values: list[str]) -> list[tuple[str, str]]:
    """The names and addresses in headers, at most 200. What holds no address is left out."""
    found: list[tuple[str, str]] = []
    for value in values:
        try:
            pairs = getaddresses([value], strict=False)
        except Exception:  # such as RecursionError, by twenty thousand brackets
            pairs = []
        good = [(readable(name)[:200], match[0]) for name, given in pairs if (match := _ADDRESS.search(given))]
        found += good or [("", address) for address in _ADDRESS.findall(value)]
    return [(name, str(storable(address))) for name, address in found[:_MOST_ADDRESSES]]


def ids(values: list[str]) -> list[str]:
    """The ids of messages in headers, each once."""
    return list(dict.fromkeys(kept_id(id) for value in values for id in _ID.findall(value)))


def kept_id(id: str) -> str:
    """An id as Baton keeps it: a long one by its digest."""
    id = str(storable(id.encode("utf-8", "surrogateescape").decode("utf-8", "replace")))
    return id if len(id) <= _LONGEST_ID else f"<{hashlib.sha256(id.encode()).hexdigest()}@long>"


def moment(message: Message, name: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(raw(message, name))
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def same_address(address: str) -> str:
    """What two ways to write an address have in common: in lower case, and without what follows a plus."""
    local, _, domain = address.strip().lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
