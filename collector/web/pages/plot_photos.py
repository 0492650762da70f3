"""The attached files of a plot and of what lies on it, as its page shows them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from collector.files import listing
from collector.laptop.laptop import Laptop
from collector.rules.overlay import RecordView
from collector.web.photos import SHOWN

#: Photos of one page; the others are listed by `permille attachments`.
_MOST = 48


class PhotoShown(NamedTuple):
    """One attached file: what it is, whose, when and where it was taken, and is it here."""

    sha256: str
    name: str
    of: str
    taken_at: str
    lon: float | None
    lat: float | None
    size: int
    is_here: bool
    is_picture: bool
    is_sent: bool


class Photos(NamedTuple):
    """The files of a page, and how many more there are."""

    shown: Sequence[PhotoShown]
    more: int


def photos_of(laptop: Laptop, views: Iterable[RecordView]) -> Photos:
    """Return the files that some records name, the last taken first."""
    found = [_shown(one) for one in listing.listed_of(laptop, views)]
    found.sort(key=lambda one: (one.taken_at, one.name), reverse=True)
    return Photos(found[:_MOST], max(0, len(found) - _MOST))


def _shown(one: listing.Listed) -> PhotoShown:
    file = one.file
    return PhotoShown(
        sha256=file["sha256"],
        name=file["name"],
        of=f"{one.view.type} {one.label}",
        taken_at=file.get("taken_at") or "",
        lon=file.get("lon"),
        lat=file.get("lat"),
        size=file["size"],
        is_here=one.here,
        is_picture=file["mime"] in SHOWN,
        is_sent=one.state is listing.FileState.ON_SERVER,
    )
