"""What kind of network an address belongs to: the internet, a private network, or a cloud's metadata service.

An IPv6 address may carry an IPv4 address that a gateway, a tunnel or the system itself sends to. `carried` takes
those out, and each of them is judged as the address itself is.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network

type Address = IPv4Address | IPv6Address

# Where a cloud tells its machines their settings and keys, and the name servers and hosts beside it that do.
# Link-local networks as a whole: most clouds use 169.254.169.254, and each has some addresses of its own there.
METADATA = tuple(
    ip_network(network)
    for network in (
        "169.254.0.0/16",
        "fe80::/10",
        "100.100.100.200/32",  # Alibaba Cloud
        "100.100.2.136/31",
        "100.100.2.138/32",
        "168.63.129.16/32",  # Azure
        "192.0.0.192/32",  # Oracle Cloud
        "fd00:c1::/32",
        "fd00:ec2::/32",  # Amazon
        "fd20:ce::/32",  # Google
        "fd00:42::42/128",  # Scaleway
        "fd00:a9fe:a9fe::/48",  # Akamai (Linode)
        "192.80.8.124/32",  # Equinix Metal
    )
)
METADATA_NAMES = frozenset(
    {
        "metadata",
        "metadata.google.internal",
        "metadata.goog",
        "instance-data",
        "instance-data.ec2.internal",
        "metadata.azure.internal",
        "metadata.azure.com",
        "metadata.tencentyun.com",
        "metadata.platformequinix.com",
        "metadata.packet.net",
        "rancher-metadata",
    }
)

_MAPPED = IPv6Network("::ffff:0:0/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")
_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_6TO4 = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
# The last 64 bits of ISATAP begin with these, for private and for public IPv4 addresses.
_ISATAP = (0x00005EFE, 0x02005EFE)
# The prefixes within which a local NAT64 may choose its own, and how the address is laid out behind each (RFC 6052).
_NAT64_LENGTHS = (48, 56, 64, 96)


def is_metadata_name(host: str) -> bool:
    return host.rstrip(".").lower() in METADATA_NAMES


def is_metadata(address: Address) -> bool:
    return any(one in network for one in (address, *carried(address)) for network in METADATA)


def is_public(address: Address) -> bool:
    """Can anyone on the internet reach it? Not loopback, private, link-local, multicast or reserved."""
    inner = carried(address)
    if isinstance(address, IPv6Address) and inner and _is_gateway(address):
        return all(map(is_public, inner))
    if isinstance(address, IPv6Address) and address.is_site_local:
        return False
    is_open = address.is_global and not address.is_multicast and not address.is_reserved
    return is_open and all(map(is_public, inner)) and not is_metadata(address)


def _is_gateway(address: IPv6Address) -> bool:
    """The address is nothing but another way to write the IPv4 address in it."""
    return any(address in network for network in (_MAPPED, _NAT64, _NAT64_LOCAL, _6TO4))


def carried(address: Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 address may lead to."""
    if isinstance(address, IPv4Address):
        return []
    return list(dict.fromkeys(_carried(address)))


def _carried(address: IPv6Address) -> Iterator[IPv4Address]:
    bits = int(address)
    if any(address in network for network in (_MAPPED, _TRANSLATED, _NAT64)) or (address in _COMPATIBLE and bits > 1):
        yield _ipv4(bits)
    elif address in _NAT64_LOCAL:
        # Nothing between the prefix and the last four bytes: any other length would make this 0.0.0.x.
        plain = not (bits >> 32) & (2**48 - 1)
        yield from [_ipv4(bits)] if plain else [_behind(bits, length) for length in _NAT64_LENGTHS]
    elif address in _6TO4:
        yield _ipv4(bits >> 80)
    elif address in _TEREDO:
        yield _ipv4(bits >> 64)  # the server
        yield _ipv4(~bits)  # the client
    if (bits >> 32) & 0xFFFFFFFF in _ISATAP:
        yield _ipv4(bits)


def _behind(bits: int, length: int) -> IPv4Address:
    """The address behind a prefix of this length. Bits 64 to 71 are no part of it."""
    if length == 96:
        return _ipv4(bits)
    before = ((bits >> 64) & ((1 << (64 - length)) - 1)) << (length - 32)
    return _ipv4(before | (bits >> (88 - length)) & ((1 << (length - 32)) - 1))


def _ipv4(bits: int) -> IPv4Address:
    return IPv4Address(bits & 0xFFFFFFFF)
