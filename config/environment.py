"""The environment, read in one way: what cannot be understood is a sentence and the end, before anything starts."""

import math
import os
import sys
from ipaddress import ip_address
from urllib.parse import urlsplit

ON, OFF = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def switch(name: str, default: bool) -> bool:
    """On or off, in any of the usual words. Empty is not set."""
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value not in ON + OFF:
        _stop(f"{name} must be on or off (1, true, yes, on; 0, false, no, off), not {os.environ[name]!r}.")
    return value in ON


def number(name: str, default: float, *, least: float = 0) -> float:
    """A number that may have a fraction. Empty is not set."""
    value = os.environ.get(name, "").strip()
    try:
        found = float(value or default)
    except ValueError:
        found = math.nan
    if not math.isfinite(found) or found < least:
        _stop(f"{name} must be a number of at least {least:g}, not {value!r}.")
    return found


def whole(name: str, default: int, *, least: int = 0) -> int:
    """A number without a fraction. Empty is not set."""
    value = os.environ.get(name, "").strip() or str(default)
    if not (value.isascii() and value.isdecimal()) or int(value) < least:
        _stop(f"{name} must be a whole number of at least {least}, not {value!r}.")
    return int(value)


def one_of(name: str, default: str, words: tuple[str, ...]) -> str:
    """One of these words, whatever its case. Empty is not set."""
    value = os.environ.get(name, "").strip() or default
    found = [word for word in words if word.lower() == value.lower()]
    if not found:
        _stop(f"{name} must be one of {', '.join(words)}, not {value!r}.")
    return found[0]


def listed(name: str) -> list[str]:
    """What stands between commas."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def is_this_machine(host: str) -> bool:
    """Does this name or address lead to nothing but the machine itself?"""
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def stays_here(host: str, names: list[str], url: str, *, is_behind_proxy: bool) -> bool:
    """Can only this machine reach an installation that listens on `host`, answers to `names` and is found at `url`?

    A proxy is there for others, whatever it calls Baton.
    """
    return not is_behind_proxy and all(map(is_this_machine, [host, *names, urlsplit(url).hostname or ""]))


def _stop(sentence: str) -> None:
    sys.exit(f"Baton cannot start. {sentence}")
