"""The address at which laptops and phones reach this server, as an administrator said it."""

import ipaddress
from typing import Final

from yarl import URL

from server.errors import UsageError
from server.store.port import Transaction

#: The setting that holds the address that was given last; phones were the first to need it.
_ADDRESS: Final = "phone_address"


def public_address(tx: Transaction, given: str | None, who: str) -> str:
    """Return the address that was read just now, which is kept, or the one of before.

    Raises
    ------
    UsageError
        If none was ever given; `who` needs it.
    """
    if given is None:
        return known_address(tx) or _refuse(who)
    tx.set_setting(_ADDRESS, given)
    return given


def known_address(tx: Transaction) -> str | None:
    """Return the address that was given last; None where none was."""
    return tx.setting(_ADDRESS)


def _refuse(who: str) -> str:
    raise UsageError(
        f"{who} need the address at which they reach this server",
        "add: --address https://soil.example.org (later ones get the same)",
    )


def read_address(text: str) -> str:
    """Return the address of the server as laptops and phones are given it: no slash at its end.

    They send a token there, so the address begins with https, but where it leads to the
    same machine.

    Raises
    ------
    UsageError
        If it is none, or would send tokens in the clear.

    Examples
    --------
    >>> read_address("https://soil.example.org/")
    'https://soil.example.org'
    """
    hint = "write it as https://soil.example.org"
    try:
        url = URL(text.strip())
        is_whole = url.scheme in {"http", "https"} and bool(url.host)
        is_plain = not (url.query or url.fragment or url.user or url.password)
    except ValueError:
        raise UsageError(f"{text} is no address", hint) from None
    if not is_whole or not is_plain:
        raise UsageError(f"{text} is no address of a server", hint)
    if url.scheme == "http" and not _is_loopback(url.host or ""):
        raise UsageError(
            f"{text} would send tokens in the clear",
            "use https; docs/operations.md has a proxy that does it",
        )
    return str(url).rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
