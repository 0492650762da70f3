"""Attached files as the browser asks for them: by their SHA-256, whole or small."""

import asyncio
from typing import NamedTuple
from urllib.parse import quote

from aiohttp import web

from collector.errors import StoreError
from collector.files import listing
from collector.files.small import small_picture
from collector.laptop.laptop import Laptop
from collector.web.work import LAPTOP

#: What a browser draws; the others it saves.
SHOWN = frozenset({"image/jpeg", "image/png", "image/webp"})


class _Found(NamedTuple):
    """A file that a record names: what it is, and its content."""

    name: str
    mime: str
    data: bytes


async def photo(request: web.Request) -> web.StreamResponse:
    """Answer with an attached file that is on this laptop; `?small` with a small picture."""
    sha256 = request.match_info["sha256"]
    try:
        found = await request.app[LAPTOP].run(lambda laptop: _read(laptop, sha256))
    except StoreError as error:
        return web.Response(status=404, text=f"{error.text}; {error.hint}")
    if found is None:
        return web.Response(status=404, text="This file is not on this laptop.")
    if "small" in request.query:
        small = await asyncio.to_thread(small_picture, found.data)
        if small is None:
            return web.Response(status=404, text="This file is no picture to show.")
        return web.Response(body=small, content_type="image/jpeg")
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
