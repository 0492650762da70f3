"""When and where a photo was taken, as its EXIF says: data, never trusted further."""

import io
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.attachments import fault_of

_EXIF_IFD: Final = 0x8769
_GPS_IFD: Final = 0x8825
_TIME_ORIGINAL: Final = 0x9003
_OFFSET_ORIGINAL: Final = 0x9011
_LAT_REF, _LAT, _LON_REF, _LON, _GPS_TIME, _GPS_DATE = 1, 2, 3, 4, 7, 29
#: No other reader of Pillow ever meets a stranger's bytes.
_FORMATS: Final = ("JPEG", "PNG", "WEBP")
#: 1 cm on the ground.
_DECIMALS: Final = 7


@dataclass(slots=True)
class Taken:
    """What a photo says of itself, and what could not be read."""

    fields: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def taken(data: bytes) -> Taken:
    """Read time and position; a file without them gives nothing.

    A time without its offset from UTC is not guessed: it is left out, with a warning.
    """
    found = Taken()
    try:
        exif, gps = _read(data)
    except Exception as error:  # noqa: BLE001 - a library meets a stranger's bytes: any fault means unread
        found.warnings.append(f"its EXIF cannot be read: {type(error).__name__}")
        return found
    for read, tags in ((_time, exif | gps), (_place, gps)):
        try:
            read(tags, found)
        except (TypeError, ValueError, ArithmeticError, IndexError) as error:
            found.warnings.append(f"its EXIF is broken: {error}"[:120])
    for name, value in list(found.fields.items()):
        if fault := fault_of(name, value):
            found.fields.pop(name)
            found.warnings.append(f"its {name} {value} is left out: {fault.text}")
    if len(found.fields.keys() & {"lon", "lat"}) == 1:
        found.fields.pop("lon", None)
        found.fields.pop("lat", None)
    return found


def _read(data: bytes) -> tuple[dict[int, Any], dict[int, Any]]:
    # Costs 50 ms; wanted only when a file is attached.
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415

    with warnings.catch_warnings():
        # Only the headers are read, so the size of the picture is no danger.
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                # Not getexif(), which may unpack the whole picture.
                exif = Image.Exif()
                exif.load(image.info.get("exif", b""))
                return dict(exif.get_ifd(_EXIF_IFD)), dict(exif.get_ifd(_GPS_IFD))
        except UnidentifiedImageError:
            return {}, {}  # no picture that Pillow knows, such as PDF and HEIC


def _time(tags: Mapping[int, Any], found: Taken) -> None:
    if local := _text(tags.get(_TIME_ORIGINAL)):
        day, _, time = local.partition(" ")
        if offset := _text(tags.get(_OFFSET_ORIGINAL)):
            found.fields["taken_at"] = f"{day.replace(':', '-')}T{time}{offset}"
            return
    if _GPS_DATE in tags and _GPS_TIME in tags:
        day = _text(tags[_GPS_DATE]).replace(":", "-")
        hours, minutes, seconds = (int(float(part)) for part in tags[_GPS_TIME])
        found.fields["taken_at"] = f"{day}T{hours:02}:{minutes:02}:{seconds:02}+00:00"
    elif local:
        found.warnings.append(f"its time {local} has no offset from UTC: left out")


def _place(gps: Mapping[int, Any], found: Taken) -> None:
    if _LAT in gps and _LON in gps:
        lat = _degrees(gps[_LAT], _text(gps.get(_LAT_REF)) == "S")
        lon = _degrees(gps[_LON], _text(gps.get(_LON_REF)) == "W")
        found.fields |= {"lon": lon, "lat": lat}


def _degrees(parts: Any, is_negative: bool) -> float:  # noqa: ANN401, FBT001 - a stranger's tuple
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(value):
        raise ValueError("its position is no number")
    return round(-value if is_negative else value, _DECIMALS) + 0.0


def _text(value: object) -> str:
    return value.strip("\0 ") if isinstance(value, str) else ""
