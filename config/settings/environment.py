"""Reads settings from the environment. An invalid value ends the process with a sentence that names the setting."""

import math
import os
import sys
from ipaddress import ip_address
from urllib.parse import urlsplit

ON, OFF = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def switch(name: str, default: bool) -> bool:
    """Return whether a switch is on, in any of the usual words. An empty value counts as not set."""
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value not in ON + OFF:
        _stop(f"{name} must be on or off (1, true, yes, on; 0, false, no, off), not {os.environ[name]!r}.")
    return value in ON


def number(name: str, default: float, *, least: float = 0) -> float:
    """Return a number that may have a fraction. An empty value counts as not set."""
    value = os.environ.get(name, "").strip()
    try:
        found = float(value or default)
    except ValueError:
        found = math.nan
    if not math.isfinite(found) or found < least:
        _stop(f"{name} must be a number of at least {least:g}, not {value!r}.")
    return found


def whole(name: str, default: int, *, least: int = 0) -> int:
    """Return a number without a fraction. An empty value counts as not set."""
    value = os.environ.get(name, "").strip() or str(default)
    if not (value.isascii() and value.isdecimal()) or int(value) < least:
        _stop(f"{name} must be a whole number of at least {least}, not {value!r}.")
    return int(value)


def one_of(name: str, default: str, words: tuple[str, ...]) -> str:
    """Return one of these words, in any case. An empty value counts as not set."""
    value = os.environ.get(name, "").strip() or default
    found = [word for word in words if word.lower() == value.lower()]
    if not found:
        _stop(f"{name} must be one of {', '.join(words)}, not {value!r}.")
    return found[0]


def listed(name: str) -> list[str]:
    """Return the values between commas."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def is_this_machine(host: str) -> bool:
    """Return whether this name or address leads only to this machine."""
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def stays_here(host: str, names: list[str], url: str, *, is_behind_proxy: bool) -> bool:
    """Return whether only this machine can reach an installation with this `host`, these `names` and this `url`.

    A proxy serves other machines, whatever name it uses for Baton.
    """
    return not is_behind_proxy and all(map(is_this_machine, [host, *names, urlsplit(url).hostname or ""]))


def _stop(sentence: str) -> None:
    sys.exit(f"Baton cannot start. {sentence}")
