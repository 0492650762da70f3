"""Attached files as the browser asks for them: by their SHA-256, whole or small."""

import asyncio
from collections import OrderedDict
from typing import Final, NamedTuple
from urllib.parse import quote

from aiohttp import web

from collector.errors import StoreError
from collector.files import listing
from collector.files.small import small_picture
from collector.laptop.laptop import Laptop
from collector.web.work import LAPTOP

#: What a browser draws; the others it saves.
SHOWN: Final = frozenset({"image/jpeg", "image/png", "image/webp"})
#: Small pictures of two pages of plots: 5 MB.
_KEPT: Final = 100


class _Found(NamedTuple):
    """A file that a record names: what it is, and its content."""

    name: str
    mime: str
    data: bytes


class SmallPictures:
    """Small pictures that were made before: to unpack a photo takes a tenth of a second."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def get(self, sha256: str) -> bytes | None:
        """Return the small picture of a file, if it was made before."""
        return self._kept.get(sha256)

    def keep(self, sha256: str, picture: bytes) -> None:
        """Keep a small picture; the oldest goes."""
        self._kept[sha256] = picture
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)


async def photo(request: web.Request) -> web.StreamResponse:
    """Answer with an attached file that is on this laptop; `?small` with a small picture."""
    sha256 = request.match_info["sha256"]
    if "small" in request.query:
        kept = request.app[SMALL].get(sha256)
        if kept is not None:
            return web.Response(body=kept, content_type="image/jpeg")
    try:
        found = await request.app[LAPTOP].run(lambda laptop: _read(laptop, sha256))
    except StoreError as error:
        return web.Response(status=404, text=f"{error.text}; {error.hint}")
    if found is None:
        return web.Response(status=404, text="This file is not on this laptop.")
    if "small" in request.query:
        return await _small(request.app[SMALL], sha256, found.data)
    return _whole(found)


async def _small(kept: SmallPictures, sha256: str, data: bytes) -> web.Response:
    picture = await asyncio.to_thread(small_picture, data)
    if picture is None:
        return web.Response(status=404, text="This file is no picture to show.")
    kept.keep(sha256, picture)
    return web.Response(body=picture, content_type="image/jpeg")


def _whole(found: _Found) -> web.Response:
    """Return a file as it is: drawn by the browser where it is a picture, else saved."""
    is_shown = found.mime in SHOWN
    how = "inline" if is_shown else "attachment"
    named = f"{how}; filename*=UTF-8''{quote(found.name, safe='')}"
    return web.Response(
        body=found.data,
        content_type=found.mime if is_shown else "application/octet-stream",
        headers={"Content-Disposition": named},
    )


def _read(laptop: Laptop, sha256: str) -> _Found | None:
    for view in laptop.store.attached():
        for file in listing.files_of(view):
            if file["sha256"] == sha256 and laptop.vault.size(sha256) == file["size"]:
                data = laptop.vault.read(sha256, 0, file["size"])
                return _Found(file["name"], file["mime"], data)
    return None


SMALL: Final[web.AppKey[SmallPictures]] = web.AppKey("small", SmallPictures)
