"""How often someone may try to get in: by a password, a code, a link, a key.

Tries are counted for an address and the network they come from together, so that an attacker elsewhere locks no one
out; by network alone, so that one attacker does not try many people; and for an address alone, more slowly. A device
that the person has signed in with before is counted by itself alone.
"""

from ipaddress import ip_address, ip_network

from allauth.account.adapter import get_adapter
from allauth.core.internal import ratelimit
from django.conf import settings
from django.http import HttpRequest

from .known_devices import known_device

# Networks of one household or office: an attacker gets another address in them for free.
_NETWORK = {4: 32, 6: 64}
# After which of the limits (settings.ATTEMPTS) a page says to wait how many minutes.
MINUTES, MINUTES_ANYWHERE = 5, 60


class TooManyAttempts(Exception):
    def __init__(self, minutes: int) -> None:
        super().__init__(f"Wait {minutes} minutes.")
        self.minutes = minutes


class Attempt:
    """One attempt that was counted. `forget` uncounts it, when the password was right."""

    def __init__(self, usages: list[ratelimit.RateLimitUsage]) -> None:
        self._usages = usages

    def forget(self) -> None:
        for usage in self._usages:
            usage.rollback()


def attempt(request: HttpRequest, what: str, address: str) -> Attempt:
    """Count a try at this address. Raise TooManyAttempts when there were too many."""
    address = address.strip().lower()
    if device := _trusted(request, address):
        return Attempt([_count(request, f"{what}_known", f"{address} {device}", MINUTES)])
    usages = [_count(request, what, f"{address} {network_of(request)}", MINUTES)]
    try:
        usages.append(_count(request, f"{what}_anywhere", address, MINUTES_ANYWHERE))
    except TooManyAttempts:
        Attempt(usages).forget()
        raise
    return Attempt(usages)


def guess(request: HttpRequest, what: str) -> None:
    """Count a wrong guess of something that belongs to nobody yet. Raise TooManyAttempts when there were too many."""
    _count(request, what, network_of(request), MINUTES)


def clear(request: HttpRequest, what: str, address: str) -> None:
    """Of an address whose person has shown who they are."""
    ratelimit.clear(request, app="allauth.account", action=f"{what}_anywhere", key=address.strip().lower())


def network_of(request: HttpRequest) -> str:
    address = get_adapter().get_client_ip(request)
    try:
        length = _NETWORK[ip_address(address).version]
    except ValueError:
        return str(address)
    return str(ip_network(f"{address}/{length}", strict=False))


def _trusted(request: HttpRequest, address: str) -> str:
    """The device of someone who is signed in already, or has been."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated and user.email == address:
        return f"session {request.session.session_key}"
    return known_device(request, address)


def _count(request: HttpRequest, what: str, key: str, minutes: int) -> ratelimit.RateLimitUsage:
    limits = settings.ACCOUNT_RATE_LIMITS
    usage = ratelimit.consume(request, app="allauth.account", action=what, key=key, config=limits, limit_get=True)
    if usage is None:
        raise TooManyAttempts(minutes)
    return usage
