"""Where Baton may send to, and where a name leads."""

import asyncio
import gzip
from ipaddress import ip_address

import httpcore2
import httpx2
import pytest

from teams import addresses
from teams.addresses import NotAllowed, check_url, is_public
from teams.errors import Refused
from tests.receiver import receiver

__all__ = ["receiver"]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
    ],
)
def test_what_only_this_network_reaches_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_what_anybody_reaches_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com/",
        "https://",
        "https://example.com:99999/",
        "https://[::1",
        "https://name:word@example.com/",
        "https://exa mple.com/",
        "http://localhost/",
        "http://a.localhost/",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://0/",
        "http://0.0.0.0:8000/",
        "http://localhost./",
        "http://127.0.0.1./",
        "http://[::]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[0:0:0:0:0:ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[::7f00:1]/",
        "http://[fe80::1%25eth0]/",
        "http://①②⑦.⓪.⓪.①/",
        "http://example.com\\@127.0.0.1/",
        "http://127.0.0.1%2f@example.com/",
        "//127.0.0.1/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "unix:///run/valkey.sock",
        "http+unix://%2Frun%2Fvalkey.sock/",
        "http://[::1]:80/",
        "http://169.254.169.254/latest/meta-data",
        "https://example.com/" + 2000 * "a",
    ],
)
def test_other_addresses_are_refused_at_their_field(url: str) -> None:
    with pytest.raises(Refused) as refused:
        check_url(url)
    assert "url" in refused.value.fields


def test_an_operator_may_allow_private_addresses(settings) -> None:
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = True
    assert check_url(" http://127.0.0.1:8080/hook ") == "http://127.0.0.1:8080/hook"


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "2852039166"])
def test_nobody_may_allow_where_clouds_hand_out_the_keys_of_a_machine(settings, host: str) -> None:
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = True
    with pytest.raises(Refused):
        check_url(f"http://{host}/latest/meta-data")
    with pytest.raises(NotAllowed):
        asyncio.run(addresses.resolve(host.strip("[]"), 80))


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "0", "::1"])
def test_whatever_a_name_is_written_like_where_it_leads_is_checked(host: str) -> None:
    """For what gets past the check of the address as it was typed."""
    with pytest.raises(NotAllowed):
        asyncio.run(addresses.resolve(host, 80))


def test_a_name_with_one_private_address_is_not_connected_to(monkeypatch) -> None:
    async def lookup(self, host, port, **kwargs):
        return [(2, 1, 6, "", ("93.184.215.14", port)), (2, 1, 6, "", ("10.0.0.1", port))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", lookup)
    with pytest.raises(NotAllowed):
        asyncio.run(addresses.resolve("two.example.com", 80))


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch) -> None:
    """A name that leads elsewhere at a second look has no effect: there is no second look."""
    looks: list[str] = []
    connected: list[str] = []

    async def lookup(self, host, port, **kwargs):
        looks.append(host)
        return [(2, 1, 6, "", ("93.184.215.14" if len(looks) == 1 else "127.0.0.1", port))]

    async def connect(self, host, port, *args, **kwargs):
        connected.append(host)
        raise httpcore2.ConnectError("refused")

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", lookup)
    monkeypatch.setattr(httpcore2.AnyIOBackend, "connect_tcp", connect)

    async def post() -> None:
        async with addresses.checked_pool() as pool:
            await pool.request("POST", "http://rebinding.example.com/")

    with pytest.raises(httpcore2.ConnectError):
        asyncio.run(post())
    assert (looks, connected) == (["rebinding.example.com"], ["93.184.215.14"])


@pytest.fixture
def ask(receiver):
    def ask(most_bytes: int = 1000) -> bytes:
        async def post() -> bytes:
            times = {"connect_seconds": 5, "silence_seconds": 5}
            async with addresses.checked_client({"x-key": "k"}, most_bytes=most_bytes, **times) as client:
                return (await client.post(receiver.url)).content

        return asyncio.run(post())

    return ask


def test_a_checked_client_asks_and_reads(receiver, ask) -> None:
    assert ask() == b"thanks"
    assert receiver.got[0].headers["x-key"] == "k"


def test_a_checked_client_connects_to_no_private_address(receiver, ask, settings) -> None:
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = False
    with pytest.raises(httpx2.ConnectError, match="private network"):
        ask()
    assert not receiver.got


def test_a_checked_client_follows_no_redirect(receiver, ask) -> None:
    receiver.status, receiver.headers = 307, {"location": "http://169.254.169.254/"}
    assert ask() == b"thanks"
    assert len(receiver.got) == 1


def test_a_checked_client_heeds_no_proxy_of_the_environment(receiver, ask, monkeypatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # where nobody listens
    assert ask() == b"thanks"
    assert receiver.got[0].path == "/hook"


def test_a_checked_client_opens_no_socket_of_this_machine() -> None:
    with pytest.raises(NotAllowed):
        asyncio.run(addresses.CheckedNetwork().connect_unix_socket("/run/valkey.sock"))


def test_a_checked_client_reads_no_answer_without_end(receiver, ask) -> None:
    receiver.answer = 1001 * b"a"
    with pytest.raises(httpx2.ReadError, match="too long"):
        ask()


def test_a_checked_client_unpacks_nothing(receiver, ask) -> None:
    receiver.answer, receiver.headers = gzip.compress(1_000_000 * b"a"), {"content-encoding": "gzip"}
    with pytest.raises(httpx2.RemoteProtocolError, match="packed"):
        ask(100_000)
