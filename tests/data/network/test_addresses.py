"""Where Baton may send to, and where a name leads."""

import asyncio
import gzip
from ipaddress import ip_address

import httpcore2
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import Refused
from data.network import addresses
from data.network.addresses import NotAllowed, check_url
from data.network.networks import METADATA, METADATA_NAMES, carried, is_metadata, is_public
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
        "64:ff9b:1::7f00:1",
        "64:ff9b:1:a00:1:200::",
        "::ffff:0:10.0.0.1",
        "::10.0.0.1",
        "2001:0:a00:1::",
        "2001:0:808:808:0:0:f5ff:fffe",
        "2606:4700::5efe:a00:1",
        "2606:4700::200:5efe:c0a8:101",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::254",
    ],
)
def test_what_only_this_network_reaches_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "93.184.215.14",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "64:ff9b:1::808:808",
        "2606:4700::5efe:808:808",
    ],
)
def test_what_anyone_reaches_is_public(address: str) -> None:
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


_METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.0.23",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "0xA9.254.0251.254",
    "169.254.169.254.",
    "fe80::1",
    "fe80::a9fe:a9fe%eth0",
    "::ffff:169.254.169.254",
    "::ffff:0:a9fe:a9fe",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "64:ff9b:1:a9fe:a9:fe00::",
    "64:ff9b:1:a9:fe:a9fe::",
    "64:ff9b:1:0:a9:fea9:fe00:0",
    "2002:a9fe:a9fe::",
    "2002:a9fe:a9fe::1",
    "2001:0:a9fe:a9fe::1",
    "2001:0:808:808:0:0:5601:5601",
    "2606:4700::5efe:a9fe:a9fe",
    "2606:4700::200:5efe:a9fe:a9fe",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fd00:c1::a9fe:a9fe",
    "100.100.100.200",
    "::ffff:100.100.100.200",
    "64:ff9b::6464:64c8",
    "192.0.0.192",
    "2002:c000:c0::",
    "168.63.129.16",
    "64:ff9b::a83f:8110",
    "metadata.google.internal",
    "METADATA.google.internal.",
    "instance-data",
]


@pytest.mark.parametrize("host", _METADATA)
@pytest.mark.parametrize("private", [True, False])
def test_no_one_may_allow_where_clouds_hand_out_the_keys_of_a_machine(settings, host: str, private: bool) -> None:
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = private
    literal = f"[{host.replace('%', '%25')}]" if ":" in host else host
    with pytest.raises(Refused):
        check_url(f"http://{literal}/latest/meta-data")
    if not host.endswith("."):
        with pytest.raises(NotAllowed):
            asyncio.run(addresses.resolve(host, 80))


@pytest.mark.parametrize("host", [host for host in _METADATA if host.count(":") > 1 and "%" not in host])
def test_a_name_that_leads_to_metadata_is_not_connected_to(settings, monkeypatch, host: str) -> None:
    """A name server of the sender answers what it likes."""
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = True

    async def lookup(self, name, port, **kwargs):
        return [(10, 1, 6, "", (host, port, 0, 0))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", lookup)
    with pytest.raises(NotAllowed):
        asyncio.run(addresses.resolve("innocent.example.com", 80))


def test_every_form_of_every_metadata_address_is_found() -> None:
    for network in (one for one in METADATA if one.version == 4):
        inner = int(network.network_address)
        forms = [inner | 0xFFFF << 32, inner, inner | 0x64FF9B << 96, inner << 80 | 0x2002 << 112]
        forms += [0x2001 << 112 | inner << 64, 0x2001 << 112 | inner ^ 0xFFFFFFFF]
        forms += [0x64FF9B0001 << 80 | inner, 0x2606 << 112 | 0x5EFE << 32 | inner]
        for form in forms:
            assert is_metadata(ip_address(form.to_bytes(16))), ip_address(form.to_bytes(16))
    assert {name.lower() for name in METADATA_NAMES} == METADATA_NAMES


@given(ipv4=st.integers(2**24, 2**32 - 1), length=st.sampled_from([48, 56, 64, 96]))
def test_an_address_behind_a_local_gateway_is_read_at_each_length_of_its_prefix(ipv4: int, length: int) -> None:
    prefix, inner = 0x64FF9B0001 << 80, f"{ipv4:032b}"
    before = "" if length == 96 else inner[: 64 - length]
    after = inner if length == 96 else inner[64 - length :]
    tail = after if length == 96 else (before.rjust(64 - 48, "0") + "0" * 8 + after).ljust(80, "0")
    found = carried(ip_address((prefix | int(tail, 2)).to_bytes(16)))
    assert ip_address(ipv4) in found


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
            client = addresses.checked_client(
                {"x-key": "k"}, connect_seconds=5, silence_seconds=5, most_bytes=most_bytes
            )
            async with client:
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
