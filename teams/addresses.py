"""Addresses that people give us to send to. What only this machine or its network can reach is refused.

A name is looked up once, every address it has is checked, and one of these is connected to, so that a name cannot
change between the check and the connection. Whoever sends must not follow redirects without checking anew.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import httpcore
from django.conf import settings

from .errors import Refused

type Address = IPv4Address | IPv6Address

URL_LIMIT = 2000
# Gateways from IPv6 to IPv4: the last four bytes are the address that is reached.
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_REFUSED = "This is an address inside a private network, which Baton does not send to."


class NotAllowed(httpcore.ConnectError):
    """The name leads to an address that must not be reached."""


def check_url(url: str, field: str = "url") -> str:
    """The address without spaces around it, or Refused with the field's error. Names are looked up only when used."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _wrong(field, "This is not an address.") from None
    if parts.scheme not in ("http", "https") or not host or any(ord(letter) < 33 for letter in url):
        raise _wrong(field, "Please give a whole address, such as https://example.com/baton.")
    if len(url) > URL_LIMIT:
        raise _wrong(field, f"Please use at most {URL_LIMIT:,} characters.")
    if parts.username is not None or parts.password is not None:
        raise _wrong(field, "Please leave out the name and password: anybody who sees the address would see them.")
    if not url.isascii():
        raise _wrong(field, "Please write this address in plain letters, as browsers copy it.")
    is_here = host == "localhost" or host.endswith(".localhost") or not _all_allowed(_literal(host))
    if is_here and not settings.BATON_ALLOW_PRIVATE_ADDRESSES:
        raise _wrong(field, _REFUSED)
    return url


def is_public(address: Address) -> bool:
    """Can anybody on the internet reach it? Not loopback, private, link-local, multicast or reserved."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and any(address in network for network in _NAT64):
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


async def resolve(host: str, port: int) -> list[Address]:
    """Where a name leads to, in the order to try. NotAllowed when one of these may not be reached."""
    loop = asyncio.get_running_loop()
    try:
        rows = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} was not found.") from error
    found = list(dict.fromkeys(ip_address(str(row[4][0]).partition("%")[0]) for row in rows))
    if not settings.BATON_ALLOW_PRIVATE_ADDRESSES and not _all_allowed(found):
        raise NotAllowed(f"{host} leads to an address inside a private network, which Baton does not send to.")
    return found


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects httpcore to checked addresses only. TLS still asks for the certificate of the name."""

    def __init__(self) -> None:
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore asks for it
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failed: Exception | None = None
        for address in await resolve(host, port):
            try:
                return await self._network.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed or httpcore.ConnectError(f"{host} was not found.")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore asks for it
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise NotAllowed("Not a network address.")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


def checked_pool() -> httpcore.AsyncConnectionPool:
    """Connections to checked addresses. It follows no redirect and heeds no proxy of the environment."""
    return httpcore.AsyncConnectionPool(ssl_context=ssl.create_default_context(), network_backend=CheckedNetwork())


def _literal(host: str) -> list[Address]:
    try:
        return [ip_address(host)]
    except ValueError:
        pass
    try:  # 127.1, 0x7f000001 and 2130706433 are ways to write an address too
        return [IPv4Address(socket.inet_aton(host))]
    except OSError:
        return []


def _all_allowed(addresses: Iterable[Address]) -> bool:
    return all(is_public(address) for address in addresses)


def _wrong(field: str, message: str) -> Refused:
    return Refused(message, "invalid", {field: message})
