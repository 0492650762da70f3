"""The lines of a receiver: over TCP, or through a serial port."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from collector.errors import RefusedError
from collector.position.address import ReceiverAddress
from collector.position.gpsd import WATCH
from schemas.phrases import _

if TYPE_CHECKING:
    from serial import Serial

#: A sentence has 82 characters, a report of gpsd some thousand.
_MOST_BYTES: Final = 64 * 1024
_PIECE_BYTES: Final = 4096


class ByteSource(Protocol):
    """What bytes come from."""

    def read(self) -> bytes:
        """Return what came.

        Raises
        ------
        RefusedError
            If the receiver is silent, or is not there any more.
        """


@contextmanager
def opened(address: ReceiverAddress, silence_s: float) -> Iterator[ByteSource]:
    """Open a receiver for a while; `silence_s` is how long it may say nothing.

    Raises
    ------
    RefusedError
        If it cannot be opened.
    """
    if address.kind == "serial":
        with _open_serial(address, silence_s) as port:
            yield _SerialSource(port, address, silence_s)
        return
    with _connect(address, silence_s) as connection:
        if address.kind == "gpsd":
            connection.sendall(WATCH)
        yield _TcpSource(connection, address, silence_s)


def lines(source: ByteSource) -> Iterator[bytes]:
    """Return the lines of a receiver; what is no text in lines is thrown away."""
    left = b""
    while True:
        *whole, left = (left + source.read()).split(b"\n")
        yield from whole
        left = left[-_MOST_BYTES:]


class _TcpSource:
    def __init__(
        self, connection: socket.socket, address: ReceiverAddress, silence_s: float
    ) -> None:
        self._connection = connection
        self._address = address
        self._silence_s = silence_s

    def read(self) -> bytes:
        try:
            found = self._connection.recv(_PIECE_BYTES)
        except TimeoutError:
            raise _silent(self._address, self._silence_s) from None
        except OSError as error:
            raise _gone(self._address, str(error.strerror or error)) from None
        if not found:
            raise _gone(self._address, _("it closed the connection"))
        return found


class _SerialSource:
    def __init__(
        self, port: "Serial", address: ReceiverAddress, silence_s: float
    ) -> None:
        self._port = port
        self._address = address
        self._silence_s = silence_s

    def read(self) -> bytes:
        import serial  # noqa: PLC0415 - wanted only where there is a cable

        try:
            found: bytes = self._port.read(max(1, self._port.in_waiting))
        except (serial.SerialException, OSError) as error:
            raise _gone(self._address, str(error)) from None
        if not found:
            raise _silent(self._address, self._silence_s)
        return found


def _connect(address: ReceiverAddress, silence_s: float) -> socket.socket:
    try:
        return socket.create_connection((address.where, address.number), silence_s)
    except OSError as error:
        hint = (
            "start gpsd, and see with: gpspipe -w -n 5"
            if address.kind == "gpsd"
            else "start the app on the phone that shares its position as NMEA over TCP;"
            " phone and laptop are in one network"
        )
        raise RefusedError(
            _(
                "{receiver} does not answer: {why}",
                receiver=address.name,
                why=str(error.strerror or error),
            ),
            hint,
            code="receiver_unreachable",
        ) from None


def _open_serial(address: ReceiverAddress, silence_s: float) -> "Serial":
    import serial  # noqa: PLC0415 - wanted only where there is a cable

    try:
        return serial.Serial(address.where, address.number, timeout=silence_s)
    except (serial.SerialException, ValueError) as error:
        raise RefusedError(
            _("{device} cannot be opened: {why}", device=address.where, why=str(error)),
            _(
                "plug the receiver in and list what there is:"
                " python -m serial.tools.list_ports; on Linux your user must be in the"
                " group dialout"
            ),
            code="receiver_unreachable",
        ) from None


def _silent(address: ReceiverAddress, silence_s: float) -> RefusedError:
    return RefusedError(
        _(
            "{receiver} has said nothing for {seconds} s",
            receiver=address.name,
            seconds=f"{silence_s:g}",
        ),
        _("look whether it is switched on, and whether another program reads it"),
        code="receiver_silent",
    )


def _gone(address: ReceiverAddress, why: str) -> RefusedError:
    return RefusedError(
        _("{receiver} is gone: {why}", receiver=address.name, why=why),
        _("look at cable, battery and network, and type the command again"),
        code="receiver_gone",
    )
