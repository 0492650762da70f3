"""Where a position comes from, as people type it. Pure."""

from typing import Final, NamedTuple
from urllib.parse import urlsplit

from collector.errors import UsageError
from schemas.phrases import _

GPSD_PORT: Final = 2947
#: What NMEA 0183 receivers with a USB cable speak at most often, baud.
USUAL_BAUD: Final = 9600

FORMS: Final = "gpsd://HOST, tcp://HOST:PORT, serial:DEVICE@BAUD or photo:FILE"


class ReceiverAddress(NamedTuple):
    """One way in: `kind` is gpsd, tcp, serial or photo; `where` a host, device or file."""

    kind: str
    where: str
    number: int = 0  # port, or baud

    @property
    def name(self) -> str:
        """Return how a record calls it."""
        match self.kind:
            case "gpsd" | "tcp":
                return f"{self.kind}://{self.where}:{self.number}"
            case "serial":
                return f"{self.where} at {self.number} baud"
            case _:
                return self.where


def read_address(text: str) -> ReceiverAddress:
    """Return the address that a text names.

    Raises
    ------
    UsageError
        If it names none.

    Examples
    --------
    >>> read_address("gpsd://localhost")
    ReceiverAddress(kind='gpsd', where='localhost', number=2947)
    >>> read_address("serial:COM3")
    ReceiverAddress(kind='serial', where='COM3', number=9600)
    >>> read_address("serial:/dev/ttyACM0@4800").name
    '/dev/ttyACM0 at 4800 baud'
    """
    kind, colon, rest = text.strip().partition(":")
    match kind.lower():
        case "gpsd" | "tcp" if colon:
            return _host(kind.lower(), text.strip())
        case "serial" if rest:
            return _serial(text, rest)
        case "photo" if rest:
            return ReceiverAddress("photo", rest)
        case _:
            raise _none(text)


def _host(kind: str, text: str) -> ReceiverAddress:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _none(text) from None
    port = port or (GPSD_PORT if kind == "gpsd" else None)
    if not host or port is None:
        raise _none(text)
    return ReceiverAddress(kind, host, port)


def _serial(text: str, rest: str) -> ReceiverAddress:
    device, at, baud = rest.partition("@")
    if at and not (baud.isascii() and baud.isdecimal() and int(baud) > 0):
        raise _none(text)
    return ReceiverAddress("serial", device, int(baud) if at else USUAL_BAUD)


def _none(text: str) -> UsageError:
    return UsageError(
        _("{text} is no receiver", text=text), _("give {forms}", forms=FORMS)
    )
