"""Who speaks: the address of a connection, or the one that a proxy before us names."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

#: Networks whose word on where a request came from is taken.
Networks = Sequence[IPv4Network | IPv6Network]

#: A proxy on the same machine; nobody comes from there over a network.
LOOPBACK: Final = ("127.0.0.0/8", "::1/128")
#: Whoever has one address of IPv6 has a whole network of them.
_ONE_OWNER: Final = 64


def networks(names: Sequence[str]) -> Networks:
    """Read networks and addresses as people write them.

    Raises
    ------
    ValueError
        If one is none.
    """
    return [ip_network(name.strip(), strict=False) for name in names]


def who(address: str) -> str:
    """Return an address as what is counted: of IPv6 the network of one owner.

    Examples
    --------
    >>> who("192.0.2.7"), who("2001:db8::7"), who("::ffff:192.0.2.7"), who("x")
    ('192.0.2.7', '2001:db8::/64', '192.0.2.7', 'x')
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        if not found.is_loopback:
            return str(ip_network((found, _ONE_OWNER), strict=False))
    return str(found)


def is_among(address: str, trusted: Networks) -> bool:
    """Return whether an address is of one of these networks."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in trusted)


def speaker(peer: str, forwarded: str, trusted: Networks) -> str:
    """Return where a request came from, by what trusted proxies say (`X-Forwarded-For`).

    Each proxy adds at the end the address that it saw: the last one that is none of the
    trusted ones is who speaks. What stands before it anybody may have written.

    Examples
    --------
    >>> near = networks(["127.0.0.1", "10.0.0.0/8"])
    >>> speaker("127.0.0.1", "1.1.1.1, 192.0.2.7, 10.0.0.2", near)
    '192.0.2.7'
    >>> speaker("192.0.2.9", "1.1.1.1", near), speaker("127.0.0.1", "", near)
    ('192.0.2.9', '127.0.0.1')
    """
    found = peer
    for said in reversed([part.strip() for part in forwarded.split(",") if part]):
        if not is_among(found, trusted):
            break
        found = said
    return found


def host_of(address: str) -> str:
    """Return an address as it stands in a URL.

    Examples
    --------
    >>> host_of("127.0.0.1"), host_of("::1")
    ('127.0.0.1', '[::1]')
    """
    return f"[{address}]" if ":" in address else address
