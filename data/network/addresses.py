"""Addresses that people give us to send to. What only this machine or its network can reach is refused.

A name is looked up once, every address it has is checked, and one of these is connected to, so that a name cannot
change between the check and the connection. A sender must not follow redirects without checking them again.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpcore2
import httpx2
from django.conf import settings

from data.errors import Refused

from .identity import USER_AGENT
from .networks import Address, is_metadata, is_metadata_name, is_public

URL_LIMIT = 2000
_REFUSED = "This is an address inside a private network, which Baton does not send to."


class NotAllowed(httpcore2.ConnectError):
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
        raise _wrong(field, "Enter a full address, such as https://example.com/baton.")
    if len(url) > URL_LIMIT:
        raise _wrong(field, f"Use at most {URL_LIMIT:,} characters.")
    if parts.username is not None or parts.password is not None:
        raise _wrong(field, "Please leave out the name and password: anyone who sees the address would see them.")
    if not url.isascii():
        raise _wrong(field, "Please write this address in plain letters, as browsers copy it.")
    name = host.rstrip(".")
    is_here = (name == "localhost" or name.endswith(".localhost")) and not settings.BATON_ALLOW_PRIVATE_ADDRESSES
    if is_here or is_metadata_name(name) or not _all_allowed(_literal(name)):
        raise _wrong(field, _REFUSED)
    return url


async def resolve(host: str, port: int) -> list[Address]:
    """Where a name leads to, in the order to try. NotAllowed when one of these may not be reached."""
    if is_metadata_name(host):
        raise NotAllowed(f"{host} hands out the keys of a machine. Baton does not send to it.")
    loop = asyncio.get_running_loop()
    try:
        rows = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError(f"{host} was not found.") from error
    found = list(dict.fromkeys(ip_address(str(row[4][0]).partition("%")[0]) for row in rows))
    if not _all_allowed(found):
        raise NotAllowed(f"{host} leads to an address inside a private network, which Baton does not send to.")
    return found


class CheckedNetwork(httpcore2.AsyncNetworkBackend):
    """Connects httpcore2 to checked addresses only. TLS still asks for the certificate of the name."""

    def __init__(self) -> None:
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2 asks for it
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        failed: Exception | None = None
        for address in await resolve(host, port):
            try:
                return await self._network.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed or httpcore2.ConnectError(f"{host} was not found.")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2 asks for it
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        raise NotAllowed("Not a network address.")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


@cache
def _tls() -> ssl.SSLContext:
    """Reading the certificates takes 15 ms, more than all else about a connection."""
    return ssl.create_default_context()


def checked_pool(most_connections: int | None = 10) -> httpcore2.AsyncConnectionPool:
    """Connections to checked addresses. It follows no redirect and heeds no proxy of the environment."""
    return httpcore2.AsyncConnectionPool(
        ssl_context=_tls(),
        max_connections=most_connections,
        max_keepalive_connections=10,
        network_backend=CheckedNetwork(),
    )


def checked_client(
    headers: Mapping[str, str], *, connect_seconds: float, silence_seconds: float, most_bytes: int, packed: bool = False
) -> httpx2.AsyncClient:
    """A client on checked connections, for libraries that take one. No answer of more than `most_bytes` is read.

    With `packed` an answer may say that it is packed: for callers that read it raw and bound what they unpack.
    """
    return httpx2.AsyncClient(
        # What is packed may be a thousand times as long unpacked: nothing packed is asked for, or taken.
        headers={"user-agent": USER_AGENT, **headers, "accept-encoding": "identity"},
        timeout=httpx2.Timeout(silence_seconds, connect=connect_seconds),
        transport=_CheckedTransport(most_bytes, packed),
        trust_env=False,
    )


class _CheckedTransport(httpx2.AsyncHTTPTransport):
    def __init__(self, most_bytes: int, packed: bool) -> None:
        super().__init__(verify=_tls(), trust_env=False)
        self._pool = checked_pool(most_connections=None)
        self._most_bytes = most_bytes
        self._packed = packed

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        if not self._packed and response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise httpx2.RemoteProtocolError("The answer is packed, which was not asked for.", request=request)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Bounded(response.stream, self._most_bytes),
            extensions=response.extensions,
        )


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, most_bytes: int) -> None:
        self._stream = stream
        self._left = most_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            self._left -= len(part)
            if self._left < 0:
                raise httpx2.ReadError("The answer is too long.")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


def _literal(host: str) -> list[Address]:
    try:
        return [ip_address(host)]
    except ValueError:
        pass
    try:  # 127.1, 0x7f000001 and 2130706433 are ways to write an address too
        return [ip_address(socket.inet_aton(host))]
    except OSError:
        return []


def _all_allowed(addresses: Iterable[Address]) -> bool:
    return all(_is_allowed(address) for address in addresses)


def _is_allowed(address: Address) -> bool:
    """Baton never sends to where clouds hand a machine its keys, whatever the operator allows."""
    if is_metadata(address):
        return False
    return settings.BATON_ALLOW_PRIVATE_ADDRESSES or is_public(address)


def _wrong(field: str, message: str) -> Refused:
    return Refused(message, "invalid", {field: message})
