"""Take a position: listen until there are enough fixes, and say what is wrong with them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from collector.clock import Clock
from collector.errors import RefusedError
from collector.files.exif import taken
from collector.position.address import ReceiverAddress
from collector.position.averaging import average
from collector.position.fix import Fix, NoFix, doubts, is_at_zero
from collector.position.gpsd import GpsdReader
from collector.position.nmea import NmeaReader
from collector.position.sources import lines, opened
from schemas.phrases import _, figure, ngettext

#: How long a receiver may say nothing.
SILENCE_S: Final = 10.0
#: A receiver that was switched on just now needs half a minute, under trees more.
WAIT_S: Final = 120.0
#: Of --here: one wild fix among ten is seen.
USUAL_FIXES: Final = 10

Reader = NmeaReader | GpsdReader


class Wanted(NamedTuple):
    """How many fixes, or for how long; `wait_s` is when to give up without any."""

    fixes: int = 1
    seconds: float | None = None
    wait_s: float = WAIT_S


class HerePosition(NamedTuple):
    """A position that was taken, when, and what is wrong with it."""

    fix: Fix
    taken_s: float
    doubts: Sequence[str]


def take(address: ReceiverAddress, clock: Clock, wanted: Wanted) -> HerePosition:
    """Take a position; nothing without a fix.

    Raises
    ------
    RefusedError
        If there is no receiver, it is silent or gone, or it has no fix.
    """
    if address.kind == "photo":
        return _of_photo(Path(address.where), clock)
    found = average(_listened(address, clock, wanted))
    if is_at_zero(found.fix):
        raise RefusedError(
            _(
                "{receiver} says latitude 0, longitude 0: it has read no position",
                receiver=address.name,
            ),
            _("wait for a fix, and type the command again"),
            code="no_fix",
        )
    taken_s = clock.monotonic_s()
    said: list[str] = [*doubts(found.fix, taken_s, clock.now())]
    came = found.fix.averaged + found.left_out
    if wanted.seconds is None and came < wanted.fixes:
        wanted_fixes = ngettext("{num} fix", "{num} fixes", wanted.fixes)
        said.append(_("only {num} of {fixes} came", num=came, fixes=wanted_fixes))
    if found.left_out:
        said.append(
            ngettext(
                "{num} fix far off left out",
                "{num} fixes far off left out",
                found.left_out,
            )
        )
    if found.jump_m:
        jump = figure(found.jump_m)
        said.append(_("it jumped by {off} m from one fix to the next", off=jump))
    return HerePosition(found.fix, taken_s, said)


def watch(
    address: ReceiverAddress, clock: Clock, wait_s: float
) -> Iterator[Fix | NoFix]:
    """Return what a receiver says, for as long as it speaks.

    Raises
    ------
    RefusedError
        When it is silent or gone.
    """
    reader = reader_of(address)
    with opened(address, min(SILENCE_S, wait_s)) as source:
        for line in lines(source):
            yield from reader.feed(line, clock.monotonic_s())


def reader_of(address: ReceiverAddress) -> Reader:
    """Return what understands a receiver."""
    if address.kind == "gpsd":
        return GpsdReader(address.name)
    return NmeaReader("phone" if address.kind == "tcp" else "receiver", address.name)


def _listened(address: ReceiverAddress, clock: Clock, wanted: Wanted) -> list[Fix]:
    reader, found = reader_of(address), list[Fix]()
    begun_s, satellites = clock.monotonic_s(), None
    first_s = None
    with opened(address, min(SILENCE_S, wanted.wait_s)) as source:
        for line in lines(source):
            now_s = clock.monotonic_s()
            for heard in reader.feed(line, now_s):
                if isinstance(heard, NoFix):
                    satellites = heard.satellites
                    continue
                found.append(heard)
                first_s = first_s or now_s
            if _is_enough(found, first_s, now_s, wanted):
                return found
            if not found and now_s - begun_s > wanted.wait_s:
                break
    raise _no_fix(address, reader, satellites, wanted.wait_s)


def _is_enough(
    found: Sequence[Fix], first_s: float | None, now_s: float, wanted: Wanted
) -> bool:
    if first_s is None:
        return False
    if wanted.seconds is not None:
        return now_s - first_s >= wanted.seconds
    # A receiver that loses its fix on the way is not waited for for ever.
    return len(found) >= wanted.fixes or now_s - first_s > wanted.wait_s + wanted.fixes


def _no_fix(
    address: ReceiverAddress, reader: Reader, satellites: int | None, wait_s: float
) -> RefusedError:
    said = {"receiver": address.name, "seconds": f"{wait_s:g}"}
    if not reader.sentences:
        return RefusedError(
            _("what {receiver} says is no position, after {seconds} s", **said),
            _("try another speed, such as serial:DEVICE@4800 or @115200")
            if address.kind == "serial"
            else _("let the app send NMEA sentences: GGA, GST and RMC"),
            code="no_sentences",
        )
    if reader.refused == reader.sentences:
        return RefusedError(
            _(
                "every sentence of {receiver} has a wrong checksum, after {seconds} s",
                **said,
            ),
            _("look at the cable and the speed, and whether another program reads it"),
            code="wrong_checksums",
        )
    no_fix = _("{receiver} has no fix after {seconds} s", **said)
    if satellites is not None:
        seen = ngettext("{num} satellite", "{num} satellites", satellites)
        no_fix = _("{no_fix}, with {satellites}", no_fix=no_fix, satellites=seen)
    return RefusedError(
        no_fix,
        _("go where more of the sky is seen and wait; --wait-s waits longer"),
        code="no_fix",
    )


def _of_photo(path: Path, clock: Clock) -> HerePosition:
    """Return where a photo says that it was taken."""
    found = taken(path.read_bytes())
    if "lon" not in found.fields:
        raise RefusedError(
            _("{photo} does not say where it was taken", photo=path.name),
            _("let the camera store the place, or take another source"),
            code="no_fix",
        )
    lon, lat = found.fields["lon"], found.fields["lat"]
    fix = Fix(lon=lon, lat=lat, source="photo", receiver=path.name)
    said: list[str] = [*doubts(fix, clock.monotonic_s(), clock.now()), *found.warnings]
    said.append(_("a photo does not say how far it may be off"))
    return HerePosition(fix, clock.monotonic_s(), said)
