"""The reports of gpsd, one JSON object a line, read into fixes. Pure.

TPV says where, SKY by how many satellites; DEVICES what the receiver is called.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from collector.position.fix import Fix, NoFix, finite, is_on_earth

#: What a client says first: tell everything, as JSON.
WATCH: Final = b'?WATCH={"enable":true,"json":true};\n'

#: Values of `status`; 0 and 1 are an ordinary fix. gpsd_json(5).
_QUALITIES: Final = {
    2: "differential",
    3: "rtk_fixed",
    4: "rtk_float",
    5: "estimated",
    6: "estimated",
    7: "manual",
    8: "simulated",
    9: "precise",
}
#: `mode` of a fix in two dimensions; below there is none.
_PLANE_FIX: Final = 2

Heard = Fix | NoFix


@dataclass(slots=True)
class GpsdReader:
    """Reports in, fixes out."""

    receiver: str | None = None
    sentences: int = 0
    refused: int = 0
    _satellites: int | None = None
    _hdop: float | None = None
    _time: str | None = None
    _time_began_s: float = 0.0

    def feed(self, line: bytes, heard_s: float) -> Iterator[Heard]:
        """Return what a report tells of the position."""
        if not line.strip():
            return
        self.sentences += 1
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            self.refused += 1
            return
        if not isinstance(said, dict):
            self.refused += 1
            return
        match said.get("class"):
            case "DEVICES" | "DEVICE":
                self._named(said)
            case "SKY":
                self._seen(said)
            case "TPV":
                yield self._placed(said, heard_s)
            case _:
                pass

    def flush(self) -> Iterator[Heard]:
        """Return nothing: no report waits for another one."""
        return iter(())

    def _named(self, said: Mapping[str, Any]) -> None:
        devices = said.get("devices") or [said]
        first = devices[0] if isinstance(devices, list) else {}
        if isinstance(first, dict):
            parts = (first.get("driver"), first.get("subtype"), first.get("path"))
            name = " ".join(part for part in parts if isinstance(part, str) and part)
            self.receiver = name or self.receiver

    def _seen(self, said: Mapping[str, Any]) -> None:
        used = finite(said.get("uSat"))
        if used is None and isinstance(said.get("satellites"), list):
            used = float(sum(_is_used(each) for each in said["satellites"]))
        if used is not None:
            self._satellites = int(used)
        self._hdop = finite(said.get("hdop")) or self._hdop

    def _placed(self, said: Mapping[str, Any], heard_s: float) -> Heard:
        lon, lat = finite(said.get("lon")), finite(said.get("lat"))
        mode = finite(said.get("mode")) or 0.0
        if mode < _PLANE_FIX or not is_on_earth(lon, lat):
            return NoFix(self._satellites)
        assert lon is not None, "what is on the Earth has both"
        assert lat is not None, "what is on the Earth has both"
        time = said.get("time")
        if time is None or time != self._time:
            self._time, self._time_began_s = time, heard_s
        status = finite(said.get("status")) or 0.0
        return Fix(
            lon=lon,
            lat=lat,
            quality=_QUALITIES.get(int(status), "autonomous"),
            satellites=self._satellites,
            hdop=self._hdop,
            sigma_m=finite(said.get("eph")),
            at=_moment(time),
            heard_s=self._time_began_s,
            receiver=self.receiver,
        )


def _is_used(satellite: object) -> bool:
    return isinstance(satellite, dict) and satellite.get("used") is True


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
