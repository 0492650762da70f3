"""NMEA 0183, as receivers and phones speak it, read into fixes. Pure.

GGA or GNS says where, by how many satellites and how well; GST of the same second says
how far it may be off, RMC the day. A sentence whose checksum is wrong says nothing.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any, Final

from collector.position.fix import Fix, NoFix, finite, is_on_earth

_QUALITIES: Final = {
    1: "autonomous",
    2: "differential",
    3: "precise",
    4: "rtk_fixed",
    5: "rtk_float",
    6: "estimated",
    7: "manual",
    8: "simulated",
}
#: Modes of GNS, one letter for each system of satellites; the best of them counts.
_MODES: Final = {
    "R": "rtk_fixed",
    "F": "rtk_float",
    "P": "precise",
    "D": "differential",
    "A": "autonomous",
    "E": "estimated",
    "M": "manual",
    "S": "simulated",
}
_WANTED: Final = (b"GGA", b"GNS", b"GST", b"RMC")
Heard = Fix | NoFix


@dataclass(slots=True)
class NmeaReader:
    """Sentences in, fixes out; a fix waits for the GST of its second, where there is one."""

    source: str = "receiver"
    receiver: str | None = None
    sentences: int = 0
    refused: int = 0
    _waiting: Fix | None = None
    _second: time | None = None
    _second_began_s: float = 0.0
    _told_by: str = ""  # the sentence that told this second
    _error_of: tuple[time | None, float] | None = None
    _day: date | None = None
    _tells_errors: bool = True  # until a second passes without

    def feed(self, line: bytes, heard_s: float) -> Iterator[Heard]:
        """Return what a line completes."""
        message = self._read(line)
        if message is None:
            return
        said = _said(message, "time")
        second = said if isinstance(said, time) else None
        if self._waiting is not None and second != self._second:
            self._tells_errors = False
            yield from self.flush()
        match message.msgID:
            case "RMC":
                self._dated(message, second)
            case "GST":
                self._judged(message, second)
                yield from self.flush()
            case _:
                yield from self._placed(message, second, heard_s)

    def flush(self) -> Iterator[Heard]:
        """Return the fix that waits for more, if one does."""
        found, self._waiting = self._waiting, None
        if found is not None:
            yield found

    def _read(self, line: bytes) -> Any | None:  # noqa: ANN401 - the library has no types
        """Return a sentence that is wanted and whole."""
        start = line.rfind(b"$")
        text = line[start:].strip()
        if start < 0 or text[3:6] not in _WANTED:
            return None
        # Costs 40 ms; wanted only where a receiver speaks.
        import pynmeagps  # noqa: PLC0415

        self.sentences += 1
        try:
            return pynmeagps.NMEAReader.parse(text + b"\r\n")
        except (
            pynmeagps.NMEAParseError,
            pynmeagps.NMEAMessageError,
            pynmeagps.NMEATypeError,
            pynmeagps.NMEAStreamError,
        ):
            self.refused += 1
            return None

    def _placed(
        self,
        message: Any,  # noqa: ANN401 - the library has no types
        second: time | None,
        heard_s: float,
    ) -> Iterator[Heard]:
        count, before = _count(message), self._waiting
        quality = _quality(message)
        lon, lat = _number(message, "lon"), _number(message, "lat")
        if quality is None or not is_on_earth(lon, lat):
            yield from self.flush()
            yield NoFix(count)
            return
        if second is None or second != self._second:
            self._second, self._second_began_s, self._told_by = second, heard_s, ""
        if self._told_by not in {"", message.msgID}:
            return  # GNS and GGA of one second tell the same
        if before is not None and before.satellites is not None and count is not None:
            # Many receivers count to twelve in GGA, whatever they use.
            count = max(count, before.satellites)
        assert lon is not None, "what is on the Earth has both"
        assert lat is not None, "what is on the Earth has both"
        self._waiting = Fix(
            lon=lon,
            lat=lat,
            quality=quality,
            satellites=count,
            hdop=_number(message, "HDOP"),
            sigma_m=self._sigma_m(second),
            at=self._moment(second),
            heard_s=self._second_began_s,
            source=self.source,
            receiver=self.receiver,
        )
        if not self._tells_errors:
            self._told_by = message.msgID
            yield from self.flush()

    def _judged(self, message: Any, second: time | None) -> None:  # noqa: ANN401 - the library has no types
        self._tells_errors = True
        north_m, east_m = _number(message, "stdLat"), _number(message, "stdLong")
        if north_m is not None and east_m is not None:
            self._error_of = second, math.hypot(north_m, east_m)
        if self._waiting is not None:
            self._told_by = "GST"
            self._waiting = replace(self._waiting, sigma_m=self._sigma_m(second))

    def _dated(self, message: Any, second: time | None) -> None:  # noqa: ANN401 - the library has no types
        said = _said(message, "date")
        self._day = said if isinstance(said, date) else None
        if self._waiting is not None:
            self._waiting = replace(self._waiting, at=self._moment(second))

    def _sigma_m(self, second: time | None) -> float | None:
        if self._error_of is None or self._error_of[0] != second:
            return None
        return self._error_of[1]

    def _moment(self, second: time | None) -> datetime | None:
        if second is None or self._day is None:
            return None
        return datetime.combine(self._day, second, UTC)


def _count(message: Any) -> int | None:  # noqa: ANN401 - the library has no types
    found = _number(message, "numSV")
    return None if found is None else int(found)


def _quality(message: Any) -> str | None:  # noqa: ANN401 - the library has no types
    if message.msgID == "GGA":
        number = _number(message, "quality")
        return None if number is None else _QUALITIES.get(int(number))
    modes = str(_said(message, "posMode"))
    return next((said for letter, said in _MODES.items() if letter in modes), None)


def _number(message: Any, name: str) -> float | None:  # noqa: ANN401 - the library has no types
    """Return a number; None for a field that is empty."""
    return finite(_said(message, name))


def _said(message: Any, name: str) -> object:  # noqa: ANN401 - the library has no types
    """Return a field; None where the sentence ends before it."""
    return getattr(message, name, None)
