"""The server's address, and whether what is sent there can be read on the way.

The token is all that a stranger needs to write as this laptop, so it does not leave
over plain http unless a person said so once; on this machine nobody is in between.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from collector.errors import RefusedError
from collector.laptop import settings
from collector.laptop.laptop import Laptop
from schemas.phrases import _


def enrolled_at(laptop: Laptop) -> tuple[str, str]:
    """Return the address of this laptop's server, and the token for it.

    Raises
    ------
    RefusedError
        If this laptop is not enrolled, or the token could be read on its way.
    """
    server = laptop.store.setting(settings.SERVER)
    token = laptop.store.setting(settings.TOKEN)
    if server is None or token is None:
        raise RefusedError(
            _("this laptop is not enrolled"),
            _("ask the administrator for a code, then: permille enrol URL CODE"),
            code="not_enrolled",
        )
    if laptop.store.setting(settings.INSECURE) != settings.YES:
        check_address(server, "permille sync --insecure")
    return server, token


def allow_insecure(laptop: Laptop, *, allowed: bool = True) -> None:
    """Keep whether the token may travel over plain http."""
    laptop.store.set_settings({settings.INSECURE: settings.YES if allowed else None})


def check_address(server: str, otherwise: str) -> None:
    """Refuse plain http to another machine; `otherwise` is what to type to allow it.

    Raises
    ------
    RefusedError
        If the token could be read on its way.
    """
    if is_readable_on_the_way(server):
        raise RefusedError(
            _(
                "{server} is not encrypted: whoever is on the way reads the token, and can"
                " write as this laptop",
                server=server,
            ),
            _(
                "use the server's https:// address; where only you use the network:"
                " {command}",
                command=otherwise,
            ),
            code="insecure_server",
        )


def is_readable_on_the_way(server: str) -> bool:
    """Return whether an address is plain http to another machine.

    Examples
    --------
    >>> is_readable_on_the_way("https://soil.example.org")
    False
    >>> is_readable_on_the_way("http://[::1]:8750")
    False
    >>> is_readable_on_the_way("http://127.0.0.1@soil.example.org")
    True
    """
    try:
        parts = urlsplit(server)
        if parts.scheme != "http" or not parts.hostname:
            return False  # encrypted, or no address of a server at all
        return parts.hostname != "localhost" and not _is_loopback(parts.hostname)
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
