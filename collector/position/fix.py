"""One position, as a receiver, a phone or a photo says it: what is known and in doubt. Pure."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from schemas import limits
from schemas.phrases import Phrase, _, figure, joined
from schemas.sampling.plane import Place

#: Fewer give a position, and no way to see that one of them is wrong.
LEAST_SATELLITES: Final = 5
#: Above it the satellites stand too close together in the sky.
MOST_HDOP: Final = 5.0
#: A receiver speaks once a second.
MOST_AGE_S: Final = 10.0
#: This close to longitude 0 and latitude 0 a position was never read, degrees.
_ZERO_DEGREES: Final = 0.01
#: Error for each unit of HDOP, m: of a receiver by itself about 4 m (GPS SPS Performance
#: Standard 2020), with corrections less.
_ERROR_M: Final[Mapping[str | None, float]] = MappingProxyType(
    {"differential": 1.5, "precise": 1.5, "rtk_float": 0.3, "rtk_fixed": 0.02}
)
_ERROR_ALONE_M: Final = 4.0
#: 1 mm: what a receiver with corrections by radio can tell.
_DECIMALS: Final = 8
_QUARTER_HOUR_S: Final = 900.0
#: Clocks of other zones are off by quarters of an hour, give or take that much.
_SLACK_S: Final = 60.0
_DAY_S: Final = 86_400.0

_QUALITIES: Final = MappingProxyType(
    {
        "autonomous": _("satellites alone"),
        "differential": _("corrected"),
        "precise": _("precise positioning"),
        "rtk_fixed": _("RTK fixed"),
        "rtk_float": _("RTK float"),
        "estimated": _("estimated"),
        "manual": _("typed into the receiver"),
        "simulated": _("simulated"),
    }
)


class NoFix(NamedTuple):
    """A receiver speaks, and does not know where it is."""

    satellites: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A position.

    `sigma_m` is the receiver's own estimate of its error, `spread_m` the standard
    deviation of the fixes that it is the mean of, `at` the time by the satellites,
    `heard_s` when it was heard first by a clock that only runs forward.
    """

    lon: float
    lat: float
    quality: str | None = None
    satellites: int | None = None
    hdop: float | None = None
    sigma_m: float | None = None
    at: datetime | None = None
    heard_s: float = 0.0
    source: str = "receiver"
    receiver: str | None = None
    averaged: int = 1
    spread_m: float | None = None

    @property
    def place(self) -> Place:
        """Return longitude and latitude."""
        return self.lon, self.lat

    @property
    def accuracy_m(self) -> float | None:
        """Return how far it may be off: what the receiver says, else by its HDOP.

        The mean of many fixes is not better than that: what is wrong with them lasts
        for minutes.
        """
        found = self.sigma_m
        if found is None and self.hdop is not None:
            found = self.hdop * _ERROR_M.get(self.quality, _ERROR_ALONE_M)
        if found is None:
            return self.spread_m
        return max(found, self.spread_m or 0.0)


def finite(value: object) -> float | None:
    """Return a number of a receiver; None for anything else.

    >>> finite(12), finite(float("nan")), finite("12"), finite(True)
    (12.0, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def is_on_earth(lon: float | None, lat: float | None) -> bool:
    """Return whether both are there and within their bounds."""
    if lon is None or lat is None:
        return False
    return abs(lon) <= 180.0 and abs(lat) <= 90.0


def is_at_zero(fix: Fix) -> bool:
    """Return whether a position is the one that programs say which have none."""
    return abs(fix.lon) < _ZERO_DEGREES and abs(fix.lat) < _ZERO_DEGREES


def position_fields(fix: Fix, taken_s: float) -> dict[str, Any]:
    """Return the fields of a core that a fix fills; None where it says nothing.

    `taken_s` is when it is taken over, by the clock of `heard_s`.

    >>> found = position_fields(Fix(lon=2.35, lat=48.85, hdop=0.8, heard_s=7.0), 8.5)
    >>> found["accuracy_m"], found["fix_age_s"], found["satellites"]
    (3.2, 1.5, None)
    """
    is_photo = fix.source == "photo"
    accuracy_m = fix.accuracy_m
    return {
        "lon": round(fix.lon, _DECIMALS) + 0.0,
        "lat": round(fix.lat, _DECIMALS) + 0.0,
        "accuracy_m": _bounded(accuracy_m, limits.ACCURACY_MAX_M),
        "position_source": fix.source,
        "fix_quality": fix.quality,
        "satellites": fix.satellites,
        "fixes_averaged": None if is_photo else fix.averaged,
        "fix_sigma_m": _bounded(fix.spread_m, limits.ACCURACY_MAX_M),
        "fix_age_s": None
        if is_photo
        else _bounded(max(0.0, taken_s - fix.heard_s), limits.FIX_AGE_MAX_S, 1),
        "receiver": fix.receiver and fix.receiver[: limits.NAME_CHARS],
    }


def in_words(fix: Fix) -> Phrase:
    """Return a fix in one line.

    >>> in_words(Fix(lon=2.35, lat=48.85, quality="rtk_fixed", satellites=14, hdop=0.6))
    '48.8500000, 2.3500000 (latitude, longitude), ± 0.01 m, RTK fixed, 14 satellites'
    """
    place = f"{fix.lat:.7f}, {fix.lon:.7f}"
    parts: list[str] = [_("{place} (latitude, longitude)", place=place)]
    if fix.accuracy_m is not None:
        digits = 1 if fix.accuracy_m >= 1.0 else 2
        parts.append(_("± {off} m", off=figure(fix.accuracy_m, digits)))
    if fix.quality is not None:
        parts.append(_QUALITIES.get(fix.quality, fix.quality))
    if fix.satellites is not None:
        parts.append(_("{num} satellites", num=fix.satellites))
    if fix.averaged > 1:
        parts.append(_("mean of {num} fixes", num=fix.averaged))
        if fix.spread_m is not None:
            parts.append(_("spread {off} m", off=figure(fix.spread_m, 2)))
    return joined(parts)


def doubts(fix: Fix, taken_s: float, now: datetime) -> Iterator[Phrase]:
    """Return in words what is wrong with a position, or may be.

    `now` is the time of this laptop.
    """
    if is_at_zero(fix):
        yield _("it is at latitude 0, longitude 0: no position was read")
    yield from _of_quality(fix)
    if fix.satellites is not None and fix.satellites < LEAST_SATELLITES:
        yield _(
            "only {num} satellites: go where more of the sky is seen, and wait",
            num=fix.satellites,
        )
    if fix.hdop is not None and fix.hdop > MOST_HDOP:
        yield _(
            "the satellites stand close together (HDOP {hdop}): wait some minutes",
            hdop=figure(fix.hdop, 1),
        )
    if fix.accuracy_m is not None and fix.accuracy_m > limits.FIX_ERROR_M:
        yield _(
            "it may be {off} m off: wait, or average more fixes",
            off=figure(fix.accuracy_m),
        )
    if fix.source != "photo":
        yield from _of_age(fix, taken_s)
        yield from _of_clock(fix.at, now)


def _of_quality(fix: Fix) -> Iterator[Phrase]:
    match fix.quality:
        case "simulated":
            yield _("the receiver simulates: nothing was measured")
        case "estimated":
            yield _("the receiver estimates from its last movement, without satellites")
        case "manual":
            yield _("the position was typed into the receiver, not measured")
        case _:
            pass


def _of_age(fix: Fix, taken_s: float) -> Iterator[Phrase]:
    age_s = taken_s - fix.heard_s
    if age_s > MOST_AGE_S:
        yield _("it is {age} s old: there has been no newer fix", age=figure(age_s))


def _of_clock(at: datetime | None, now: datetime) -> Iterator[Phrase]:
    if at is None:
        return
    off_s = (now - at).total_seconds()
    if abs(off_s) <= limits.CLOCK_SKEW_WARN_S:
        return
    off = _span(abs(off_s))
    clock = (
        _("the clock of this laptop is {off} ahead of the satellites", off=off)
        if off_s > 0
        else _("the clock of this laptop is {off} behind the satellites", off=off)
    )
    rest_s = abs(off_s) % _QUARTER_HOUR_S
    is_zone = min(rest_s, _QUARTER_HOUR_S - rest_s) <= _SLACK_S and abs(off_s) < _DAY_S
    if is_zone:
        yield _(
            "{clock}: it seems to be set to another time zone; set zone and time",
            clock=clock,
        )
    else:
        yield _(
            "{clock}: set it, as times that are typed as now follow it", clock=clock
        )


def _span(seconds: float) -> Phrase:
    if seconds >= _DAY_S:
        return _("{num} days", num=figure(seconds / _DAY_S, 1))
    if seconds >= 3_600.0:
        return _("{num} h", num=figure(seconds / 3_600.0, 1))
    return _("{num} min", num=figure(seconds / 60.0))


def _bounded(value: float | None, most: float, digits: int = 3) -> float | None:
    return None if value is None else round(min(value, most), digits)
