"""What the server that received an email found out about its sender, as it says so in a header (RFC 8601).

Anyone can write such a header. So only those of the server that is believed count: it removes others of its name.
"""

import re
from email.message import Message

from . import headers

# This name stands for a server that does not name itself, such as Microsoft's: the topmost header counts.
TOPMOST = "topmost"

type _Results = list[tuple[str, str, dict[str, str]]]


def is_from(message: Message, address: str, believed: str) -> bool:
    """Return whether the server that is believed says that the domain of this address has sent the email.

    DMARC decides where the server says anything of it, else a signature (DKIM) or SPF for that very domain.
    """
    domain = address.rpartition("@")[2].lower()
    results = _results(message, believed)
    dmarc = [(result, said) for method, result, said in results if method == "dmarc"]
    if dmarc:
        return all(result == "pass" and said.get("header.from", domain) == domain for result, said in dmarc)
    return any(
        result == "pass" and domain in (_domain(said.get(name, "")) for name in names)
        for method, names in (("dkim", ("header.d", "header.i")), ("spf", ("smtp.mailfrom",)))
        for found, result, said in results
        if found == method
    )


def _domain(value: str) -> str:
    return value.rpartition("@")[2]


def _results(message: Message, believed: str) -> _Results:
    """Return the results in all headers of the server that is believed, as (method, result, properties)."""
    written = [_parts(value) for value in headers.all_of(message, "authentication-results")]
    if believed == TOPMOST:
        written = written[:1]
    else:
        written = [parts for parts in written if parts and _server(parts[0]) == believed.lower()]
    return [result for parts in written for part in parts if (result := _result(part))]


def _server(first: str) -> str:
    words = first.lower().split()
    return words[0] if words and "=" not in words[0] else ""


def _result(part: str) -> tuple[str, str, dict[str, str]] | None:
    pairs = [word.partition("=") for word in part.lower().split()]
    said = {name: value for name, _, value in pairs if value}
    if not pairs or not pairs[0][2]:
        return None
    method, _, result = pairs[0]
    return method.partition("/")[0], result, said


def _parts(value: str) -> list[str]:
    """A header without its comments, split at the semicolons outside quotations. Nothing of one that does not end."""
    parts, depth, is_quoted, is_escaped = [""], 0, False, False
    for sign in value:
        if is_escaped:
            is_escaped = False
        elif sign == "\\" and (depth or is_quoted):
            is_escaped = True
        elif depth:
            depth += {"(": 1, ")": -1}.get(sign, 0)
        elif sign == '"':
            is_quoted = not is_quoted
        elif is_quoted:
            parts[-1] += "_" if sign.isspace() or sign == ";" else sign
        elif sign == "(":
            depth = 1
            parts[-1] += " "
        elif sign == ";":
            parts.append("")
        else:
            parts[-1] += sign
    if depth or is_quoted:
        return []
    return [re.sub(r"\s*=\s*", "=", part) for part in parts]
