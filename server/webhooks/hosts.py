"""Which hosts may be told anything: names that were allowed, addresses that are public."""

import ipaddress
import json
from typing import Final

from yarl import URL

from schemas import limits
from server.errors import NotFoundError, RefusedError, UsageError
from server.store.port import Transaction

#: The setting of the server that holds the names.
_ALLOWED: Final = "webhook_hosts"
#: More are a mistake: an allow-list that nobody can read is none.
_MOST: Final = 100
#: IPv6 that has an address of IPv4 at its end, which is the one that is reached.
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")
_HTTPS: Final = 443
_HINT: Final = "write it as https://hooks.example.org/permille"


class AddressError(ValueError):
    """A host that nothing is sent to, and why."""


def allowed_hosts(tx: Transaction) -> list[str]:
    """Return the names of the hosts that may be told anything, sorted."""
    found: list[str] = json.loads(tx.setting(_ALLOWED) or "[]")
    return found


def allow_host(tx: Transaction, said: str) -> list[str]:
    """Add a host to those that may be told anything; return them all.

    Raises
    ------
    UsageError
        If it is no name of a host, or there are too many.
    """
    hosts = sorted({*allowed_hosts(tx), read_host(said)})
    if len(hosts) > _MOST:
        raise UsageError(
            f"{_MOST} hosts are allowed already",
            "take one off: permille-server webhook allow HOST --remove",
        )
    tx.set_setting(_ALLOWED, json.dumps(hosts))
    return hosts


def disallow_host(tx: Transaction, said: str) -> list[str]:
    """Take a host off the list; return those that are left.

    Raises
    ------
    NotFoundError
        If it is not on the list.
    """
    host, hosts = read_host(said), allowed_hosts(tx)
    if host not in hosts:
        raise NotFoundError(
            f"{host} is not allowed anyway", "see: permille-server webhook list"
        )
    hosts.remove(host)
    tx.set_setting(_ALLOWED, json.dumps(hosts))
    return hosts


def read_host(said: str) -> str:
    """Return the name of a host as it is compared: small letters, no dot at its end.

    Raises
    ------
    UsageError
        If it is none.

    Examples
    --------
    >>> read_host("Hooks.Example.org.")
    'hooks.example.org'
    """
    hint = "write the name alone, as hooks.example.org"
    text = said.strip().rstrip(".")
    try:
        url = URL.build(scheme="https", host=text)
        host = (url.raw_host or "").lower()
    except ValueError:
        raise UsageError(f"{said} is no name of a host", hint) from None
    if not host or host != str(URL(f"https://{host}").raw_host) or len(text) > 253:
        raise UsageError(f"{said} is no name of a host", hint)
    return host


def read_url(said: str) -> str:
    """Return the address of a webhook.

    Raises
    ------
    UsageError
        If it is none by https, or says a login.
    """
    text = said.strip()
    try:
        url = URL(text)
        host = url.raw_host
    except ValueError:
        host, url = None, URL()
    if not host or url.scheme != "https":
        raise UsageError(f"{said} is no address by https", _HINT)
    if url.user or url.password or url.fragment:
        raise UsageError(f"{said} says more than host, path and query", _HINT)
    if len(text) > limits.NOTE_CHARS:
        raise UsageError(f"the address is longer than {limits.NOTE_CHARS}", _HINT)
    return str(url)


def host_of_url(url: str) -> str:
    """Return the host of the address of a webhook, as it stands on the list."""
    return (URL(url).raw_host or "").rstrip(".").lower()


def check_allowed(tx: Transaction, url: str) -> None:
    """Refuse an address whose host is not on the list.

    Raises
    ------
    RefusedError
        If it is not.
    """
    host = host_of_url(url)
    if host not in allowed_hosts(tx):
        raise RefusedError(
            f"nothing is sent to {host}: it is not on the list",
            [],
            f"first: permille-server webhook allow {host}",
        )


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the public internet.

    Private, loopback, link-local, multicast and reserved ones are not, nor is an IPv6
    address that leads to such a one.

    Examples
    --------
    >>> [is_public(each) for each in ("93.184.216.34", "10.0.0.1", "::ffff:127.0.0.1")]
    [True, False, False]
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found.teredo is not None or found.is_site_local:
            return False
        if found in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast and not found.is_reserved
